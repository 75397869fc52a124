//! An attack: somebody knows a password, or is inside a telephone system, and calls expensive numbers on several lines until
//! nothing passes any more. Whether and when that is, is up to the firewall.

use super::account::Account;
use super::house::{House, phone};
use super::wire::Wire;
use crate::customers::{Access, CUSTOMERS, Customer};
use crate::past::is_blocked;
use ringfence_model::{Moment, WallTime};
use ringfence_sim::chance::Chance;
use ringfence_sim::places::{PAYING, Place, dial};
use ringfence_sim::sip::{End, Fact, Plan, Purpose, Treatment, Why};
use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Dear ones of the ranges of [`PAYING`], by their place there, and where they are.
const RANGES: [(usize, &str); 8] = [
    (0, "Sierra Leone"),
    (1, "Somalia"),
    (2, "Cuba"),
    (3, "Latvia"),
    (5, "Guinea"),
    (6, "the Maldives"),
    (7, "Papua New Guinea"),
    (9, "Congo"),
];
/// Calls at once.
const LINES: usize = 4;
/// Calls in all.
const TRIES: u32 = 30;
/// So long they try.
const PATIENCE: Duration = Duration::from_secs(45);
/// Records are in the store within this time after a call is over.
const SETTLES: Duration = Duration::from_secs(2);

/// Somebody who calls until nothing passes.
pub struct Attack {
    /// Whom.
    pub customer: usize,
    /// What came of it, by the records of the firewall.
    pub account: Account,
    chance: Chance,
    caller: usize,
    identity: &'static str,
    place: (Place, &'static str),
    calls: BTreeSet<usize>,
    tried: u32,
    answered: u32,
    next: Moment,
    until: Moment,
    stopped: Option<Moment>,
    told: bool,
}

impl Attack {
    /// Against some customer that is protected and was not attacked yet.
    ///
    /// # Errors
    /// When the attacker gets no address.
    pub fn begin(
        (wire, house): (&mut Wire, &House),
        (mut chance, attacked): (Chance, &BTreeSet<usize>),
        (at, wall): (Moment, WallTime),
    ) -> io::Result<Option<Self>> {
        let fair = |index: &usize| {
            let customer = CUSTOMERS.get(*index);
            customer.is_some_and(|of| !of.is_watched && !is_blocked(of.id))
        };
        let all: Vec<usize> = (0..CUSTOMERS.len()).filter(fair).collect();
        let fresh: Vec<usize> = all.iter().copied().filter(|of| !attacked.contains(of)).collect();
        let Some(&index) = chance.pick(if fresh.is_empty() { &all } else { &fresh }) else {
            return Ok(None);
        };
        let Some(customer) = CUSTOMERS.get(index) else { return Ok(None) };
        let extension = chance.below(customer.extensions.len() as u64) as usize;
        let Some(&identity) = customer.extensions.get(extension) else { return Ok(None) };
        let caller = match customer.access {
            Access::Pbx => house.caller(index, extension),
            Access::Phones => {
                let host = u8::try_from(chance.within((2, 250))).unwrap_or(2);
                let at = Ipv4Addr::new(127, 66, 6, host);
                let password = house.passwords.of(index, identity);
                let role = phone(customer, identity, password);
                Some(wire.add((role, "friendly-caller/1.0"), at, chance.fork(1))?)
            }
        };
        let Some(caller) = caller else { return Ok(None) };
        let range = chance.pick(&RANGES).copied();
        let place = range.and_then(|(range, name)| Some((PAYING.get(range).copied()?, name)));
        let Some(place) = place else { return Ok(None) };
        Ok(Some(Self {
            customer: index,
            account: Account::new((customer.id, identity), place.0.prefix, wall),
            chance,
            caller,
            identity,
            place,
            calls: BTreeSet::new(),
            tried: 0,
            answered: 0,
            next: at,
            until: at + PATIENCE,
            stopped: None,
            told: false,
        }))
    }

    fn victim(&self) -> &'static Customer {
        CUSTOMERS.get(self.customer).unwrap_or(&CUSTOMERS[0])
    }

    /// What happens, in words.
    #[must_use]
    pub fn headline(&self) -> String {
        let (Customer { name, access, .. }, identity) = (self.victim(), self.identity);
        let how = match access {
            Access::Pbx => {
                format!("somebody is inside the telephone system of {name} and calls as {identity}")
            }
            Access::Phones => {
                format!("somebody has the password of extension {identity} at {name} and calls")
            }
        };
        format!("{how}: {}, on {LINES} lines at once", self.place.1)
    }

    /// When something is to be done next.
    #[must_use]
    pub fn due(&self) -> Moment {
        self.next
    }

    /// Tries the next call when it is time for it.
    pub fn step(&mut self, wire: &mut Wire, now: Moment) {
        if now < self.next || self.gave_up(now) {
            return;
        }
        let pause = if self.stopped.is_some() { (1_200, 2_500) } else { (300, 1_500) };
        self.next = now + Duration::from_millis(u64::from(self.chance.within(pause)));
        if self.calls.len() >= LINES {
            return;
        }
        self.tried += 1;
        let number = self.place.0.number(&mut self.chance);
        let plan = Plan {
            at: now,
            caller: self.caller,
            tenant: self.victim().id.into(),
            identity: self.identity.to_owned(),
            dialled: dial(&number, "", &mut self.chance),
            purpose: Purpose::Fraud,
            treatment: Treatment::Answer { ring: Duration::from_secs(1), forks: 1 },
            patience: Duration::from_secs(60),
            talk: Duration::from_secs(u64::from(self.chance.within((60, 180)))),
            hangs_up: End::Caller,
            hold: None,
            transfer: None,
            late_offer: false,
            hops: 70,
        };
        self.calls.extend(wire.call(plan));
    }

    /// What the caller saw of a call.
    pub fn hear(&mut self, fact: &Fact, now: Moment) {
        let (plan, stopped) = match fact {
            Fact::Final { plan, code: 200 } => {
                self.answered += u32::from(self.calls.contains(plan));
                return;
            }
            Fact::Final { plan, .. } => (plan, true),
            // Where they did not hang up, it was the firewall.
            Fact::Over { plan, end: End::Caller, why } => (plan, *why == Why::Bye),
            Fact::GaveUp { plan } => (plan, false),
            _ => return,
        };
        if self.calls.remove(plan) {
            self.next = self.next.max(now);
            if stopped {
                self.stopped.get_or_insert(now);
            }
        }
    }

    /// Whether a call is one of theirs.
    #[must_use]
    pub fn has(&self, call: usize) -> bool {
        self.calls.contains(&call)
    }

    /// Whether they try no more.
    #[must_use]
    pub fn gave_up(&self, now: Moment) -> bool {
        now >= self.until || self.tried >= TRIES
    }

    /// Whether the account is closed: their last call is over, too.
    #[must_use]
    pub fn is_over(&self, now: Moment) -> bool {
        self.gave_up(now) && self.calls.is_empty() && now >= self.next + SETTLES
    }

    /// Whether it is time to say that it was stopped; said once.
    pub fn is_news(&mut self, now: Moment) -> bool {
        let news = !self.told && self.stopped.is_some_and(|at| now >= at + SETTLES);
        self.told |= news;
        news
    }

    /// Goes, with what they had of their own.
    pub fn leave(self, wire: &mut Wire) {
        if self.victim().access == Access::Phones {
            wire.remove(self.caller);
        }
    }

    /// How long it went on before it was stopped.
    #[must_use]
    pub fn lasted(&self) -> Option<Duration> {
        Some(self.stopped? - (self.until - PATIENCE))
    }

    /// What they achieved, in words.
    #[must_use]
    pub fn outcome(&self) -> String {
        let Account { lost, prevented, refused, .. } = &self.account;
        let Customer { name, .. } = self.victim();
        match self.lasted() {
            Some(lasted) => format!(
                "{name}: stopped after {} s and {} answered calls: €{lost} lost; {refused} calls refused since, €{prevented} prevented",
                lasted.as_secs().max(1),
                self.answered
            ),
            None => format!("{name}: not stopped in {} s: €{lost} lost", PATIENCE.as_secs()),
        }
    }
}
