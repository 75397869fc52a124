//! What a new call is: whose, in which direction, from whom, to whom.

use super::number;
use super::parties::{Calling, calling};
use crate::auth::Caller;
use crate::directory::{Directory, Extension, Inbound, Registering, Side, Tenant, Trunk};
use crate::identify::{address, dialling};
use crate::registrar::{Party, Registrar};
use ringfence_model::{Attempt, CallId, Direction, E164, ExtensionId, Moment, Source, TenantId};
use ringfence_model::{TrunkId, Via};
use ringfence_sip::{Flow, Message, Name, Uri};
use std::sync::Arc;

/// A new call, as it is to be judged.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Whose.
    pub tenant: TenantId,
    /// The trunk it came over; `None` when a phone called.
    pub trunk: Option<TrunkId>,
    /// The internal user: who calls, or for a call from outside who is called.
    pub extension: Option<ExtensionId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// What was dialled; for a call from outside the called number as the carrier wrote it.
    pub dialled: Arc<str>,
    /// The called number of a call from outside, when it is the tenant's.
    pub called: Option<E164>,
    /// The calling number.
    pub a_number: Option<E164>,
    /// Shown as caller to outside parties; `None`: what the caller says.
    pub shown: Option<E164>,
    /// Whose diversion makes this call.
    pub forwarded_by: Option<ExtensionId>,
    /// How it is made.
    pub via: Via,
    /// The request URI as the phone wrote it, when the PBX is to check a password that is bound to it.
    pub(super) uri: Option<Box<[u8]>>,
    pub(super) goal: Goal,
}

/// Whom the call is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The phones of an extension.
    Extension(ExtensionId),
    /// One phone whose registration a PBX keeps, by the user part we gave it.
    Token(Box<[u8]>),
    /// Whoever is behind this trunk.
    Trunk(TrunkId),
    /// Somebody outside.
    Outside,
}

/// Why a request goes nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The response code.
    pub code: u16,
}

/// No such user (RFC 3261 §21.4.5).
const NOT_FOUND: Refusal = Refusal { code: 404 };

impl Plan {
    /// The call as the engine is asked about it.
    #[must_use]
    pub fn attempt(&self, call: CallId, flow: &Flow, message: &Message) -> Attempt {
        Attempt {
            call,
            tenant: self.tenant.clone(),
            trunk: self.trunk.clone(),
            extension: self.extension.clone(),
            direction: self.direction,
            a_number: self.a_number,
            dialled: self.dialled.clone(),
            forwarded_by: self.forwarded_by.clone(),
            via: self.via,
            source: Some(source(flow, message)),
            parent: None,
        }
    }

    /// Whether it leaves through carriers.
    #[must_use]
    pub fn goes_outside(&self) -> bool {
        self.goal == Goal::Outside
    }
}

/// Where a request came from, and with which program.
#[must_use]
pub fn source(flow: &Flow, message: &Message) -> Source {
    /// Longer names are cut: they are shown to people and kept with every record.
    const USER_AGENT_CHARS_MAX: usize = 120;
    let named = message.field(Name::UserAgent).and_then(|name| std::str::from_utf8(name).ok());
    let short = |name: &str| name.chars().take(USER_AGENT_CHARS_MAX).collect::<String>();
    Source {
        ip: flow.remote.ip().to_canonical(),
        country: None,
        user_agent: named.map(|name| short(name).into()),
    }
}

/// What this request wants, of a caller that was let in.
///
/// # Errors
/// When it is for nobody.
pub fn plan(
    now: Moment,
    directory: &Directory,
    registrar: &Registrar,
    caller: &Caller<'_>,
    message: &Message,
) -> Result<Plan, Refusal> {
    let uri = message.uri().ok_or(NOT_FOUND)?;
    let request = Request { now, directory, registrar, message, uri };
    match caller {
        Caller::Extension { tenant, extension } => request.of_phone(tenant, extension),
        Caller::Passed { tenant, trunk, extension } => request.of_passed(tenant, trunk, extension),
        Caller::Trunk { tenant: None, .. } => Err(NOT_FOUND),
        Caller::Trunk { trunk, tenant: Some(tenant) } => match trunk.side {
            Side::Pbx => request.of_pbx(trunk, tenant),
            Side::Carrier => request.of_carrier(trunk, tenant),
        },
    }
}

pub(super) struct Request<'a> {
    pub now: Moment,
    pub directory: &'a Directory,
    pub registrar: &'a Registrar,
    pub message: &'a Message,
    pub uri: Uri<'a>,
}

impl Request<'_> {
    fn dialled(&self) -> Result<String, Refusal> {
        number::dialled(&self.uri).filter(|text| !text.is_empty()).ok_or(NOT_FOUND)
    }

    pub fn of_phone(&self, tenant: &Tenant, extension: &Extension) -> Result<Plan, Refusal> {
        let dialled = self.dialled()?;
        let (goal, direction) = match self.inside(tenant, &dialled)? {
            Some(goal) => (goal, Direction::Internal),
            None if number::is_number(&dialled) => (Goal::Outside, Direction::Outbound),
            None => return Err(NOT_FOUND),
        };
        let from = calling(self.directory, &tenant.dialling, tenant, self.message);
        let own = |number: &E164| extension.numbers.contains(number);
        let shown =
            extension.caller.or(from.number.filter(own)).or(extension.numbers.first().copied());
        Ok(Plan {
            trunk: None,
            extension: Some(extension.id.clone()),
            a_number: shown,
            shown,
            via: if from.is_diverted { Via::Forward } else { Via::Phone },
            ..Plan::new(tenant, direction, dialled, goal, from)
        })
    }

    /// A phone that the PBX knows; the PBX asks for its password and says where the call goes.
    fn of_passed(
        &self,
        tenant: &Tenant,
        trunk: &Trunk,
        extension: &ExtensionId,
    ) -> Result<Plan, Refusal> {
        let dialled = self.dialled()?;
        // Only what surely stays inside is called internal: the PBX may dial out with all else.
        let inside = self.directory.extension(&tenant.id, &dialled).is_some();
        let direction = if inside { Direction::Internal } else { Direction::Outbound };
        let from = calling(self.directory, &tenant.dialling, tenant, self.message);
        let own = self.directory.extension(&tenant.id, extension.as_str());
        let a_number = own.and_then(|e| e.caller.or(e.numbers.first().copied())).or(from.number);
        Ok(Plan {
            extension: Some(extension.clone()),
            a_number,
            uri: Some(self.message.uri_text().into()),
            via: if from.is_diverted { Via::Forward } else { Via::Phone },
            ..Plan::new(tenant, direction, dialled, Goal::Trunk(trunk.id.clone()), from)
        })
    }

    pub fn of_pbx(&self, trunk: &Trunk, tenant: &Tenant) -> Result<Plan, Refusal> {
        if let Some(plan) = self.of_pbx_to_its_phone(trunk, tenant) {
            return Ok(plan);
        }
        let dialled = self.dialled()?;
        let way = dialling(trunk, Some(tenant));
        let (goal, direction) = match self.registered_here(tenant, &dialled, trunk) {
            Some(extension) => (Goal::Extension(extension), Direction::Internal),
            None if number::is_number(&dialled) => (Goal::Outside, Direction::Outbound),
            None => return Err(NOT_FOUND),
        };
        let from = calling(self.directory, way, tenant, self.message);
        Ok(Plan {
            trunk: Some(trunk.id.clone()),
            via: if from.is_diverted { Via::Forward } else { Via::Pbx },
            ..Plan::new(tenant, direction, dialled, goal, from)
        })
    }

    /// Only the PBX that keeps a phone's registration may ring it.
    fn of_pbx_to_its_phone(&self, trunk: &Trunk, tenant: &Tenant) -> Option<Plan> {
        if tenant.registering != Registering::PassedTo(trunk.id.clone()) {
            return None;
        }
        let token = self.uri.user?;
        let (party, _) = self.registrar.of_token(self.now, token)?;
        let Party::Phone { tenant: of, extension } = party else { return None };
        if *of != tenant.id {
            return None;
        }
        let way = dialling(trunk, Some(tenant));
        let from = calling(self.directory, way, tenant, self.message);
        let goal = Goal::Token(token.into());
        Some(Plan {
            trunk: Some(trunk.id.clone()),
            extension: Some(extension.clone()),
            via: Via::Pbx,
            ..Plan::new(tenant, Direction::Inbound, extension.as_str().to_owned(), goal, from)
        })
    }

    fn of_carrier(&self, trunk: &Trunk, tenant: &Tenant) -> Result<Plan, Refusal> {
        let way = dialling(trunk, Some(tenant));
        let uris = [Some(self.uri), address(self.message, Name::To)];
        let owned = uris
            .into_iter()
            .flatten()
            .find_map(|uri| number::owner(self.directory, &uri, way))
            .filter(|owned| owned.tenant.id == tenant.id);
        let extension = owned.and_then(|owned| owned.extension);
        let goal = match (extension, &tenant.inbound) {
            (Some(e), _) if is_here(tenant, e) => Goal::Extension(e.id.clone()),
            (_, Inbound::Trunk(to)) => Goal::Trunk(to.clone()),
            (_, Inbound::Nowhere) => return Err(NOT_FOUND),
        };
        // A carrier that we registered at may call the name we gave it, and say the number in To only.
        let said = uris.into_iter().flatten().filter_map(|uri| number::dialled(&uri));
        let dialled = said.into_iter().find(|text| number::is_number(text));
        let dialled = dialled.map_or_else(|| self.dialled(), Ok)?;
        let from = calling(self.directory, way, tenant, self.message);
        Ok(Plan {
            trunk: Some(trunk.id.clone()),
            extension: extension.map(|extension| extension.id.clone()),
            called: owned.map(|owned| owned.number),
            forwarded_by: None,
            ..Plan::new(tenant, Direction::Inbound, dialled, goal, from)
        })
    }

    /// Whom of the tenant's own people a phone called; `None` when nobody.
    fn inside(&self, tenant: &Tenant, dialled: &str) -> Result<Option<Goal>, Refusal> {
        let way = &tenant.dialling;
        let owned = || {
            let owned = number::owner(self.directory, &self.uri, way)?;
            (owned.tenant.id == tenant.id).then_some(owned)
        };
        let named = self.directory.extension(&tenant.id, dialled);
        let (called, own) = match named {
            Some(extension) => (Some(extension), true),
            None => owned().map_or((None, false), |owned| (owned.extension, true)),
        };
        if !own {
            return Ok(None);
        }
        match (called, &tenant.inbound) {
            (Some(e), _) if is_here(tenant, e) => Ok(Some(Goal::Extension(e.id.clone()))),
            (_, Inbound::Trunk(to)) if self.is_pbx(to) => Ok(Some(Goal::Trunk(to.clone()))),
            _ => Err(NOT_FOUND),
        }
    }

    /// An extension that registers here although the call comes from the PBX.
    fn registered_here(
        &self,
        tenant: &Tenant,
        dialled: &str,
        trunk: &Trunk,
    ) -> Option<ExtensionId> {
        let way = dialling(trunk, Some(tenant));
        let owned = || {
            let owned = number::owner(self.directory, &self.uri, way)?;
            owned.extension.filter(|_| owned.tenant.id == tenant.id)
        };
        let named = self.directory.extension(&tenant.id, dialled);
        let found = named.or_else(owned).filter(|extension| is_here(tenant, extension))?;
        Some(found.id.clone())
    }

    fn is_pbx(&self, trunk: &TrunkId) -> bool {
        self.directory.trunk(trunk).is_some_and(|trunk| trunk.side == Side::Pbx)
    }
}

/// Whether an extension's phones register here.
fn is_here(tenant: &Tenant, extension: &Extension) -> bool {
    matches!(tenant.registering, Registering::Here { .. }) && extension.login.is_some()
}

impl Plan {
    fn new(
        tenant: &Tenant,
        direction: Direction,
        dialled: String,
        goal: Goal,
        from: Calling,
    ) -> Self {
        Self {
            tenant: tenant.id.clone(),
            trunk: None,
            extension: from.extension.filter(|_| direction != Direction::Inbound),
            direction,
            dialled: dialled.into(),
            called: None,
            a_number: from.number,
            shown: None,
            forwarded_by: from.forwarded_by,
            via: Via::Unknown,
            uri: None,
            goal,
        }
    }
}
