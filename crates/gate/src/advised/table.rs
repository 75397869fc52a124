//! The table of calls whose signalling runs elsewhere.

use super::{Answer, Full, Name, Terms, Whose};
use bytes::Bytes;
use ringfence_call::{CallView, Phase};
use ringfence_model::{Attempt, CallId, Moment, TenantId, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

type Map<K, V> = HashMap<K, V, foldhash::quality::FixedState>;

/// Calls followed at once, of all tenants of a shard and of one.
const CALLS_MAX: usize = 200_000;
const CALLS_OF_ONE_MAX: usize = 50_000;
/// Names remembered of calls that are over.
const GONE_MAX: usize = 100_000;
/// How long: a repeated question gets the same refusal, a late word about an ended call opens no new one. A client
/// gives up an INVITE after 32 s (RFC 3261 §17.1.1.2, Timer B).
pub(super) const REMEMBERED: Duration = Duration::from_secs(64);
/// A call that is not answered by then is over though nobody said so: as long as the engine waits for one.
pub(super) const RINGING_MAX: Duration = Duration::from_secs(600);
/// A PBX that was told to end a call is told again after this long.
pub(super) const ORDER_AGAIN: Duration = Duration::from_secs(10);
/// So often; then the call is written off.
pub(super) const ORDERS_MAX: u8 = 30;
/// A call may outlast its cap by this much before its end is taken for lost: clocks differ, ends travel.
const CAP_GRACE: Duration = Duration::from_secs(60);

/// How far one of these calls is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum State {
    /// Refused; remembered.
    Refused,
    /// Let through, not answered.
    Waits,
    /// Answered.
    Up,
    /// Its PBX is to end it: told so often, and why.
    Ending { orders: u8, why: Arc<str> },
}

/// One of these calls.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub attempt: Attempt,
    pub known_as: Arc<str>,
    pub handle: Option<Arc<str>>,
    pub terms: Terms,
    pub answer: Answer,
    pub state: State,
    pub began: WallTime,
    pub began_at: Moment,
    pub answered: Option<(WallTime, Moment)>,
    /// When something is to be done about it.
    pub due: Moment,
}

impl Entry {
    /// What its PBX calls it.
    pub fn name(&self) -> Name {
        let Attempt { tenant, trunk, .. } = self.attempt.clone();
        Name { tenant, trunk, known_as: Arc::clone(&self.known_as) }
    }

    /// When an answered call is taken to be over unless more is heard.
    pub fn lease(&self, now: Moment) -> Moment {
        let answered = self.answered.map_or(now, |(_, at)| at);
        let cap = self.answer.max_duration;
        if !self.terms.tells {
            return answered + cap.map_or(self.terms.assumed, |cap| cap.min(self.terms.assumed));
        }
        let lease = now + self.terms.lease;
        cap.map_or(lease, |cap| lease.min(answered + cap + CAP_GRACE))
    }

    /// Charged time so far.
    pub fn charged(&self, now: Moment) -> Duration {
        self.answered.map_or(Duration::ZERO, |(_, at)| now - at)
    }

    fn view(&self) -> CallView {
        let attempt = self.attempt.clone();
        CallView {
            call: attempt.call,
            known_as: self.known_as.as_ref().to_owned(),
            tenant: attempt.tenant,
            trunk: attempt.trunk,
            extension: attempt.extension,
            direction: attempt.direction,
            a_number: attempt.a_number,
            dialled: attempt.dialled,
            phase: match self.state {
                State::Waits => Phase::Trying,
                State::Up => Phase::Up,
                State::Refused | State::Ending { .. } => Phase::Over,
            },
            began: self.began,
            answered: self.answered.map(|(wall, _)| wall),
            caller: None,
            callee: None,
        }
    }
}

/// Calls whose signalling runs elsewhere, and names of those that are over.
#[derive(Debug)]
pub struct Advised {
    calls: Map<CallId, Entry>,
    names: Map<Name, Vec<CallId>>,
    gone: Map<Name, Moment>,
    of_tenant: Map<TenantId, usize>,
    due: BTreeSet<(Moment, CallId)>,
}

impl Advised {
    /// The first byte of a record's key.
    pub(crate) const RECORD_KIND: u8 = b'V';

    /// An empty one; `seed` keeps strangers from choosing names that collide.
    pub(crate) fn new(seed: u64) -> Self {
        fn map<K, V>(seed: u64) -> Map<K, V> {
            Map::with_hasher(foldhash::quality::FixedState::with_seed(seed))
        }
        Self {
            calls: map(seed),
            names: map(seed),
            gone: map(seed),
            of_tenant: map(seed),
            due: BTreeSet::new(),
        }
    }

    /// Calls that run or ring as far as their PBXs told.
    pub fn running(&self) -> impl Iterator<Item = CallView> {
        let runs = |entry: &&Entry| entry.state != State::Refused;
        self.calls.values().filter(runs).map(Entry::view)
    }

    /// Whether this call is one of these and not over.
    #[must_use]
    pub fn runs(&self, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|entry| entry.state != State::Refused)
    }

    /// Whether there is a call of that name, or was a short while ago.
    #[must_use]
    pub fn knows(&self, now: Moment, name: &Name) -> bool {
        !self.named(name).is_empty() || self.is_gone(now, name)
    }

    /// How many are followed or remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// When something is to be done.
    pub(crate) fn next_timer(&self) -> Option<Moment> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(super) fn next_due(&self, now: Moment) -> Option<CallId> {
        self.due.first().filter(|(at, _)| *at <= now).map(|(_, call)| *call)
    }

    pub(super) fn room(&self, tenant: &TenantId) -> Result<(), Full> {
        if self.calls.len() >= CALLS_MAX {
            return Err(Full { whose: Whose::All });
        }
        let full = self.of_tenant.get(tenant).is_some_and(|count| *count >= CALLS_OF_ONE_MAX);
        if full { Err(Full { whose: Whose::Tenant }) } else { Ok(()) }
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let call = entry.attempt.call;
        let name = entry.name();
        *self.of_tenant.entry(name.tenant.clone()).or_default() += 1;
        self.gone.remove(&name);
        self.names.entry(name).or_default().push(call);
        self.due.insert((entry.due, call));
        self.calls.insert(call, entry);
    }

    pub(super) fn get(&self, call: CallId) -> Option<&Entry> {
        self.calls.get(&call)
    }

    /// Changes a call, its time too.
    pub(super) fn change(&mut self, call: CallId, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        self.due.remove(&(entry.due, call));
        change(entry);
        self.due.insert((entry.due, call));
    }

    /// Takes a call out; its name is remembered.
    pub(super) fn remove(&mut self, now: Moment, call: CallId) -> Option<Entry> {
        let entry = self.calls.remove(&call)?;
        self.due.remove(&(entry.due, call));
        let name = entry.name();
        if let Some(count) = self.of_tenant.get_mut(&name.tenant) {
            *count -= 1;
            if *count == 0 {
                self.of_tenant.remove(&name.tenant);
            }
        }
        if let Some(calls) = self.names.get_mut(&name) {
            calls.retain(|of| *of != call);
            if calls.is_empty() {
                self.names.remove(&name);
            }
        }
        self.forget(now, name);
        Some(entry)
    }

    /// Remembers that what has this name is over.
    pub(super) fn forget(&mut self, now: Moment, name: Name) {
        if self.gone.len() >= GONE_MAX {
            self.gone.retain(|_, until| *until > now);
        }
        // With so many ends a minute, late words are judged as new calls.
        if self.gone.len() < GONE_MAX {
            self.gone.insert(name, now + REMEMBERED);
        }
    }

    /// Whether what has this name is over since a short while.
    pub(super) fn is_gone(&self, now: Moment, name: &Name) -> bool {
        self.gone.get(name).is_some_and(|until| *until > now)
    }

    /// The calls of that name, oldest first.
    pub(super) fn named(&self, name: &Name) -> &[CallId] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// Of the calls of that name the one to that number.
    pub(super) fn to(&self, name: &Name, dialled: &str) -> Option<&Entry> {
        let calls = self.named(name).iter().rev();
        calls.filter_map(|call| self.get(*call)).find(|entry| *entry.attempt.dialled == *dialled)
    }

    /// The record's key of a call.
    pub(super) fn key(call: CallId) -> [u8; 16] {
        let mut key = [0; 16];
        let bytes = std::iter::once(Self::RECORD_KIND).chain(call.0.to_be_bytes());
        for (to, from) in key.iter_mut().zip(bytes) {
            *to = from;
        }
        key
    }

    /// The record of a call; `None` when it is over or was refused.
    pub(super) fn record(&self, call: CallId) -> Option<Bytes> {
        let entry = self.get(call).filter(|entry| entry.state != State::Refused)?;
        serde_json::to_vec(entry).ok().map(Bytes::from)
    }

    /// Takes up a call from before a restart; whether the record could be read.
    pub(crate) fn restore(&mut self, state: &[u8]) -> Option<CallId> {
        let entry: Entry = serde_json::from_slice(state).ok()?;
        let call = entry.attempt.call;
        self.add(entry);
        Some(call)
    }
}
