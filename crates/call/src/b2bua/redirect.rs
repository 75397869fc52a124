//! Answers that send a call elsewhere (RFC 3261 §8.1.3.4). What becomes of each contact they name is decided in
//! `calls/redirect.rs`: whether it may be gone to at all, and whether it has to be judged.

use super::branch::BranchState;
use super::setup::Allowed;
use super::{Call, Stage, Way};
use crate::core::Core;
use crate::directory::Side;
use crate::registrar::preference;
use crate::route::Plan;
use ringfence_model::{Attempt, Now, ReleasedBy, TrunkId};
use ringfence_sip::{Flow, Message, Name, NameAddr, Uri};

/// Contacts that one call follows, in all.
const CONTACTS_MAX: usize = 5;
/// Longest URI of one, in bytes.
const URI_BYTES_MAX: usize = 512;

/// Somewhere else a call is to be tried.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The trunk that says so; `None`: a phone.
    pub trunk: Option<TrunkId>,
    /// Where who says so is.
    pub flow: Flow,
    /// As what it was called.
    pub asked: Box<[u8]>,
    /// The contact's URI.
    pub uri: Box<[u8]>,
}

/// Where a call was sent, until its caller has a final answer.
#[derive(Debug, Default)]
pub struct Redirections {
    /// What it is now, as it was planned; without a plan nothing is followed.
    plan: Option<Box<Plan>>,
    /// What it was before.
    before: Vec<Plan>,
    /// Not followed yet, best first.
    contacts: Vec<Contact>,
    /// How many were.
    followed: usize,
}

impl Redirections {
    /// Whether there is somewhere else to go.
    pub const fn wait(&self) -> bool {
        !self.contacts.is_empty()
    }

    /// Nothing more is followed.
    pub fn stop(&mut self) {
        self.contacts.clear();
    }
}

impl Call {
    /// What the call is, as it was planned.
    pub fn planned(&mut self, plan: Box<Plan>) {
        if let Some(setup) = self.setup.as_mut() {
            setup.redirections.plan = Some(plan);
        }
    }

    /// The same, until its caller has a final answer.
    pub fn plan(&self) -> Option<&Plan> {
        self.setup.as_ref()?.redirections.plan.as_deref()
    }

    /// Takes in whom the final answer of a branch names; whether there is anybody to go to. Contacts of a carrier are
    /// alternatives, best first. A phone or a PBX has one place to which it diverts.
    pub(super) fn sent_elsewhere(&mut self, core: &Core, at: usize, message: &Message) -> bool {
        let Some(branch) = self.branches.get(at) else { return false };
        let by_carrier = is_carrier(core, branch.way.trunk.as_ref());
        let Some(setup) = self.setup.as_mut() else { return false };
        // 305 and 380 are for the caller's own program to understand.
        if !matches!(message.code(), Some(300..=302)) || setup.redirections.plan.is_none() {
            return false;
        }
        let mut named: Vec<(u16, Contact)> = message
            .values(Name::Contact)
            .take(2 * CONTACTS_MAX)
            .filter_map(NameAddr::read)
            .filter(|contact| contact.uri.len() <= URI_BYTES_MAX)
            .filter(|contact| Uri::read(contact.uri).is_some_and(|uri| uri.headers.is_empty()))
            .map(|contact| {
                let known = Contact {
                    trunk: branch.way.trunk.clone(),
                    flow: branch.way.flow,
                    asked: branch.way.uri.clone(),
                    uri: contact.uri.into(),
                };
                (preference(contact.params), known)
            })
            .collect();
        named.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
        named.truncate(if by_carrier { CONTACTS_MAX } else { 1 });
        let Redirections { contacts, followed, .. } = &mut setup.redirections;
        // Those of a contact come before those beside it.
        contacts.splice(0..0, named.into_iter().map(|(_, contact)| contact));
        contacts.truncate(CONTACTS_MAX.saturating_sub(*followed));
        !contacts.is_empty()
    }

    /// The next place to go to.
    pub fn next_contact(&mut self) -> Option<Contact> {
        let trying = self.stage == Stage::Trying;
        let redirections = &mut self.setup.as_mut().filter(|_| trying)?.redirections;
        if redirections.contacts.is_empty() {
            return None;
        }
        redirections.followed += 1;
        Some(redirections.contacts.remove(0))
    }

    /// Whether it may become another call: emergency calls stay what they are, and nobody is called twice.
    pub fn may_become(&self, plan: &Plan) -> bool {
        let Some(setup) = self.setup.as_ref() else { return false };
        let Redirections { plan: now, before, .. } = &setup.redirections;
        let mut known = before.iter().chain(now.as_deref());
        !setup.ruling.protected && !known.any(|known| plan.goes_where(known))
    }

    /// Goes on along another way to the same number.
    pub fn along(&mut self, core: &mut Core, now: Now, way: Way) {
        let tried = |at: &Way| at.flow.remote == way.flow.remote && at.uri == way.uri;
        let tried = self.branches.iter().any(|branch| tried(&branch.way));
        let Some(setup) = self.setup.as_mut() else { return };
        if tried {
            return core.redirected.push(self.place);
        }
        setup.routes.push_front(vec![way]);
        self.try_route(core, now);
    }

    /// Nothing that was named could be gone to.
    pub fn nowhere_else(&mut self, core: &mut Core, now: Now) {
        let open = self.branches.iter().any(|branch| branch.state == BranchState::Open);
        if self.stage == Stage::Trying && !open {
            self.next_route(core, now);
        }
    }

    /// Goes on as another call, which was judged and allowed. The one it was is over: what waited for it to fail is not
    /// tried under the name of another number.
    pub fn becomes(
        &mut self,
        core: &mut Core,
        now: Now,
        (plan, attempt): (Box<Plan>, Box<Attempt>),
        (routes, ruling): (Vec<Vec<Way>>, Allowed),
    ) {
        self.report(core, now, ReleasedBy::Parties, 302);
        self.cancel_branches(core, now, None);
        (self.id, self.attempt, self.began) = (attempt.call, attempt, now);
        self.said_ringing = false;
        let owner = self.owner(0);
        let Some(setup) = self.setup.as_mut() else { return };
        core.transactions.set_owner(setup.server, owner);
        let before = setup.redirections.plan.replace(plan);
        setup.redirections.before.extend(before.map(|plan| *plan));
        (setup.routes, setup.ruling, setup.best) = (routes.into(), ruling, None);
        self.try_route(core, now);
    }

    /// Whether the party that diverts it let it ring first.
    pub const fn has_rung(&self) -> bool {
        self.rang
    }
}

/// Whether a trunk leads out of the tenant.
pub(super) fn is_carrier(core: &Core, trunk: Option<&TrunkId>) -> bool {
    let trunk = trunk.and_then(|id| core.directory.trunk(id));
    trunk.is_some_and(|trunk| trunk.side == Side::Carrier)
}
