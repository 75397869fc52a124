//! Places for transactions: a handle of one that is gone never means another.

/// Values by number and generation.
#[derive(Debug)]
pub struct Slots<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    value: Option<T>,
}

/// Which place, and the how manieth value in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Slot {
    pub place: u32,
    pub generation: u32,
}

impl<T> Slots<T> {
    pub const fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    pub fn insert(&mut self, value: T) -> Slot {
        if let Some(place) = self.free.pop()
            && let Some(free) = self.places.get_mut(place as usize)
        {
            free.value = Some(value);
            return Slot { place, generation: free.generation };
        }
        let place = self.places.len() as u32;
        self.places.push(Place { generation: 0, value: Some(value) });
        Slot { place, generation: 0 }
    }

    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let place = self.places.get_mut(slot.place as usize)?;
        place.value.as_mut().filter(|_| place.generation == slot.generation)
    }

    pub fn get(&self, slot: Slot) -> Option<&T> {
        let place = self.places.get(slot.place as usize)?;
        place.value.as_ref().filter(|_| place.generation == slot.generation)
    }

    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        let place = self.places.get_mut(slot.place as usize)?;
        if place.generation != slot.generation {
            return None;
        }
        let value = place.value.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(slot.place);
        Some(value)
    }

    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}
