//! The addresses of a trunk, those that answer first.

use crate::directory::Hop;

/// Addresses in order of preference, and in the order to be tried.
#[derive(Debug, Default)]
pub struct Hops {
    /// By preference, and whether each answers.
    each: Vec<(Hop, bool)>,
    in_order: Vec<Hop>,
}

impl Hops {
    /// In the order to be tried.
    pub fn in_order(&self) -> &[Hop] {
        &self.in_order
    }

    /// By preference, and whether each answers.
    pub fn each(&self) -> impl Iterator<Item = (Hop, bool)> {
        self.each.iter().copied()
    }

    /// Whether any answers; true when none is known, for then nothing is wrong with the trunk itself.
    pub fn any_alive(&self) -> bool {
        self.each.is_empty() || self.each.iter().any(|(_, alive)| *alive)
    }

    pub fn replace(&mut self, hops: &[Hop]) {
        let mut each: Vec<(Hop, bool)> = Vec::with_capacity(hops.len());
        for hop in hops {
            if !each.iter().any(|(known, _)| known == hop) {
                let known = self.each.iter().find(|(known, _)| known == hop);
                each.push((*hop, known.is_none_or(|(_, alive)| *alive)));
            }
        }
        self.each = each;
        self.sort();
    }

    pub fn mark(&mut self, hop: Hop, alive: bool) {
        for (_, is) in self.each.iter_mut().filter(|(known, _)| *known == hop) {
            *is = alive;
        }
        self.sort();
    }

    pub fn all_alive(&mut self) {
        for (_, alive) in &mut self.each {
            *alive = true;
        }
        self.sort();
    }

    /// By preference, the one after `hop`.
    pub fn after(&self, hop: Hop) -> Option<Hop> {
        self.each.iter().map(|(hop, _)| *hop).skip_while(|is| *is != hop).nth(1)
    }

    fn sort(&mut self) {
        let mut each = self.each.clone();
        each.sort_by_key(|(_, alive)| !alive);
        self.in_order = each.into_iter().map(|(hop, _)| hop).collect();
    }
}
