//! Transactions that have done their work and only absorb what is repeated: for half a minute (Timers J, L and M) as
//! long as there is room, else the oldest are forgotten early.

use super::{Slot, Transactions};
use std::collections::VecDeque;

/// Of one shard, unless said otherwise. A call leaves three: at 1,300 calls per second this is reached after the half
/// minute, at 10,000 it lasts for four seconds. Whoever hears no answer asks again after a half, one and two (T1).
pub const LINGERING_MAX: usize = 131_072;

/// In the order they began to linger. Those whose time is up may still stand in it.
#[derive(Debug)]
pub struct Lingering {
    order: VecDeque<Slot>,
    /// How many there may be.
    pub max: usize,
    /// How many of them are server transactions.
    pub servers: usize,
}

impl Lingering {
    pub const fn new(max: usize) -> Self {
        Self { order: VecDeque::new(), max, servers: 0 }
    }

    /// Makes room for as many as may linger.
    pub fn make_room(&mut self) {
        self.order.reserve_exact(self.max + 1);
    }

    /// All are gone; room for `spare` is kept.
    pub fn forget(&mut self, spare: usize) {
        self.order.clear();
        self.order.shrink_to(spare);
    }
}

impl Transactions {
    /// Puts a transaction that begins to linger behind the others; the oldest of them go when they are too many.
    pub(super) fn make_room_for(&mut self, slot: Slot) {
        self.lingering.order.push_back(slot);
        while let Some(oldest) = self.lingering.order.front().copied()
            && (self.lingering.order.len() > self.lingering.max || self.slots.get(oldest).is_none())
        {
            self.lingering.order.pop_front();
            self.remove(oldest);
        }
    }
}
