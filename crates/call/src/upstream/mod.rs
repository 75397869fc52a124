//! Trunks as they are now: where they are, whether they live, whether we are registered there.

mod backoff;
mod health;
mod hops;
mod probe;
mod registration;
mod request;

pub use health::{Health, Standing};

use crate::directory::{Directory, Hop, Trunk};
use crate::wire::Wire;
use crate::{Due, Owner};
use hops::Hops;
use registration::{Next, Registration};
use ringfence_model::{Moment, Now, TrunkId};
use ringfence_sip::Message;
use std::collections::{BTreeSet, HashMap};

/// The trunks of one shard.
#[derive(Debug, Default)]
pub struct Trunks {
    states: HashMap<TrunkId, State>,
    /// What is to be done when.
    due: BTreeSet<(Moment, Task, TrunkId)>,
    /// Questions that wait for an answer.
    asked: HashMap<u32, Asked>,
    last: u32,
}

#[derive(Debug, Default)]
struct State {
    hops: Hops,
    registration: Option<Registration>,
    /// When each task is due: never twice.
    next_probe: Option<Moment>,
    next_register: Option<Moment>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Task {
    Probe,
    Register,
}

#[derive(Debug)]
struct Asked {
    trunk: TrunkId,
    hop: Hop,
    task: Task,
}

impl Trunks {
    /// Where a trunk is, in the order to be tried: those that answer first.
    #[must_use]
    pub fn hops(&self, trunk: &TrunkId) -> &[Hop] {
        self.states.get(trunk).map(|state| state.hops.in_order()).unwrap_or_default()
    }

    /// Whether it answered lately, or is never asked; and whether a registration it needs holds.
    #[must_use]
    pub fn is_alive(&self, trunk: &TrunkId) -> bool {
        self.states.get(trunk).is_none_or(State::is_alive)
    }

    /// How a trunk is.
    #[must_use]
    pub fn health(&self, trunk: &TrunkId) -> Option<Health> {
        let state = self.states.get(trunk)?;
        Some(Health {
            alive: state.is_alive(),
            hops: state.hops.each().collect(),
            registration: state.registration.as_ref().map(Registration::standing),
        })
    }

    /// Where a trunk is from now on, best first. Addresses that were known keep what is known of them.
    pub fn resolved(&mut self, now: Now, trunk: &TrunkId, hops: &[Hop]) {
        let Some(state) = self.states.get_mut(trunk) else { return };
        let had_none = state.hops.in_order().is_empty();
        state.hops.replace(hops);
        if had_none && !hops.is_empty() && state.registration.is_some() {
            self.plan(now.moment, Task::Register, trunk);
        }
    }

    /// Takes up other trunks. This shard registers at those of its tenants only, but asks after all: each shard must
    /// know who lives.
    pub fn adopt(&mut self, now: Now, shard: u8, wire: &mut Wire<'_>) {
        let directory = wire.directory;
        let gone: Vec<TrunkId> =
            self.states.keys().filter(|id| directory.trunk(id).is_none()).cloned().collect();
        for id in gone {
            self.unplan(Task::Probe, &id);
            self.unplan(Task::Register, &id);
            self.states.remove(&id);
        }
        self.asked.retain(|_, asked| directory.trunk(&asked.trunk).is_some());
        for trunk in &directory.parts().trunks {
            self.states.entry(trunk.id.clone()).or_default();
            self.adopt_registration(now, shard, trunk, wire);
            self.adopt_probe(now, trunk, wire);
        }
    }

    fn adopt_registration(&mut self, now: Now, shard: u8, trunk: &Trunk, wire: &mut Wire<'_>) {
        let ours = wire.directory.shard_of_trunk(trunk) == shard;
        let wanted = trunk.upstream.as_ref().filter(|_| ours);
        let Some(state) = self.states.get_mut(&trunk.id) else { return };
        let same = match (&state.registration, wanted) {
            (Some(is), Some(wanted)) => is.is_for(wanted, trunk.account.as_ref()),
            (is, wanted) => is.is_none() && wanted.is_none(),
        };
        if same {
            return;
        }
        state.registration =
            wanted.map(|wanted| Registration::new(wanted, trunk.account.clone(), wire.mint));
        // What is under way is of the registration before.
        self.asked.retain(|_, asked| asked.task != Task::Register || asked.trunk != trunk.id);
        self.unplan(Task::Register, &trunk.id);
        if wanted.is_some() {
            self.plan(now.moment, Task::Register, &trunk.id);
        }
    }

    fn adopt_probe(&mut self, now: Now, trunk: &Trunk, wire: &mut Wire<'_>) {
        let Some(state) = self.states.get_mut(&trunk.id) else { return };
        match trunk.probe {
            // Spread, so that a hundred trunks are not asked in one instant for ever after.
            Some(every) if state.next_probe.is_none_or(|at| at > now.moment + every) => {
                let first = now.moment + wire.mint.within(every);
                self.plan(first, Task::Probe, &trunk.id);
            }
            Some(_) => {}
            None => {
                state.hops.all_alive();
                self.unplan(Task::Probe, &trunk.id);
            }
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now, wire: &mut Wire<'_>) {
        while let Some((at, _, _)) = self.due.first() {
            if *at > now.moment {
                return;
            }
            let Some((_, task, id)) = self.due.pop_first() else { return };
            self.states.get_mut(&id).map(|state| state.next(task).take());
            let Some(trunk) = wire.directory.trunk(&id) else { continue };
            match task {
                Task::Probe => self.probe(now, trunk, wire),
                Task::Register => self.register(now, trunk, wire),
            }
        }
    }

    /// When [`Trunks::tick`] has something to do.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// A response to something of ours here ([`Owner::Upstream`], [`Owner::Probe`]).
    pub fn response(&mut self, now: Now, wire: &mut Wire<'_>, owner: Owner, message: &Message) {
        let (Owner::Upstream(id) | Owner::Probe(id)) = owner else { return };
        let Some(code) = message.code().filter(|code| *code >= 200) else { return };
        let Some(asked) = self.asked.remove(&id) else { return };
        let Some(trunk) = wire.directory.trunk(&asked.trunk) else { return };
        match asked.task {
            Task::Probe => self.answered(&asked, probe::is_alive(code)),
            Task::Register => {
                let Some(state) = self.states.get_mut(&asked.trunk) else { return };
                let Some(registration) = &mut state.registration else { return };
                state.hops.mark(asked.hop, probe::is_alive(code) || trunk.probe.is_none());
                let more = state.hops.after(asked.hop).is_some();
                let next = registration.heard(now.moment, message, more, wire.mint);
                self.go_on(now, trunk, asked.hop, next, wire);
            }
        }
    }

    /// A request of ours here was not answered, or could not be sent.
    pub fn unanswered(&mut self, now: Now, wire: &mut Wire<'_>, due: Due) {
        let (Due::Timeout { owner, .. } | Due::Unreachable { owner, .. }) = due else { return };
        let (Owner::Upstream(id) | Owner::Probe(id)) = owner else { return };
        let Some(asked) = self.asked.remove(&id) else { return };
        let Some(trunk) = wire.directory.trunk(&asked.trunk) else { return };
        if asked.task == Task::Probe {
            return self.answered(&asked, false);
        }
        let Some(state) = self.states.get_mut(&asked.trunk) else { return };
        let Some(registration) = &mut state.registration else { return };
        if trunk.probe.is_some() {
            state.hops.mark(asked.hop, false);
        }
        let more = state.hops.after(asked.hop).is_some();
        let next = registration.silent(now.moment, more, wire.mint);
        self.go_on(now, trunk, asked.hop, next, wire);
    }

    /// A call found nobody at this address of a trunk. Counts until the next probe; without probes nothing would
    /// ever bring the trunk back, so then it does not.
    pub fn found_dead(&mut self, directory: &Directory, trunk: &TrunkId, hop: Hop) {
        let is_probed = directory.trunk(trunk).is_some_and(|trunk| trunk.probe.is_some());
        if let Some(state) = self.states.get_mut(trunk).filter(|_| is_probed) {
            state.hops.mark(hop, false);
        }
    }

    fn plan(&mut self, at: Moment, task: Task, trunk: &TrunkId) {
        self.unplan(task, trunk);
        if let Some(next) = self.states.get_mut(trunk).map(|state| state.next(task)) {
            *next = Some(at);
            self.due.insert((at, task, trunk.clone()));
        }
    }

    fn unplan(&mut self, task: Task, trunk: &TrunkId) {
        let next = self.states.get_mut(trunk).and_then(|state| state.next(task).take());
        if let Some(at) = next {
            self.due.remove(&(at, task, trunk.clone()));
        }
    }

    fn ask(&mut self, trunk: &Trunk, hop: Hop, task: Task) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.asked.insert(self.last, Asked { trunk: trunk.id.clone(), hop, task });
        self.last
    }

    fn answered(&mut self, asked: &Asked, alive: bool) {
        if let Some(state) = self.states.get_mut(&asked.trunk) {
            state.hops.mark(asked.hop, alive);
        }
    }

    fn probe(&mut self, now: Now, trunk: &Trunk, wire: &mut Wire<'_>) {
        let Some(every) = trunk.probe else { return };
        let hops = self.hops(&trunk.id).to_vec();
        for hop in hops {
            // The last one may still be on its way when the interval is short.
            let waits = |a: &Asked| a.task == Task::Probe && a.trunk == trunk.id && a.hop == hop;
            if !self.asked.values().any(waits) {
                let id = self.ask(trunk, hop, Task::Probe);
                if request::options(now.moment, trunk, &hop, Owner::Probe(id), wire).is_none() {
                    self.asked.remove(&id);
                }
            }
        }
        self.plan(now.moment + every.max(probe::EVERY_MIN), Task::Probe, &trunk.id);
    }

    fn register(&mut self, now: Now, trunk: &Trunk, wire: &mut Wire<'_>) {
        let Some(state) = self.states.get_mut(&trunk.id) else { return };
        let Some(registration) = &mut state.registration else { return };
        registration.begin();
        match state.hops.in_order().first().copied() {
            Some(hop) => self.send_register(now, trunk, hop, wire),
            // Comes back when the address is known.
            None => registration.lost("its address is not known", now.moment),
        }
    }

    fn go_on(&mut self, now: Now, trunk: &Trunk, hop: Hop, next: Next, wire: &mut Wire<'_>) {
        match next {
            Next::Again => self.send_register(now, trunk, hop, wire),
            Next::Wait(until) => self.plan(until, Task::Register, &trunk.id),
            Next::OtherHop => {
                let state = self.states.get(&trunk.id);
                if let Some(hop) = state.and_then(|state| state.hops.after(hop)) {
                    self.send_register(now, trunk, hop, wire);
                }
            }
        }
    }

    fn send_register(&mut self, now: Now, trunk: &Trunk, hop: Hop, wire: &mut Wire<'_>) {
        let id = self.ask(trunk, hop, Task::Register);
        let Some(state) = self.states.get_mut(&trunk.id) else { return };
        let Some(registration) = &mut state.registration else { return };
        let owner = Owner::Upstream(id);
        let sent = request::register(now.moment, trunk, &hop, registration, owner, wire);
        if sent.is_none() {
            self.asked.remove(&id);
            let again = registration.unsendable(now.moment, wire.mint);
            self.plan(again, Task::Register, &trunk.id);
        }
    }
}

impl State {
    const fn next(&mut self, task: Task) -> &mut Option<Moment> {
        match task {
            Task::Probe => &mut self.next_probe,
            Task::Register => &mut self.next_register,
        }
    }

    fn is_alive(&self) -> bool {
        self.hops.any_alive() && self.registration.as_ref().is_none_or(|r| !r.has_failed())
    }
}
