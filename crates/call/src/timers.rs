//! What is to be done when: a heap that knows where each of its timers is, so a timer that is no longer wanted is
//! taken out at once and leaves nothing behind.

use ringfence_model::Moment;

/// Children of a node. Four of them are one cache line, and the tree is half as deep as with two.
const FAN: usize = 4;

/// Timers, each with something that is due at its moment.
#[derive(Debug)]
pub struct Timers<T> {
    heap: Vec<Node>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    born: u32,
}

/// One timer. A timer that went off or was cancelled is never mistaken for a later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerId {
    slot: u32,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    at: Moment,
    slot: u32,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    place: u32,
    what: Option<T>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new(), born: 0 }
    }
}

impl<T> Timers<T> {
    /// No timers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a timer.
    pub fn set(&mut self, at: Moment, what: T) -> TimerId {
        // Counted over all slots, so that slots may be given back.
        self.born = self.born.wrapping_add(1);
        let (generation, place) = (self.born, self.heap.len());
        let new = Slot { generation, place: place as u32, what: Some(what) };
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = new,
            None => self.slots.push(new),
        }
        let node = Node { at, slot };
        self.heap.push(node);
        self.rise(place, node);
        TimerId { slot, generation }
    }

    /// Moves a timer to another moment; says whether it was still there.
    pub fn reset(&mut self, timer: TimerId, at: Moment) -> bool {
        let Some(place) = self.place(timer) else { return false };
        self.put(place, Node { at, slot: timer.slot });
        true
    }

    /// Takes a timer out; gives back what it was for, when it was still there.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let place = self.place(timer)?;
        self.take(place)
    }

    /// What is due by `now`, the earliest first. Ask until there is nothing.
    pub fn due(&mut self, now: Moment) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.take(0)
    }

    /// When the next timer is due.
    #[must_use]
    pub fn next(&self) -> Option<Moment> {
        self.heap.first().map(|node| node.at)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Makes room for so many in all.
    pub fn make_room(&mut self, timers: usize) {
        self.heap.reserve_exact(timers.saturating_sub(self.heap.len()));
        self.slots.reserve_exact(timers.saturating_sub(self.slots.len()));
    }

    /// Gives back memory for more than `spare` timers, when there is none.
    pub fn give_back(&mut self, spare: usize) {
        if self.is_empty() && self.slots.capacity() > spare {
            *self = Self { born: self.born, ..Self::default() };
        }
    }

    fn place(&self, timer: TimerId) -> Option<usize> {
        let slot = self.slots.get(timer.slot as usize)?;
        (slot.generation == timer.generation && slot.what.is_some()).then_some(slot.place as usize)
    }

    fn take(&mut self, place: usize) -> Option<T> {
        let last = self.heap.pop()?;
        let gone = match self.heap.get(place) {
            Some(gone) => {
                let gone = *gone;
                self.put(place, last);
                gone
            }
            None => last,
        };
        let slot = self.slots.get_mut(gone.slot as usize)?;
        self.free.push(gone.slot);
        slot.what.take()
    }

    /// Puts a node into a place whose node is gone, and from there where it belongs.
    fn put(&mut self, place: usize, node: Node) {
        let parent = place.checked_sub(1).and_then(|below| self.heap.get(below / FAN));
        if parent.is_some_and(|parent| node.at < parent.at) {
            self.rise(place, node);
        } else {
            self.sink(place, node);
        }
    }

    fn rise(&mut self, mut place: usize, node: Node) {
        while let Some(above) = place.checked_sub(1).map(|below| below / FAN) {
            let Some(parent) = self.heap.get(above).copied().filter(|parent| node.at < parent.at)
            else {
                break;
            };
            self.seat(place, parent);
            place = above;
        }
        self.seat(place, node);
    }

    fn sink(&mut self, mut place: usize, node: Node) {
        loop {
            let first = place * FAN + 1;
            let children = self.heap.get(first..).unwrap_or_default();
            let least = children.iter().take(FAN).enumerate().min_by_key(|(_, child)| child.at);
            let Some((nth, child)) = least.filter(|(_, child)| child.at < node.at) else { break };
            let child = *child;
            self.seat(place, child);
            place = first + nth;
        }
        self.seat(place, node);
    }

    fn seat(&mut self, place: usize, node: Node) {
        if let Some(seat) = self.heap.get_mut(place) {
            *seat = node;
        }
        if let Some(slot) = self.slots.get_mut(node.slot as usize) {
            slot.place = place as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_due_comes_in_order_and_once() {
        let mut timers = Timers::new();
        for at in [5, 1, 9, 3, 7] {
            timers.set(Moment(at), at);
        }
        assert_eq!(timers.next(), Some(Moment(1)));
        let due: Vec<u64> = std::iter::from_fn(|| timers.due(Moment(6))).collect();
        assert_eq!(due, [1, 3, 5]);
        assert_eq!((timers.next(), timers.len()), (Some(Moment(7)), 2));
    }

    #[test]
    fn a_timer_that_is_gone_is_never_another() {
        let mut timers = Timers::new();
        let old = timers.set(Moment(1), "old");
        assert_eq!(timers.cancel(old), Some("old"));
        let new = timers.set(Moment(2), "new");
        assert_eq!(timers.cancel(old), None);
        assert!(!timers.reset(old, Moment(9)));
        assert_eq!(timers.due(Moment(2)), Some("new"));
        assert!(!timers.reset(new, Moment(9)));
        timers.give_back(0);
        timers.set(Moment(3), "later");
        assert_eq!((timers.cancel(old), timers.cancel(new)), (None, None));
    }

    /// Against a sorted set, with a cheap generator (Knuth's MMIX constants).
    #[test]
    fn as_a_sorted_set_would_do() {
        let (mut timers, mut model, mut ids) = (Timers::new(), BTreeSet::new(), Vec::new());
        let (mut chance, mut now) = (1_u64, 0);
        for what in 0..20_000_usize {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = now + (chance >> 40) % 1_000;
            let known = (chance >> 20) as usize % (what + 1);
            ids.push((timers.set(Moment(at), what), at));
            model.insert((at, what));
            match (chance >> 60, ids.get_mut(known)) {
                (0..4, Some((id, at))) => {
                    assert_eq!(timers.cancel(*id).is_some(), model.remove(&(*at, known)));
                }
                (4..8, Some((id, at))) => {
                    let there = model.remove(&(*at, known));
                    assert_eq!(timers.reset(*id, Moment(*at + 100)), there);
                    if there {
                        *at += 100;
                        model.insert((*at, known));
                    }
                }
                _ => now += 30,
            }
            let mut gone = Vec::new();
            while timers.next().is_some_and(|at| at <= Moment(now)) {
                let at = timers.next().unwrap().0;
                gone.push((at, timers.due(Moment(now)).unwrap()));
            }
            assert!(gone.is_sorted_by_key(|(at, _)| *at));
            let later = model.split_off(&(now + 1, 0));
            gone.sort_unstable();
            assert!(gone.iter().eq(model.iter()), "{gone:?} {model:?}");
            model = later;
            assert_eq!(timers.len(), model.len());
        }
    }
}
