//! Stops that may have been wrong: as far as records tell, a place the customer often calls is one it wants to call.

use super::findings::{Doubt, Fate, Judged, Known, Place};
use ringfence_model::E164;
use std::collections::HashMap;
use std::hash::Hash;

/// A destination called on so many other days is one the customer knows.
pub const KNOWN_DAYS: u32 = 3;

/// The stopped calls that went to a known number, or to a known country and kind of line.
pub fn doubts(order: &[u32], calls: &[Judged]) -> Vec<Doubt> {
    let in_order = || order.iter().filter_map(|&i| Some((i, calls.get(i as usize)?)));
    if in_order().all(|(_, call)| call.fate == Fate::Passed) {
        return Vec::new();
    }
    let mut numbers: Days<(u32, E164)> = Days::default();
    let mut places: Days<(u32, Place)> = Days::default();
    for (_, call) in in_order().filter(|(_, call)| call.fate == Fate::Passed) {
        if let Some(number) = call.number {
            numbers.note((call.tenant, number), call.day);
        }
        if let Some(place) = call.to {
            places.note((call.tenant, place), call.day);
        }
    }
    in_order()
        .filter(|(_, call)| call.fate != Fate::Passed)
        .filter_map(|(index, call)| {
            let number = call.number.map_or(0, |n| numbers.other_days(&(call.tenant, n), call.day));
            let place = call.to.map_or(0, |p| places.other_days(&(call.tenant, p), call.day));
            let (known, days) =
                if number >= KNOWN_DAYS { (Known::Number, number) } else { (Known::Place, place) };
            (days >= KNOWN_DAYS).then_some(Doubt {
                call: index,
                known,
                days,
                by_block: call.by_block,
            })
        })
        .collect()
}

/// The days on which something happened, in order.
struct Days<K>(HashMap<K, Vec<i32>, foldhash::fast::FixedState>);

impl<K> Default for Days<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Eq + Hash> Days<K> {
    fn note(&mut self, key: K, day: i32) {
        let days = self.0.entry(key).or_default();
        if days.last() != Some(&day) {
            days.push(day);
        }
    }

    fn other_days(&self, key: &K, day: i32) -> u32 {
        let days = self.0.get(key).map_or(&[][..], Vec::as_slice);
        days.iter().filter(|&&known| known != day).count() as u32
    }
}
