//! Everything a signal may look at about one paid call: the call, the profiles, and what the recent calls add up to.

use crate::calendar::Civil;
use crate::profile::{Familiar, Habit, Origin};
use crate::recent::{Figures, PaidCall};
use crate::tenant::{Access, ExtensionState, TenantState};
use ringfence_model::{Destination, Via, WallTime};

/// One paid call in its surroundings. Built at its INVITE and again on each tick while it runs.
pub struct Context<'a> {
    /// Now.
    pub now: WallTime,
    /// Now, where the tenant works.
    pub civil: Civil,
    /// Where to.
    pub destination: &'a Destination,
    /// The call as remembered.
    pub call: PaidCall,
    /// Price per call, in currency units.
    pub per_call: f32,
    /// The source, when known.
    pub origin: Option<Origin>,
    /// The inbound call it continues, if any.
    pub is_continuation: bool,
    /// The tenant.
    pub tenant: &'a TenantState,
    /// The extension.
    pub extension: &'a ExtensionState,
    /// The recent calls around this one.
    pub figures: Figures,
}

/// A destination counts as grown-up when it was first called at least this many days ago: an attacker who is
/// patient for a week or two gains nothing by it.
pub const GROWN_DAYS: i32 = 21;

impl Context<'_> {
    /// How the tenant knows the destination.
    #[must_use]
    pub fn tenant_habit(&self) -> Option<Habit> {
        self.tenant.destinations.get(self.call.destination, self.civil.day)
    }

    /// How the extension knows the destination.
    #[must_use]
    pub fn extension_habit(&self) -> Option<Habit> {
        self.extension.destinations.get(self.call.destination, self.civil.day)
    }

    /// How the tenant knows the very number; today's calls do not count.
    #[must_use]
    pub fn number_habit(&self) -> Option<Habit> {
        let number = self.call.number?;
        let key = crate::profile::DestinationKey::of_number(number);
        self.tenant.numbers.get(key, self.civil.day).filter(|h| i32::from(h.first) < self.civil.day)
    }

    /// How old a habit is, 0 (new today) to 1 (grown up).
    #[must_use]
    pub fn maturity(&self, habit: &Habit) -> f32 {
        let age = self.civil.day - i32::from(habit.first);
        (age as f32 / GROWN_DAYS as f32).clamp(0.0, 1.0)
    }

    /// Days since the tenant was first seen.
    #[must_use]
    pub fn tenant_age_days(&self) -> f32 {
        (self.now.secs_since(self.tenant.since) / 86_400.0) as f32
    }

    /// New destinations per day that are normal for this tenant.
    #[must_use]
    pub fn openness(&self) -> f32 {
        const SPAN: i32 = 60;
        let new = self
            .tenant
            .destinations
            .iter()
            .filter(|h| {
                let age = self.civil.day - i32::from(h.first);
                // What is new today is what is being judged.
                age > 0 && age <= SPAN
            })
            .count() as f32;
        let days = self.tenant_age_days().clamp(1.0, SPAN as f32);
        (new + 0.3) / (days + 5.0)
    }

    /// How well the source is known: by the extension, else by the tenant.
    #[must_use]
    pub fn familiar(&self) -> Option<Familiar> {
        let origin = self.origin?;
        let own = self.extension.origins.familiar(origin, self.civil.day);
        let all = self.tenant.origins.familiar(origin, self.civil.day);
        match (own, all) {
            (None, None) => None,
            (Some(own), Some(Familiar::Network)) => Some(own.min(Familiar::Country)),
            (Some(own), _) => Some(own),
            (None, all) => all,
        }
    }

    /// Hours since the newest change of access that `wanted` accepts; `None` without one in the last three days.
    pub fn access_hours(&self, wanted: impl Fn(&Access) -> bool) -> Option<f32> {
        let hours = self
            .tenant
            .access
            .iter()
            .rev()
            .filter(|e| e.extension == self.call.extension && wanted(&e.what))
            .map(|e| (self.now.secs_since(e.at) / 3_600.0) as f32)
            .next()?;
        (hours <= 72.0).then_some(hours)
    }

    /// How much an odd source counts, 0 to 1: who travels calls where he is, thieves hardly ever do.
    #[must_use]
    pub fn away_from_home_share(&self) -> f32 {
        let country = self.origin.and_then(|o| o.country);
        if country == Some(self.destination.country) { 0.4 } else { 1.0 }
    }

    /// Whether a person dials through: the call continues an inbound one, or comes from a mailbox or forward.
    #[must_use]
    pub fn dials_through(&self) -> bool {
        self.is_continuation || matches!(self.call.via, Via::Disa | Via::Voicemail | Via::Forward)
    }
}
