//! What operators see of calls, registrations and trunks.

use crate::b2bua::Call;
use crate::registrar::Binding;
use crate::upstream::Health;
use crate::{Calls, Party};
use ringfence_model::{CallId, Direction, E164, ExtensionId, TenantId, TrunkId, WallTime};
use ringfence_sip::Flow;
use std::sync::Arc;

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phase {
    /// Somebody is called; nothing is heard yet.
    Trying,
    /// The far end rings, or plays something.
    Ringing,
    /// It was answered.
    Up,
    /// It is over; the parties are being told.
    Over,
}

/// A call as operators see it. Numbers are whole: who shows them masks them.
#[derive(Clone, PartialEq, Debug)]
pub struct CallView {
    /// Which.
    pub call: CallId,
    /// The caller's Call-ID.
    pub known_as: String,
    /// Whose.
    pub tenant: TenantId,
    /// The trunk it came over.
    pub trunk: Option<TrunkId>,
    /// The internal user.
    pub extension: Option<ExtensionId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// Calling party.
    pub a_number: Option<E164>,
    /// What was dialled.
    pub dialled: Arc<str>,
    /// How far it is.
    pub phase: Phase,
    /// When it began.
    pub began: WallTime,
    /// When it was answered.
    pub answered: Option<WallTime>,
    /// Where the caller is.
    pub caller: Option<Flow>,
    /// Where the called party is, and on which trunk.
    pub callee: Option<(Flow, Option<TrunkId>)>,
}

/// A registered contact as operators see it.
#[derive(Clone, PartialEq, Debug)]
pub struct RegistrationView {
    /// Who.
    pub party: Party,
    /// The contact.
    pub binding: Binding,
}

/// A trunk as operators see it.
#[derive(Clone, PartialEq, Debug)]
pub struct TrunkView {
    /// Which.
    pub trunk: TrunkId,
    /// How it is.
    pub health: Health,
}

impl Calls {
    /// Calls that are not over.
    pub fn running(&self) -> impl Iterator<Item = CallView> {
        self.all()
            .filter(|call| !call.is_silent())
            .map(Call::view)
            .filter(|view| view.phase != Phase::Over)
    }

    /// Registered contacts.
    pub fn registrations(&self) -> impl Iterator<Item = RegistrationView> {
        let all = self.registrar().all();
        all.map(|(party, binding)| RegistrationView {
            party: party.clone(),
            binding: binding.clone(),
        })
    }

    /// Trunks of the directory.
    pub fn trunks(&self) -> impl Iterator<Item = TrunkView> {
        let trunks = self.directory().parts().trunks.iter();
        trunks.filter_map(|trunk| {
            let health = self.health(&trunk.id)?;
            Some(TrunkView { trunk: trunk.id.clone(), health })
        })
    }
}
