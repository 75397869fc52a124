//! What happens to a call: the facts every source of calls is turned into.

use crate::{CallId, Country, E164, ExtensionId, TenantId, TrunkId, WallTime};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// From the tenant's side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the tenant to the carrier.
    Outbound,
    /// From the carrier to the tenant.
    Inbound,
    /// Between two extensions of the tenant.
    Internal,
}

/// How the call came to be made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A desk phone.
    Phone,
    /// The tenant's own PBX over a trunk.
    Pbx,
    /// A program on a computer or mobile.
    Softphone,
    /// An extension that diverts its calls.
    Forward,
    /// An inbound caller dialling on through the PBX (DISA).
    Disa,
    /// A mailbox calling back or dialling on.
    Voicemail,
    /// A program using an API (click to dial).
    Api,
    /// The source does not say.
    #[default]
    Unknown,
}

/// Where an attempt or a registration came from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The address the request came from.
    pub ip: IpAddr,
    /// Its country, when known.
    pub country: Option<Country>,
    /// The `User-Agent` header.
    pub user_agent: Option<Arc<str>>,
}

/// A first INVITE, before anything is decided about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// The call.
    pub call: CallId,
    /// The protected customer.
    pub tenant: TenantId,
    /// The SIP link, when the source says.
    pub trunk: Option<TrunkId>,
    /// The internal user, when the source says.
    pub extension: Option<ExtensionId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// Calling party.
    pub a_number: Option<E164>,
    /// The digits as dialled; `numbering` makes the called number of them.
    pub dialled: Arc<str>,
    /// The extension whose diversion makes this call.
    pub forwarded_by: Option<ExtensionId>,
    /// How the call is made.
    pub via: Via,
    /// Where the request came from.
    pub source: Option<Source>,
    /// The inbound call this outbound one continues.
    pub parent: Option<CallId>,
}

/// Who ended a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedBy {
    /// One of the parties, or the network.
    #[default]
    Parties,
    /// This firewall.
    Policy,
}

/// The end of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The call.
    pub call: CallId,
    /// The final SIP response code; 200 for an answered call.
    pub code: u16,
    /// Charged time in milliseconds; 0 when it was never answered.
    pub billable_ms: u64,
    /// Who ended it.
    pub by: ReleasedBy,
}

/// A registration of a phone from an address other than its last one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// The protected customer.
    pub tenant: TenantId,
    /// The extension that registers.
    pub extension: ExtensionId,
    /// From where, and with which program.
    pub source: Source,
}

/// Failed registrations of the last minute.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RegistrationFailure {
    /// The protected customer.
    pub tenant: TenantId,
    /// The extension tried; empty when the name matched none.
    pub extension: Option<ExtensionId>,
    /// How many.
    pub count: u32,
    /// From where.
    pub source: Source,
}

/// A changed setting of an extension.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConfigChange {
    /// The protected customer.
    pub tenant: TenantId,
    /// The extension.
    pub extension: ExtensionId,
    /// The new forward target; `None` when the forward was cleared.
    pub forward_to: Option<Arc<str>>,
    /// From where the change was made.
    pub source: Option<Source>,
}

/// A protected customer starts, or tells its shape anew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TenantStart {
    /// The protected customer.
    pub tenant: TenantId,
    /// Its SIP links.
    pub trunks: Vec<TrunkId>,
    /// Its extensions, as far as known.
    pub extensions: Vec<ExtensionId>,
    /// Most calls at once the customer has bought; 0 when unknown.
    pub channels: u32,
    /// Whether a PBX of its own stands behind a trunk (else: hosted phones).
    pub own_pbx: bool,
}

/// An answer of a person: what the engine suspected was fraud, or was not.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// The protected customer.
    pub tenant: TenantId,
    /// Whether it was fraud.
    pub fraud: bool,
    /// Restricts the answer to one call; `None` speaks of everything suspected at the tenant.
    pub call: Option<CallId>,
}

/// One fact about calls, in the order of time. The gate's main input.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CallEvent {
    /// A customer starts.
    Tenant(TenantStart),
    /// A call is tried.
    Attempt(Attempt),
    /// The far end is ringing.
    Ringing {
        /// The call.
        call: CallId,
    },
    /// The far end answered: charging starts.
    Answered {
        /// The call.
        call: CallId,
    },
    /// The call is over.
    Released(Release),
    /// A phone registered from a new address.
    Registered(Registration),
    /// Registrations failed.
    RegistrationFailed(RegistrationFailure),
    /// A forward was set or cleared.
    ConfigChanged(ConfigChange),
    /// A person answered.
    Reviewed(Review),
}

/// One record per finished attempt, as importers read it and the gate writes it.
///
/// Numbers are kept as written by the source; `numbering` normalises them at use.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cdr {
    /// The id the source gave it: the key for removing duplicates.
    pub native_id: Arc<str>,
    /// What ties the legs of one call together at the source, when it has such a thing.
    pub correlation_id: Option<Arc<str>>,
    /// The protected customer, when the source tells.
    pub tenant: Option<TenantId>,
    /// The SIP link.
    pub trunk: Option<TrunkId>,
    /// The internal user.
    pub extension: Option<ExtensionId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// Calling party as written.
    pub a_number: Arc<str>,
    /// The number really sent to the trunk, as written.
    pub dialled: Arc<str>,
    /// Diverting party as written.
    pub c_number: Option<Arc<str>>,
    /// How the call was made.
    pub via: Via,
    /// Where the request came from.
    pub source: Option<Source>,
    /// When the attempt began.
    pub started: WallTime,
    /// When it was answered.
    pub answered: Option<WallTime>,
    /// When it ended.
    pub ended: WallTime,
    /// Charged time in milliseconds; 0 when it was never answered.
    pub billable_ms: u64,
    /// The final SIP response code, as given or derived from the source's cause.
    pub code: u16,
}
