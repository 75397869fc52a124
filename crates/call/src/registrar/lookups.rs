//! Contacts, and the look-ups that lead to them, kept in step.
//!
//! Most REGISTERs refresh what is there: they move an end and nothing else, and must not pay for more.

use super::{Binding, Party, Person, Registrar};
use ringfence_model::{ExtensionId, Moment, TenantId};
use ringfence_sip::{Flow, Transport};
use std::collections::BTreeSet;
use std::net::SocketAddr;

impl Registrar {
    /// As which extension of a tenant a flow is registered: the named one, else the first of them. A proxy has
    /// thousands behind one flow, so nothing here walks them.
    #[must_use]
    pub fn phone_at(
        &self,
        flow: &Flow,
        tenant: &TenantId,
        named: Option<&str>,
    ) -> Option<&ExtensionId> {
        let there = self.flows.get(&(flow.transport, flow.remote))?;
        let phone = |name: &str| Party::Phone { tenant: tenant.clone(), extension: name.into() };
        let named = named.and_then(|name| there.get(&phone(name)));
        let first = || there.range(phone("")..).next();
        match named.or_else(first)? {
            Party::Phone { tenant: of, extension } if of == tenant => Some(extension),
            _ => None,
        }
    }

    /// Whether anybody is registered on this flow.
    #[must_use]
    pub fn is_anybody_at(&self, flow: &Flow) -> bool {
        self.flows.contains_key(&(flow.transport, flow.remote))
    }

    /// Who is registered on this flow.
    pub(super) fn parties_at(&self, flow: &Flow) -> impl Iterator<Item = &Party> {
        self.flows.get(&(flow.transport, flow.remote)).into_iter().flatten()
    }

    /// Replaces somebody's contacts and keeps the look-ups true.
    pub(super) fn put(&mut self, now: Moment, party: &Party, bindings: Vec<Binding>) {
        if !self.people.contains_key(party) {
            self.people.insert(party.clone(), Person::default());
        }
        let Some(person) = self.people.get_mut(party) else { return };
        let old = std::mem::replace(&mut person.bindings, bindings);
        let new = person.bindings.as_slice();
        if !refreshes(&old, new) {
            person.kept = None;
        }
        for place in old.iter().map(place).filter(|at| !new.iter().any(|b| place(b) == *at)) {
            if let Some(there) = self.flows.get_mut(&place) {
                there.remove(party);
                if there.is_empty() {
                    self.flows.remove(&place);
                }
            }
        }
        for place in new.iter().map(place).filter(|at| !old.iter().any(|b| place(b) == *at)) {
            self.flows.entry(place).or_default().insert(party.clone());
        }
        for token in old.iter().filter(|b| !has_token(new, b)).filter_map(|b| b.token.as_ref()) {
            self.tokens.remove(token);
        }
        for token in new.iter().filter(|b| !has_token(&old, b)).filter_map(|b| b.token.clone()) {
            self.tokens.insert(token, party.clone());
        }
        plan_end(&mut self.ends, party, person);
        self.plan_keepalive(now, party);
    }

    /// Somebody's first contact may have ended: when the next one may.
    pub(super) fn plan_next_end(&mut self, party: &Party) {
        if let Some(person) = self.people.get_mut(party) {
            person.end = None;
            plan_end(&mut self.ends, party, person);
        }
    }
}

/// An end that was planned for earlier stays planned: whoever comes to look finds that it was put off, which is less
/// work than to plan anew with each refresh.
fn plan_end(ends: &mut BTreeSet<(Moment, Party)>, party: &Party, person: &mut Person) {
    let first = person.bindings.iter().map(|binding| binding.expires).min();
    if let (Some(planned), Some(first)) = (person.end, first)
        && planned <= first
    {
        return;
    }
    if let Some(planned) = person.end {
        ends.remove(&(planned, party.clone()));
    }
    if let Some(first) = first {
        ends.insert((first, party.clone()));
    }
    person.end = first;
}

fn place(binding: &Binding) -> (Transport, SocketAddr) {
    (binding.flow.transport, binding.flow.remote)
}

fn has_token(bindings: &[Binding], of: &Binding) -> bool {
    bindings.iter().any(|binding| binding.token == of.token)
}

/// Whether the same contacts were registered for as long again. The REGISTER's own marks do not matter: they only tell
/// the order of requests that overtake each other.
fn refreshes(old: &[Binding], new: &[Binding]) -> bool {
    let same = |(old, new): (&Binding, &Binding)| {
        old.contact == new.contact
            && old.q == new.q
            && old.instance == new.instance
            && old.reg_id == new.reg_id
            && old.path == new.path
            && old.flow == new.flow
            && old.expires - old.refreshed == new.expires - new.refreshed
            && old.user_agent == new.user_agent
            && old.token == new.token
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}
