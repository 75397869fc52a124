//! The world itself: everything that will happen, in the order of virtual time, and how it answers the firewall.

use crate::attack::Campaign;
use crate::calls::{Ends, Live, Step};
use crate::chance::Chance;
use crate::company::Company;
use crate::odd::Odd;
use crate::wish::{Purpose, Wish};
use ringfence_gate::Output;
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Direction, Release, ReleasedBy, TenantId, WallTime,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Something that companies or attackers set in motion.
#[derive(Clone, Debug)]
pub enum Planned {
    /// A call.
    Call(Wish),
    /// An inbound call and the outbound one that continues it.
    Through(Wish, Wish),
    /// Something that is no call.
    Fact(WallTime, CallEvent),
}

#[derive(Clone, Debug)]
enum Thing {
    Day(usize),
    Planned(Box<Planned>),
    Progress(CallId, Step),
    Wake(usize),
}

/// All companies, attackers and calls of one run.
pub struct World {
    chance: Chance,
    /// The companies.
    pub companies: Vec<Company>,
    /// The attackers.
    pub campaigns: Vec<Campaign>,
    queue: BTreeMap<(WallTime, u64), Thing>,
    made: u64,
    calls: BTreeMap<CallId, Live>,
    last_call: u64,
    until: WallTime,
    odd: f64,
    /// How the outbound calls ended so far.
    pub ends: Ends,
}

impl World {
    /// A world from `start` (a local midnight) to `until`; new customers come at `arrival`. On a share `odd` of days
    /// something odd but honest happens at each company.
    #[must_use]
    pub fn new(
        chance: Chance,
        companies: Vec<Company>,
        campaigns: Vec<Campaign>,
        (start, arrival, until): (WallTime, WallTime, WallTime),
        odd: f64,
    ) -> Self {
        let mut world = Self {
            chance,
            companies,
            campaigns,
            queue: BTreeMap::new(),
            made: 0,
            calls: BTreeMap::new(),
            last_call: 0,
            until,
            odd,
            ends: Ends::default(),
        };
        for index in 0..world.companies.len() {
            let Some(company) = world.companies.get(index) else { continue };
            let from = if company.trade.is_new { arrival } else { start };
            let introduction = CallEvent::Tenant(company.start());
            world.plan(Planned::Fact(from, introduction));
            world.put(from, Thing::Day(index));
        }
        for index in 0..world.campaigns.len() {
            let Some(start) = world.campaigns.get(index).map(|campaign| campaign.start) else {
                continue;
            };
            world.put(start, Thing::Wake(index));
        }
        world
    }

    /// When the next thing happens; `None` when all is quiet for ever.
    #[must_use]
    pub fn due(&self) -> Option<WallTime> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// Lets the next thing happen; gives the fact that the firewall sees, if it sees one.
    pub fn step(&mut self) -> Option<CallEvent> {
        let ((at, _), thing) = self.queue.pop_first()?;
        match thing {
            Thing::Day(index) => self.day(index, at),
            Thing::Wake(index) => self.wake(index, at),
            Thing::Progress(call, step) => return self.progress(at, call, step),
            Thing::Planned(planned) => return Some(self.set_off(at, *planned)),
        }
        None
    }

    fn set_off(&mut self, at: WallTime, planned: Planned) -> CallEvent {
        match planned {
            Planned::Call(wish) => self.attempt(at, wish),
            Planned::Fact(_, fact) => fact,
            Planned::Through(inbound, mut outbound) => {
                outbound.at = at + Duration::from_secs(8);
                let event = self.attempt(at, inbound);
                outbound.parent = Some(CallId(self.last_call));
                self.plan(Planned::Call(outbound));
                event
            }
        }
    }

    /// Takes in what the firewall said at `at`.
    pub fn hear(&mut self, at: WallTime, output: &Output) {
        match output {
            Output::Verdict(verdict) if verdict.acted && verdict.action == Action::Reject => {
                self.ends.rejected += 1;
                if let Some(Live { purpose: Purpose::Attack(index), .. }) =
                    self.calls.remove(&verdict.call)
                    && let Some(campaign) = self.campaigns.get_mut(index)
                {
                    campaign.refused(at);
                }
            }
            Output::Verdict(verdict) => self.proceed(at, verdict.call),
            Output::Cut { call, .. } => {
                let secs = self.chance.within((1, 3));
                self.end_at(at + Duration::from_secs(u64::from(secs)), *call, ReleasedBy::Policy);
            }
            _ => {}
        }
    }

    /// Why `call` is made, while it is up.
    #[must_use]
    pub fn purpose(&self, call: CallId) -> Option<Purpose> {
        self.calls.get(&call).map(|live| live.purpose)
    }

    /// Calls that are up.
    #[must_use]
    pub fn up(&self) -> usize {
        self.calls.len()
    }

    /// Whether the tenant was attacked since `since`.
    #[must_use]
    pub fn is_attacked(&self, tenant: &TenantId, since: WallTime) -> bool {
        self.campaigns.iter().any(|campaign| {
            campaign.last_call.is_some_and(|at| at >= since)
                && self.companies.get(campaign.company).is_some_and(|own| &own.tenant == tenant)
        })
    }

    /// The desk found the hole and closed it: the attackers of this tenant are out.
    pub fn close_holes(&mut self, tenant: &TenantId, at: WallTime) {
        for campaign in &mut self.campaigns {
            if self.companies.get(campaign.company).is_some_and(|own| &own.tenant == tenant) {
                campaign.end = campaign.end.min(at);
            }
        }
    }

    fn put(&mut self, at: WallTime, thing: Thing) {
        self.made += 1;
        self.queue.insert((at, self.made), thing);
    }

    fn plan(&mut self, planned: Planned) {
        let at = match &planned {
            Planned::Call(wish) | Planned::Through(wish, _) => wish.at,
            Planned::Fact(at, _) => *at,
        };
        if at <= self.until {
            self.put(at, Thing::Planned(Box::new(planned)));
        }
    }

    fn day(&mut self, index: usize, midnight: WallTime) {
        let Some(company) = self.companies.get_mut(index) else { return };
        let mut planned: Vec<Planned> =
            company.day(index, midnight, &mut self.chance).into_iter().map(Planned::Call).collect();
        if self.chance.happens(self.odd)
            && let Some(&odd) = self.chance.pick(&Odd::ALL)
        {
            let at =
                midnight + Duration::from_secs(u64::from(self.chance.within((32_000, 50_000))));
            planned.extend(odd.happen(company, index, at, &mut self.chance));
        }
        let next = company.next_midnight(midnight);
        planned.into_iter().for_each(|planned| self.plan(planned));
        if next < self.until {
            self.put(next, Thing::Day(index));
        }
    }

    fn wake(&mut self, index: usize, at: WallTime) {
        let Some(campaign) = self.campaigns.get_mut(index) else { return };
        let Some(company) = self.companies.get_mut(campaign.company) else { return };
        let (planned, again) = campaign.wake(index, at, company, &mut self.chance);
        planned.into_iter().for_each(|planned| self.plan(planned));
        if let Some(again) = again.filter(|again| *again < self.until) {
            self.put(again, Thing::Wake(index));
        }
    }

    fn attempt(&mut self, at: WallTime, wish: Wish) -> CallEvent {
        self.last_call += 1;
        let call = CallId(self.last_call);
        self.calls.insert(call, Live::of(&wish));
        match wish.direction {
            Direction::Inbound => self.proceed(at, call),
            Direction::Outbound | Direction::Internal => self.ends.attempts += 1,
        }
        let company = self.companies.get(wish.company);
        CallEvent::Attempt(Attempt {
            call,
            tenant: company.map_or_else(|| "nobody".into(), |company| company.tenant.clone()),
            trunk: company.map(Company::trunk),
            extension: wish.extension,
            direction: wish.direction,
            a_number: wish.a_number,
            dialled: wish.dialled,
            forwarded_by: wish.forwarded_by,
            via: wish.via,
            source: wish.source,
            parent: wish.parent,
        })
    }

    /// The call was let through: it will ring, and perhaps be answered.
    fn proceed(&mut self, at: WallTime, call: CallId) {
        let Some(live) = self.calls.get(&call).copied() else { return };
        let picked_up = at + Duration::from_millis(u64::from(live.ring_secs) * 1_000 + 300);
        self.put(at + Duration::from_millis(250), Thing::Progress(call, Step::Ring));
        match live.talk_secs {
            Some(secs) => {
                self.put(picked_up, Thing::Progress(call, Step::Answer));
                let over = picked_up + Duration::from_millis(u64::from(secs) * 1_000 + 137);
                self.end_at(over, call, ReleasedBy::Parties);
            }
            None => self.end_at(picked_up, call, ReleasedBy::Parties),
        }
    }

    fn end_at(&mut self, at: WallTime, call: CallId, by: ReleasedBy) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        if live.end.is_none_or(|(planned, _)| at < planned) {
            live.end = Some((at, by));
            self.put(at, Thing::Progress(call, Step::End));
        }
    }

    fn progress(&mut self, at: WallTime, call: CallId, step: Step) -> Option<CallEvent> {
        let live = self.calls.get_mut(&call)?;
        match step {
            Step::Ring => Some(CallEvent::Ringing { call }),
            Step::Answer => {
                live.answered = Some(at);
                Some(CallEvent::Answered { call })
            }
            Step::End => {
                // An end that was planned before the call was cut comes too late.
                let (_, by) = live.end.filter(|(planned, _)| *planned == at)?;
                let live = *live;
                self.calls.remove(&call);
                Some(self.release(at, call, live, by))
            }
        }
    }

    fn release(&mut self, at: WallTime, call: CallId, live: Live, by: ReleasedBy) -> CallEvent {
        if let Purpose::Attack(index) = live.purpose
            && let Some(campaign) = self.campaigns.get_mut(index)
        {
            campaign.ended(at);
        }
        if live.is_asked {
            self.ends.count(by, live.answered.is_some());
        }
        let billable = live.answered.map_or(Duration::ZERO, |answered| at - answered);
        CallEvent::Released(Release {
            call,
            code: if live.answered.is_some() { 200 } else { 487 },
            billable_ms: u64::try_from(billable.as_millis()).unwrap_or(u64::MAX),
            by,
        })
    }
}
