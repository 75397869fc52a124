//! What a contact approved for a while: calls to one number or one country, for so much money and no more.

use crate::running::Running;
use crate::tenant::TenantState;
use ringfence_model::{Country, Destination, E164, Money, WallTime};
use ringfence_numbering::Rate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Where calls are approved to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// This number.
    Number(E164),
    /// All numbers of this country.
    Country(Country),
}

/// An approval in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Approved {
    /// Where to.
    pub to: To,
    /// Until when.
    pub until: WallTime,
    /// What may be spent under it, in all.
    pub amount: Money,
    /// What was spent under it, and what running calls may still spend: each gives back what it did not.
    pub promised: Money,
    /// By whom.
    pub by: Arc<str>,
}

/// What a call under an approval may spend, and for how long that lasts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Promise {
    /// Under which approval.
    pub to: To,
    /// So much.
    pub amount: Money,
    /// So long.
    pub lasts: Duration,
}

/// Most approvals in force at one tenant; beyond it the oldest goes.
const APPROVED_MAX: usize = 64;
/// A call shorter than this is none.
const SHORTEST: Duration = Duration::from_secs(30);

impl To {
    fn covers(self, destination: &Destination) -> bool {
        match self {
            Self::Number(number) => destination.number == Some(number),
            Self::Country(country) => destination.country == country,
        }
    }
}

impl TenantState {
    /// Puts an approval in force; one to the same place is replaced, and what was spent under it stays spent.
    pub fn approve(&mut self, approved: Approved) {
        let before = self.approved.iter().position(|of| of.to == approved.to);
        let promised = match before.map(|at| self.approved.remove(at)) {
            // What running calls were promised under the old one is still out.
            Some(old) => old.promised,
            None => approved.promised,
        };
        if self.approved.len() >= APPROVED_MAX {
            self.approved.remove(0);
        }
        let amount = approved.amount + promised;
        self.approved.push(Approved { promised, amount, ..approved });
    }

    /// What a call there may spend under an approval that is in force; `None`: nothing.
    pub fn promise(
        &mut self,
        wall: WallTime,
        destination: &Destination,
        rate: &Rate,
    ) -> Option<Promise> {
        self.approved.retain(|of| of.until > wall);
        let left = |of: &&Approved| of.to.covers(destination) && of.promised < of.amount;
        let of = self.approved.iter().filter(left).max_by_key(|of| of.amount - of.promised)?;
        let amount = of.amount - of.promised;
        let rest = Duration::from_micros(u64::try_from((of.until.0 - wall.0).max(0)).unwrap_or(0));
        let lasts = lasts(rate, amount).min(rest);
        (lasts >= SHORTEST).then(|| Promise { to: of.to, amount: rate.cost(lasts), lasts })
    }

    /// A call goes on under an approval.
    pub fn keep_promise(&mut self, promise: Promise) {
        if let Some(of) = self.approved.iter_mut().find(|of| of.to == promise.to) {
            of.promised += promise.amount;
        }
    }

    /// A call under an approval is over and cost `cost`.
    pub fn take_back(&mut self, running: &Running, cost: Money) {
        let Some((to, promised)) = running.promised else { return };
        if let Some(of) = self.approved.iter_mut().find(|of| of.to == to) {
            of.promised = of.promised - promised + cost;
        }
    }
}

/// The longest a call can last for `amount`.
fn lasts(rate: &Rate, amount: Money) -> Duration {
    /// Nobody approves a call for longer.
    const LONGEST: u64 = 12 * 3_600;
    let (mut fits, mut over) = (0, LONGEST + 1);
    while over - fits > 1 {
        let middle = u64::midpoint(fits, over);
        if rate.cost(Duration::from_secs(middle)) <= amount { fits = middle } else { over = middle }
    }
    Duration::from_secs(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::tests::sierra_leone as there;

    fn rate() -> Rate {
        Rate {
            connect: Money::cents(50),
            per_minute: Money::units(1),
            minimum_secs: 0,
            first_secs: 60,
            step_secs: 60,
            cap: None,
            name: None,
            class: None,
        }
    }

    fn approved(to: To, amount: i64) -> Approved {
        let until = WallTime::from_secs(100_000);
        Approved {
            to,
            until,
            amount: Money::units(amount),
            promised: Money::ZERO,
            by: "anna".into(),
        }
    }

    #[test]
    fn calls_at_once_never_spend_more_than_was_approved() {
        let mut state = TenantState::default();
        let now = WallTime::from_secs(1_000);
        assert_eq!(state.promise(now, &there(), &rate()), None);
        state.approve(approved(To::Country("SL".parse().unwrap()), 5));
        let first = state.promise(now, &there(), &rate()).unwrap();
        // 50 cents and four begun minutes.
        assert_eq!((first.lasts, first.amount), (Duration::from_secs(240), Money::cents(450)));
        state.keep_promise(first);
        assert_eq!(state.promise(now, &there(), &rate()), None, "50 cents buy no minute");
        assert_eq!(state.approved[0].promised, Money::cents(450));
    }

    #[test]
    fn it_ends_by_itself_and_holds_only_there() {
        let mut state = TenantState::default();
        state.approve(approved(To::Number("+23276123456".parse().unwrap()), 50));
        let other = Destination { number: Some("+23276123457".parse().unwrap()), ..there() };
        assert_eq!(state.promise(WallTime::from_secs(1), &other, &rate()), None);
        let near = state.promise(WallTime::from_secs(99_900), &there(), &rate()).unwrap();
        assert_eq!(near.lasts, Duration::from_secs(100));
        assert_eq!(state.promise(WallTime::from_secs(100_000), &there(), &rate()), None);
        assert!(state.approved.is_empty());
    }

    #[test]
    fn a_call_that_costs_nothing_lasts_as_long_as_any() {
        let free = Rate { connect: Money::ZERO, per_minute: Money::ZERO, ..rate() };
        assert_eq!(lasts(&free, Money::ZERO), Duration::from_secs(12 * 3_600));
        assert_eq!(lasts(&rate(), Money::cents(49)), Duration::ZERO);
    }
}
