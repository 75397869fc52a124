//! One running or ringing paid call: what it costs, what is reserved for it.

use crate::approved::To;
use crate::profile::{DestinationKey, Origin};
use crate::recent::ExtensionIndex;
use ringfence_model::{Destination, Moment, Money, Now, TenantId, TrunkId, Via, WallTime};
use ringfence_numbering::Rate;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// How far ahead of now a call's cost is reserved. Longer than the time between two ticks (10 s) plus the time a cut
/// takes, so that a limit is never passed between two looks.
pub const LEASE: Duration = Duration::from_secs(20);

/// A paid call that was let through and is not over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Whose.
    pub tenant: TenantId,
    /// Which extension.
    pub extension: ExtensionIndex,
    /// On which trunk.
    pub trunk: Option<TrunkId>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// From where, in words.
    pub origin: Option<Origin>,
    /// How.
    pub via: Via,
    /// Whether it continues an inbound call.
    pub is_continuation: bool,
    /// Where to.
    pub destination: Destination,
    /// The grain of its habits.
    pub key: DestinationKey,
    /// Its price.
    pub rate: Rate,
    /// When it was tried.
    pub started: WallTime,
    /// When charging began.
    pub answered: Option<Moment>,
    /// What of its cost is settled.
    pub settled: Money,
    /// What is reserved beyond that.
    pub reserved: Money,
    /// Whether the profile may learn from it.
    pub teaches: bool,
    /// Whether it is on the permit list: never weighed.
    pub permitted: bool,
    /// What it may spend under an approval, and under which.
    #[serde(default)]
    pub promised: Option<(To, Money)>,
    /// When a cut was ordered.
    pub cut: Option<Moment>,
    /// Until when it need not be weighed again: it was far from a stop.
    pub at_ease_until: Moment,
}

/// A call that was cut is over this long after, also when nobody says so: then it cannot count for ever.
const CUT_GRACE: Duration = Duration::from_secs(60);
/// A call that nobody answered is over this long after its attempt (RFC 3261 §16.6 item 11 gives a proxy 3 minutes).
const RINGING_MAX: Duration = Duration::from_secs(600);

impl Running {
    /// Charged time so far.
    #[must_use]
    pub fn charged(&self, moment: Moment) -> Duration {
        let end = self.cut.map_or(moment, |cut| moment.min(cut));
        self.answered.map_or(Duration::ZERO, |answered| end - answered)
    }

    /// Whether the call must be over although its end was never reported; `cap` is the longest a call may last.
    #[must_use]
    pub fn is_lost(&self, now: Now, cap: Duration) -> bool {
        let cut = self.cut.is_some_and(|cut| now.moment - cut > CUT_GRACE);
        let endless = self.charged(now.moment) > cap * 2;
        cut || endless || (self.answered.is_none() && now.wall - self.started > RINGING_MAX)
    }

    /// Cost so far; nothing while it rings.
    #[must_use]
    pub fn cost(&self, moment: Moment) -> Money {
        if self.answered.is_some() { self.rate.cost(self.charged(moment)) } else { Money::ZERO }
    }

    /// What it will have cost at the end of its lease; while it rings, as if it were answered now.
    #[must_use]
    pub fn cost_ahead(&self, moment: Moment) -> Money {
        self.rate.cost(self.charged(moment) + LEASE)
    }
}
