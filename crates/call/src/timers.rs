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
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new() }
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
        let place = self.heap.len();
        let new = Slot { generation: 0, place: place as u32, what: Some(what) };
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let generation = match self.slots.get_mut(slot as usize) {
            Some(old) => {
                *old = Slot { generation: old.generation, ..new };
                old.generation
            }
            None => {
                self.slots.push(new);
                0
            }
        };
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

    /// Gives back memory that a burst took. Generations go on, so no old id comes to mean a new timer.
    pub fn shrink(&mut self) {
        self.heap.shrink_to(self.heap.len().saturating_mul(2));
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
        slot.generation = slot.generation.wrapping_add(1);
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
