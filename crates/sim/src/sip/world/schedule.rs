//! What will happen, by time.

use crate::sip::fault::Fault;
use bytes::Bytes;
use ringfence_call::End;
use ringfence_model::Moment;
use ringfence_sip::Flow;
use std::collections::BTreeMap;

/// Something that will happen.
pub enum Event {
    ToGate { flow: Flow, bytes: Bytes },
    ToNode(usize, Bytes),
    Begin(usize),
    Fault(Fault),
    Strike(usize, u32),
    Register(usize),
    Leave(usize),
    Greed,
    Closed(Flow, End),
    Store,
}

/// What will happen. Of two things at one time, the one planned first comes first.
#[derive(Default)]
pub struct Schedule {
    events: BTreeMap<(Moment, u64), Event>,
    made: u64,
}

impl Schedule {
    /// Plans something.
    pub fn put(&mut self, at: Moment, event: Event) {
        self.made += 1;
        self.events.insert((at, self.made), event);
    }

    /// When the next thing happens.
    pub fn next(&self) -> Option<Moment> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    /// The next thing.
    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop_first().map(|(_, event)| event)
    }

    /// Takes out everything before `at`, in its order.
    pub fn take_before(&mut self, at: Moment) -> impl Iterator<Item = Event> + use<> {
        let later = self.events.split_off(&(at, 0));
        std::mem::replace(&mut self.events, later).into_values()
    }
}
