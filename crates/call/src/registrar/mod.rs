//! Who is registered, and where each contact is reached.

mod binding;

pub use binding::{Binding, Party, same_contact};

use ringfence_model::Moment;
use ringfence_sip::{Flow, Transport};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

/// The registrations of one shard.
#[derive(Debug, Default)]
pub struct Registrar {
    people: HashMap<Party, Person>,
    /// Whose phones are behind a flow.
    flows: HashMap<(Transport, SocketAddr), Vec<Party>>,
    /// Who is behind a user part that we gave towards a PBX.
    tokens: HashMap<Box<[u8]>, Party>,
    /// When somebody's next contact ends.
    ends: BTreeSet<(Moment, Party)>,
}

/// Somebody's contacts.
#[derive(Debug, Default)]
struct Person {
    bindings: Vec<Binding>,
    /// Where the last REGISTER came from; stays when the contacts are gone.
    seen: Option<IpAddr>,
}

impl Registrar {
    /// Somebody's contacts that have not ended, the preferred ones first.
    #[must_use]
    pub fn contacts(&self, now: Moment, party: &Party) -> Vec<&Binding> {
        let bindings = self.people.get(party).map(|person| person.bindings.as_slice());
        let mut found: Vec<_> =
            bindings.unwrap_or_default().iter().filter(|b| b.expires > now).collect();
        found.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        found
    }

    /// Whose phones are registered on this flow.
    #[must_use]
    pub fn phones_at(&self, flow: &Flow) -> &[Party] {
        self.flows.get(&(flow.transport, flow.remote)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The contact behind a user part that we gave towards a PBX.
    #[must_use]
    pub fn of_token(&self, now: Moment, token: &[u8]) -> Option<(&Party, &Binding)> {
        let party = self.tokens.get(token)?;
        let bindings = &self.people.get(party)?.bindings;
        let found = bindings.iter().find(|b| b.token.as_deref() == Some(token))?;
        (found.expires > now).then_some((party, found))
    }

    /// How many contacts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.values().map(|person| person.bindings.len()).sum()
    }

    /// Whether nobody is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Replaces somebody's contacts and keeps the look-ups true.
    fn put(&mut self, party: &Party, bindings: Vec<Binding>) {
        let old = std::mem::take(&mut self.people.entry(party.clone()).or_default().bindings);
        if let Some(end) = earliest(&old) {
            self.ends.remove(&(end, party.clone()));
        }
        for binding in &old {
            let key = (binding.flow.transport, binding.flow.remote);
            if let Some(there) = self.flows.get_mut(&key) {
                there.retain(|of| of != party);
                if there.is_empty() {
                    self.flows.remove(&key);
                }
            }
            binding.token.as_ref().map(|token| self.tokens.remove(token));
        }
        for binding in &bindings {
            let key = (binding.flow.transport, binding.flow.remote);
            let there = self.flows.entry(key).or_default();
            if !there.contains(party) {
                there.push(party.clone());
            }
            if let Some(token) = &binding.token {
                self.tokens.insert(token.clone(), party.clone());
            }
        }
        if let Some(end) = earliest(&bindings) {
            self.ends.insert((end, party.clone()));
        }
        self.people.entry(party.clone()).or_default().bindings = bindings;
    }
}

fn earliest(bindings: &[Binding]) -> Option<Moment> {
    bindings.iter().map(|binding| binding.expires).min()
}
