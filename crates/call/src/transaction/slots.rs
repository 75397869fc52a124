//! Places for transactions: a handle of one that is gone never means another.

/// Values by place.
#[derive(Debug)]
pub struct Slots<T> {
    places: Vec<Place<T>>,
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
        Self { places: Vec::new(), free: Vec::new(), born: 0 }
    }

    pub fn insert(&mut self, value: T) -> Slot {
        // Counted over all places, so that places may be given back.
        self.born = self.born.wrapping_add(1);
        let new = Place { generation: self.born, value: Some(value) };
        let place = self.free.pop().unwrap_or(self.places.len() as u32);
        match self.places.get_mut(place as usize) {
            Some(free) => *free = new,
            None => self.places.push(new),
        }
        Slot { place, generation: self.born }
    }

    /// Puts in what `make` makes of the place it will have; nothing when it makes nothing.
    pub fn insert_with(&mut self, make: impl FnOnce(Slot) -> Option<T>) -> Option<Slot> {
        let place = self.free.last().copied().unwrap_or(self.places.len() as u32);
        let value = make(Slot { place, generation: self.born.wrapping_add(1) })?;
        Some(self.insert(value))
    }

    pub fn get(&self, slot: Slot) -> Option<&T> {
        let place = self.places.get(slot.place as usize)?;
        place.value.as_ref().filter(|_| place.generation == slot.generation)
    }

    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let place = self.places.get_mut(slot.place as usize)?;
        place.value.as_mut().filter(|_| place.generation == slot.generation)
    }

    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        let place = self.places.get_mut(slot.place as usize)?;
        if place.generation != slot.generation {
            return None;
        }
        let value = place.value.take()?;
        self.free.push(slot.place);
        Some(value)
    }

    /// All values, with where each is.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.places.iter().enumerate().filter_map(|(place, at)| {
            let slot = Slot { place: place as u32, generation: at.generation };
            at.value.as_ref().map(|value| (slot, value))
        })
    }

    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Gives back memory for more than `spare` values, when there is nothing in it.
    pub fn give_back(&mut self, spare: usize) {
        if self.len() == 0 && self.places.capacity() > spare {
            self.places = Vec::new();
            self.free = Vec::new();
        }
    }
}
