//! Places for transactions: a handle of one that is gone never means another.

/// Places that are made at once. Many, so that few allocations are made; never all, because a busy shard has hundreds of
/// thousands of them, and calls would wait for tens of milliseconds while one piece of memory is copied to a larger one.
const CHUNK: usize = 256;

/// Values by place.
#[derive(Debug)]
pub struct Slots<T> {
    /// Each but the last is full.
    chunks: Vec<Vec<Place<T>>>,
    made: u32,
    free: Vec<u32>,
    born: u32,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    value: Option<T>,
}

/// A place, and which value in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Slot {
    pub place: u32,
    pub generation: u32,
}

impl<T> Slots<T> {
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), made: 0, free: Vec::new(), born: 0 }
    }

    pub fn insert(&mut self, value: T) -> Slot {
        // Counted over all places, so that places may be given back.
        self.born = self.born.wrapping_add(1);
        let new = Place { generation: self.born, value: Some(value) };
        let place = self.free.pop().unwrap_or(self.made);
        match self.place_mut(place) {
            Some(free) => *free = new,
            None => self.push(new),
        }
        Slot { place, generation: self.born }
    }

    fn push(&mut self, new: Place<T>) {
        self.made += 1;
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => chunk.push(new),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(new);
                self.chunks.push(chunk);
            }
        }
    }

    fn place(&self, place: u32) -> Option<&Place<T>> {
        let place = place as usize;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    fn place_mut(&mut self, place: u32) -> Option<&mut Place<T>> {
        let place = place as usize;
        self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)
    }

    /// Puts in what `make` makes of the place it will have; nothing when it makes nothing.
    pub fn insert_with(&mut self, make: impl FnOnce(Slot) -> Option<T>) -> Option<Slot> {
        let place = self.free.last().copied().unwrap_or(self.made);
        let value = make(Slot { place, generation: self.born.wrapping_add(1) })?;
        Some(self.insert(value))
    }

    pub fn get(&self, slot: Slot) -> Option<&T> {
        let place = self.place(slot.place)?;
        place.value.as_ref().filter(|_| place.generation == slot.generation)
    }

    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let place = self.place_mut(slot.place)?;
        place.value.as_mut().filter(|_| place.generation == slot.generation)
    }

    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        let place = self.place_mut(slot.place)?;
        if place.generation != slot.generation {
            return None;
        }
        let value = place.value.take()?;
        self.free.push(slot.place);
        Some(value)
    }

    /// All values, with where each is.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.chunks.iter().flatten().enumerate().filter_map(|(place, at)| {
            let slot = Slot { place: place as u32, generation: at.generation };
            at.value.as_ref().map(|value| (slot, value))
        })
    }

    pub fn len(&self) -> usize {
        self.made as usize - self.free.len()
    }

    /// Gives back memory for more than `spare` values, when there is nothing in it.
    pub fn give_back(&mut self, spare: usize) {
        if self.len() == 0 && self.made as usize > spare {
            self.chunks = Vec::new();
            self.made = 0;
            self.free = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_means_its_own_value_over_many_chunks() {
        let mut slots = Slots::new();
        let all: Vec<Slot> = (0..3 * CHUNK).map(|value| slots.insert(value)).collect();
        for (value, slot) in all.iter().enumerate() {
            assert_eq!(slots.get(*slot), Some(&value));
        }
        assert_eq!(slots.iter().map(|(slot, value)| (slot, *value)).collect::<Vec<_>>(), {
            all.iter().copied().zip(0..).collect::<Vec<_>>()
        });
        let gone = all[CHUNK];
        assert_eq!(slots.remove(gone), Some(CHUNK));
        let anew = slots.insert(7);
        assert_eq!((anew.place, slots.get(gone), slots.get(anew)), (gone.place, None, Some(&7)));
        assert_eq!(slots.len(), 3 * CHUNK);
    }

    #[test]
    fn places_are_given_back_when_all_are_free() {
        let mut slots = Slots::new();
        let all: Vec<Slot> = (0..2 * CHUNK).map(|value| slots.insert(value)).collect();
        slots.give_back(CHUNK);
        assert_eq!(slots.len(), 2 * CHUNK, "in use");
        for slot in &all {
            slots.remove(*slot);
        }
        slots.give_back(CHUNK);
        assert!(slots.chunks.is_empty());
        let new = slots.insert(1);
        assert!(slots.get(all[0]).is_none() && slots.get(new) == Some(&1));
    }
}
