//! The paid calls of the last days of one tenant, and what they add up to when the next one comes.

use crate::profile::DestinationKey;
use ringfence_model::{CallId, E164, Via, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Index of an extension inside its tenant.
pub type ExtensionIndex = u32;

/// One paid outbound call, as remembered for the signals over several calls.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct PaidCall {
    /// The call.
    pub call: CallId,
    /// When it was tried.
    pub at: WallTime,
    /// By which extension.
    pub extension: ExtensionIndex,
    /// Where to.
    pub destination: DestinationKey,
    /// The number.
    pub number: Option<E164>,
    /// Price per minute, in currency units.
    pub per_minute: f32,
    /// Whether the price is mainly one per call.
    pub per_call: bool,
    /// What it has cost so far, in currency units.
    pub cost: f32,
    /// Seconds answered so far.
    pub secs: f32,
    /// Whether it is over (or was refused).
    pub over: bool,
    /// How little the profile explains it, 0 to 1.
    pub unexplained: f32,
    /// Whether the destination was new for the tenant when it was tried.
    pub new_destination: bool,
    /// How the call was made.
    pub via: Via,
}

impl Figures {
    /// Adds what `this` itself puts in, once it is known how little explains it: [`Recent::figures`] is asked
    /// before that, with 0.
    pub fn now_explained(&mut self, this: &PaidCall) {
        self.at_stake += this.cost * this.unexplained;
        self.extensions_unexplained += f32::from(u8::from(this.unexplained > 0.5));
        if !this.over {
            self.active_unexplained += this.unexplained;
        }
    }
}

/// A bounded ring of [`PaidCall`]s, oldest first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Recent {
    calls: VecDeque<PaidCall>,
}

/// What the recent calls add up to around one of them. Times in the names are windows that end now.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Figures {
    /// Paid calls of the extension in 10 minutes.
    pub extension_10min: f32,
    /// Paid calls of the extension in an hour.
    pub extension_hour: f32,
    /// Paid calls of the tenant in an hour.
    pub tenant_hour: f32,
    /// Paid calls of the tenant in 24 hours.
    pub tenant_day: f32,
    /// Money of the tenant in 24 hours, in currency units.
    pub spend_day: f32,
    /// Unexplained money of the tenant that still counts, fading over days.
    pub at_stake: f32,
    /// Running and ringing paid calls of the extension.
    pub active_extension: f32,
    /// Running and ringing paid calls of the tenant.
    pub active_tenant: f32,
    /// Running and ringing unexplained paid calls of the tenant.
    pub active_unexplained: f32,
    /// Other numbers of the same block of 1,000 called in 24 hours.
    pub range_numbers: f32,
    /// Other numbers with the same last seven digits tried in 24 hours.
    pub same_tail: f32,
    /// Short calls (under 30 s) charged per call, in an hour.
    pub short_per_call: f32,
    /// Short or failed unexplained calls to the same destination in 72 hours.
    pub probes: f32,
    /// New destinations of the tenant in 24 hours.
    pub new_destinations_day: f32,
    /// New destinations of the tenant in an hour.
    pub new_destinations_hour: f32,
    /// Extensions with unexplained calls in 3 hours; before [`Figures::now_explained`], others than this one.
    pub extensions_unexplained: f32,
}

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
/// How long unexplained money counts: half of it after this many seconds.
const STAKE_HALF_LIFE: f64 = 7.0 * DAY;

impl Recent {
    /// Most calls remembered for one tenant.
    pub const CAP: usize = 256;
    /// Nothing older matters to any signal.
    const KEEP_SECS: f64 = 21.0 * DAY;

    /// Remembers a call, or how it stands now.
    pub fn put(&mut self, call: PaidCall) {
        match self.get_mut(call.call) {
            Some(held) => *held = call,
            None => self.push(call),
        }
    }

    fn push(&mut self, call: PaidCall) {
        while self.calls.len() >= Self::CAP
            || self.calls.front().is_some_and(|c| call.at.secs_since(c.at) > Self::KEEP_SECS)
        {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// The call `call`, newest first: running calls are near the end.
    pub fn get_mut(&mut self, call: CallId) -> Option<&mut PaidCall> {
        self.calls.iter_mut().rev().find(|c| c.call == call)
    }

    /// Everything remembered, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &PaidCall> {
        self.calls.iter()
    }

    /// Forgets how unexplained everything was: a person said it was all right.
    pub fn explain_all(&mut self) {
        self.calls.iter_mut().for_each(|c| {
            c.unexplained = 0.0;
            c.new_destination = false;
        });
    }

    /// Adds up around `this`, which counts as given here, remembered or not.
    #[must_use]
    pub fn figures(&self, now: WallTime, this: &PaidCall) -> Figures {
        let mut f = Figures::default();
        let mut extensions = SmallSet::default();
        let mut destinations = SmallSet::default();
        let mut destinations_hour = SmallSet::default();
        let mut range = SmallSet::default();
        let mut tails = SmallSet::default();
        let block = this.number.map(|n| n.prefix(n.len().saturating_sub(3).max(1)));
        let tail = this.number.map(|n| n.tail(7));
        let others = self.calls.iter().rev().filter(|c| c.call != this.call);
        for c in std::iter::once(this).chain(others) {
            let age = now.secs_since(c.at);
            let own = c.extension == this.extension;
            let unexplained = c.cost * c.unexplained;
            if unexplained > 0.0 {
                let stake = unexplained * ((-age / STAKE_HALF_LIFE) as f32).exp2();
                f.at_stake += stake;
            }
            if !c.over {
                f.active_tenant += 1.0;
                f.active_unexplained += c.unexplained;
                f.active_extension += f32::from(u8::from(own));
            }
            if age <= 3.0 * DAY
                && c.call != this.call
                && c.over
                && c.secs < 20.0
                && c.destination == this.destination
            {
                f.probes += c.unexplained;
            }
            if age > DAY {
                continue;
            }
            f.tenant_day += 1.0;
            f.spend_day += c.cost;
            if c.new_destination {
                destinations.insert(u64::from(c.destination.0));
                if age <= HOUR {
                    destinations_hour.insert(u64::from(c.destination.0));
                }
            }
            if let Some(number) = c.number.filter(|&n| Some(n) != this.number) {
                if block.is_some_and(|b| b.len() == number.len() - 3 && number.starts_with(b)) {
                    range.insert(number.packed());
                }
                if tail == Some(number.tail(7)) {
                    tails.insert(number.packed());
                }
            }
            if age <= 3.0 * HOUR && !own && c.unexplained > 0.5 {
                extensions.insert(u64::from(c.extension));
            }
            if age > HOUR {
                continue;
            }
            f.tenant_hour += 1.0;
            if own {
                f.extension_hour += 1.0;
                f.extension_10min += f32::from(u8::from(age <= 600.0));
            }
            if c.per_call && (c.secs < 30.0 || !c.over) {
                f.short_per_call += 1.0;
            }
        }
        f.extensions_unexplained = extensions.len();
        f.new_destinations_day = destinations.len();
        f.new_destinations_hour = destinations_hour.len();
        f.range_numbers = range.len();
        f.same_tail = tails.len();
        f
    }
}

/// Counts different values up to a few dozen without allocation; beyond it stays at its limit.
struct SmallSet {
    values: [u64; Self::CAP],
    len: usize,
}

impl Default for SmallSet {
    fn default() -> Self {
        Self { values: [0; Self::CAP], len: 0 }
    }
}

impl SmallSet {
    const CAP: usize = 24;

    fn insert(&mut self, value: u64) {
        let held = self.values.iter().take(self.len).any(|&v| v == value);
        if !held && let Some(slot) = self.values.get_mut(self.len) {
            *slot = value;
            self.len += 1;
        }
    }

    fn len(&self) -> f32 {
        self.len as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn call(id: u64, secs: i64, number: &str) -> PaidCall {
        PaidCall {
            call: CallId(id),
            at: WallTime::from_secs(1_800_000_000 + secs),
            extension: 0,
            destination: DestinationKey(5),
            number: Some(number.parse().unwrap()),
            per_minute: 0.5,
            per_call: false,
            cost: 1.0,
            secs: 60.0,
            over: true,
            unexplained: 1.0,
            new_destination: true,
            via: Via::Phone,
        }
    }

    #[test]
    fn adds_up_by_window() {
        let mut recent = Recent::default();
        recent.push(call(1, 0, "+23276100001"));
        recent.push(call(2, 80_000, "+23276100002"));
        recent.push(PaidCall { secs: 3.0, ..call(3, 90_000, "+23276100003") });
        let this = call(4, 90_100, "+23276100004");
        recent.push(this);
        let f = recent.figures(this.at, &this);
        assert_eq!((f.extension_10min, f.tenant_hour, f.tenant_day), (2.0, 2.0, 3.0));
        assert_eq!((f.range_numbers, f.probes, f.new_destinations_day), (2.0, 1.0, 1.0));
        assert!(f.at_stake > 3.8 && f.at_stake < 4.0);
    }

    #[test]
    fn the_ring_is_bounded_in_count_and_age() {
        let mut recent = Recent::default();
        (0..1_000).for_each(|n| recent.push(call(n, n as i64, "+23276100001")));
        assert_eq!(recent.iter().count(), Recent::CAP);
        recent.push(call(2_000, 40 * 86_400, "+23276100001"));
        assert_eq!(recent.iter().count(), 1);
    }
}
