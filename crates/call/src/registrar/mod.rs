//! Who is registered, and where each contact is reached.

mod asked;
mod binding;
mod keepalive;
mod lookups;
mod passing;
mod record;
mod register;

pub(crate) use asked::preference;
pub use binding::{Binding, Party, same_contact};

use crate::auth::Caller;
use crate::directory::{Directory, Registering, Trunk};
use crate::route::flow_to;
use crate::upstream::Trunks;
use crate::wire::Wire;
use crate::{Outbox, ServerKey};
use passing::Passing;
use register::{Bounds, Request};
use ringfence_model::{Moment, Now};
use ringfence_sip::{Flow, Message, Transport};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

/// The registrations of one shard.
#[derive(Debug, Default)]
pub struct Registrar {
    people: HashMap<Party, Person, foldhash::fast::RandomState>,
    /// Whose phones are behind a flow.
    flows: HashMap<(Transport, SocketAddr), BTreeSet<Party>, foldhash::fast::RandomState>,
    /// Who is behind a user part that we gave towards a PBX.
    tokens: HashMap<Box<[u8]>, Party>,
    /// When to look whether a contact of somebody has ended.
    ends: BTreeSet<(Moment, Party)>,
    /// When somebody's address translator is to be kept open.
    keepalives: BTreeSet<(Moment, Party)>,
    passing: Passing,
}

/// Somebody's contacts.
#[derive(Debug, Default)]
struct Person {
    bindings: Vec<Binding>,
    /// Where the last REGISTER came from; stays when the contacts are gone.
    seen: Option<IpAddr>,
    /// When it stands in `ends` and `keepalives`.
    end: Option<Moment>,
    /// See `end`.
    keepalive: Option<Moment>,
    /// When the record was made that still tells all but the last refreshes.
    kept: Option<Moment>,
}

impl Registrar {
    /// The first byte of the keys of registrations among the records kept.
    pub const RECORD_KIND: u8 = b'R';

    /// Somebody's contacts that have not ended, the preferred ones first.
    #[must_use]
    pub fn contacts(&self, now: Moment, party: &Party) -> Vec<&Binding> {
        let bindings = self.people.get(party).map(|person| person.bindings.as_slice());
        let mut found: Vec<_> =
            bindings.unwrap_or_default().iter().filter(|b| b.expires > now).collect();
        found.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        found
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

    /// Everybody's contacts.
    pub fn all(&self) -> impl Iterator<Item = (&Party, &Binding)> {
        self.people
            .iter()
            .flat_map(|(party, person)| person.bindings.iter().map(move |b| (party, b)))
    }

    /// A REGISTER of somebody who was let in: answered here, or passed to the PBX that keeps the registration.
    pub fn receive(
        &mut self,
        now: Now,
        wire: &mut Wire<'_>,
        trunks: &Trunks,
        server: ServerKey,
        caller: &Caller<'_>,
        (flow, message): (&Flow, &Message),
    ) {
        let Ok(head) = message.essentials() else { return };
        let (party, tenant) = match caller {
            Caller::Passed { tenant, trunk, extension } => {
                let phone =
                    Party::Phone { tenant: tenant.id.clone(), extension: extension.clone() };
                let bounds = Bounds::of(Some(tenant));
                let request = Request { now, party: &phone, bounds, flow, message, head: &head };
                let to = self.way_to(now, wire.directory, trunks, trunk);
                return self.pass(wire, server, to, request);
            }
            Caller::Extension { tenant, extension } => {
                let (tenant_id, extension) = (tenant.id.clone(), extension.id.clone());
                (Party::Phone { tenant: tenant_id, extension }, Some(*tenant))
            }
            Caller::Trunk { trunk, tenant } => (Party::Trunk(trunk.id.clone()), *tenant),
        };
        let bounds = Bounds::of(tenant);
        let request = Request { now, party: &party, bounds, flow, message, head: &head };
        if let Some((code, bytes)) = self.register(request, wire.responder, wire.out) {
            wire.transactions.respond(now.moment, server, code, bytes, wire.out);
        }
    }

    /// The flow to a PBX: of its first address, or of its contact when it registers here.
    fn way_to(
        &self,
        now: Now,
        directory: &Directory,
        trunks: &Trunks,
        trunk: &Trunk,
    ) -> Option<Flow> {
        let hop = || trunks.hops(&trunk.id).iter().find_map(|hop| flow_to(directory, trunk, hop));
        let contact = || {
            let party = Party::Trunk(trunk.id.clone());
            self.contacts(now.moment, &party).first().map(|binding| binding.flow)
        };
        hop().or_else(contact)
    }

    /// Does what is due: contacts whose time is over are forgotten, address translators are kept open.
    pub fn due(&mut self, now: Now, wire: &mut Wire<'_>) {
        self.forget_ended(now, wire.out);
        self.keep_alive(now, wire);
    }

    fn forget_ended(&mut self, now: Now, out: &mut Outbox) {
        while let Some((at, _)) = self.ends.first() {
            if *at > now.moment {
                return;
            }
            let Some((_, party)) = self.ends.pop_first() else { return };
            self.plan_next_end(&party);
            self.retain(now, &party, out, |binding| binding.expires > now.moment);
        }
    }

    /// When [`Registrar::due`] has something to do.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        let first = |set: &BTreeSet<(Moment, Party)>| set.first().map(|(at, _)| *at);
        [first(&self.ends), first(&self.keepalives)].into_iter().flatten().min()
    }

    /// A connection broke: contacts behind it are out of reach, unless they can be called back (RFC 5626 §6).
    pub fn closed(&mut self, now: Now, flow: &Flow, out: &mut Outbox) {
        if flow.connection.is_none() {
            return;
        }
        let parties: Vec<Party> = self.parties_at(flow).cloned().collect();
        for party in parties {
            let person = self.people.get(&party);
            let old = person.map(|person| person.bindings.clone()).unwrap_or_default();
            let new = old.into_iter().filter_map(|mut binding| {
                if binding.flow.connection == flow.connection {
                    binding.flow = binding.without_connection()?;
                }
                Some(binding)
            });
            let new = new.collect();
            self.put(now.moment, &party, new);
            out.push_back(self.checkpoint(now, &party));
        }
    }

    /// Forgets those who may not be registered any more.
    pub fn adopt(&mut self, now: Now, directory: &Directory, out: &mut Outbox) {
        let stays = |party: &Party| match party {
            Party::Trunk(id) => directory.trunk(id).is_some_and(|trunk| trunk.login.is_some()),
            Party::Phone { tenant, extension } => {
                let of = directory.tenant(tenant);
                of.is_some_and(|of| match &of.registering {
                    Registering::Here { .. } => directory
                        .extension(tenant, extension.as_str())
                        .is_some_and(|extension| extension.login.is_some()),
                    Registering::PassedTo(_) => true,
                    Registering::Nobody => false,
                })
            }
        };
        let gone: Vec<Party> = self.people.keys().filter(|party| !stays(party)).cloned().collect();
        for party in gone {
            self.retain(now, &party, out, |_| false);
            self.people.remove(&party);
        }
    }

    fn retain(
        &mut self,
        now: Now,
        party: &Party,
        out: &mut Outbox,
        stays: impl Fn(&Binding) -> bool,
    ) {
        let Some(person) = self.people.get(party) else { return };
        if person.bindings.iter().all(&stays) {
            return;
        }
        let left = person.bindings.iter().filter(|b| stays(b)).cloned().collect();
        self.put(now.moment, party, left);
        out.push_back(self.checkpoint(now, party));
    }
}
