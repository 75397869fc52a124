//! Who is who: tenants, trunks, extensions and our own addresses. Replaced as a whole, never edited.

mod find;
mod index;

pub use index::{Directory, DirectoryError};

use ipnet::IpNet;
use ringfence_model::{E164, ExtensionId, TenantId, TrunkId};
use ringfence_sip::Transport;
use ringfence_sip::digest::{Algorithm, Ha1};
use std::net::SocketAddr;
use std::time::Duration;

/// Everything a [`Directory`] is made of.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Where we listen, in order of preference.
    pub listeners: Vec<Listener>,
    /// Protected customers.
    pub tenants: Vec<Tenant>,
    /// SIP links.
    pub trunks: Vec<Trunk>,
    /// Phones that register here, or are known behind a PBX.
    pub extensions: Vec<Extension>,
    /// How many shards there are (1 to 255).
    pub shards: u8,
}

/// An address we listen on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// What settings call it.
    pub name: String,
    /// How.
    pub transport: Transport,
    /// What the socket is bound to.
    pub local: SocketAddr,
    /// Host and port others reach it by; goes into Via and Contact.
    pub advertised: String,
}

/// A protected customer, as far as signalling is concerned.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Who.
    pub id: TenantId,
    /// SIP domains that are this tenant's; the first one is its realm and stands in From and To. A domain
    /// `<label>.guard.example` tells tenants behind one address apart.
    pub domains: Vec<String>,
    /// Carriers for outside calls, in order of preference.
    pub carriers: Vec<TrunkId>,
    /// Carriers for emergency numbers; empty: as `carriers`.
    pub emergency_carriers: Vec<TrunkId>,
    /// Where calls to numbers of no extension go.
    pub inbound: Inbound,
    /// Numbers of the tenant besides those of its extensions: whole ones, or the first digits of a block.
    pub numbers: Vec<E164>,
    /// Who takes REGISTER.
    pub registering: Registering,
    /// What phones may authenticate with, best first. MD5 only where old phones need it.
    pub algorithms: Vec<Algorithm>,
    /// Code for refused calls of phones.
    pub reject_code: u16,
    /// How long an outgoing call may ring, per route.
    pub ring: Duration,
    /// What becomes of REFER.
    pub referrals: Referrals,
    /// Methods outside dialogs that pass besides INVITE: `MESSAGE`, `SUBSCRIBE`, `NOTIFY`, `OPTIONS`, `INFO`, `PUBLISH`.
    pub methods: Vec<String>,
    /// How numbers are written where the tenant is.
    pub dialling: Dialling,
    /// Extensions of this tenant a caller may be by name, though they register at the PBX: the user part of From
    /// names the extension when it has at most this many digits.
    pub extension_digits_max: u8,
}

/// Where a call from a carrier goes when its number belongs to no extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Inbound {
    /// To this trunk.
    Trunk(TrunkId),
    /// Nowhere: 404.
    Nowhere,
}

/// Who takes REGISTER.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Registering {
    /// The registrar here.
    Here {
        /// Contacts per extension.
        contacts_max: u8,
        /// Shortest and longest time a contact may ask for.
        expires_min: Duration,
        /// See `expires_min`.
        expires_max: Duration,
    },
    /// The PBX behind this trunk; the phone is reached through us all the same.
    PassedTo(TrunkId),
    /// Nobody: the tenant has no phones here.
    Nobody,
}

/// What becomes of REFER (RFC 3515), after the target was judged like a new call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Referrals {
    /// Goes to the other party, who then calls through us.
    #[default]
    Pass,
    /// Refused with 603.
    Refuse,
}

/// Which side of the tenant a trunk is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The tenant's own phone system.
    Pbx,
    /// Where calls leave to and come from.
    Carrier,
}

/// A SIP link.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Which.
    pub id: TrunkId,
    /// Whose; a carrier without one serves every tenant that lists it.
    pub tenant: Option<TenantId>,
    /// Which side.
    pub side: Side,
    /// Addresses its requests come from. Empty: only by digest, certificate or domain.
    pub networks: Vec<IpNet>,
    /// The name in the certificate it must show; only over TLS.
    pub certificate: Option<String>,
    /// What it must authenticate with, by digest, on each INVITE and REGISTER.
    pub login: Option<Login>,
    /// Where requests to it go, in order; names are resolved by RFC 3263 at the rim.
    pub targets: Vec<Target>,
    /// From which of our listeners; `None`: the first one that fits.
    pub listener: Option<String>,
    /// What we authenticate with when it challenges.
    pub account: Option<Account>,
    /// Registers us there.
    pub upstream: Option<Upstream>,
    /// How often OPTIONS asks whether it lives; `None`: never, it counts as alive.
    pub probe: Option<Duration>,
    /// Code for calls of this trunk that are refused: 486 towards PBXs with failover routes, 603 towards proxies.
    pub reject_code: u16,
    /// Answers of this trunk that make the next route be tried, besides a timeout.
    pub failover_codes: Vec<u16>,
    /// How it wants called numbers.
    pub numbers: NumberForm,
    /// How it writes numbers, when not as its tenant does; needed for a carrier of several tenants.
    pub dialling: Option<Dialling>,
    /// Whether its P-Asserted-Identity, Diversion, History-Info and Privacy are believed and it may see ours.
    pub trusted: bool,
    /// Set when it only asks and is answered with a redirect.
    pub adviser: Option<Adviser>,
}

/// Who somebody must prove to be.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its user name.
    pub user: String,
    /// The hashed password.
    pub ha1: Ha1,
}

/// Who we are to a carrier.
#[derive(Clone)]
pub struct Account {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.user)
    }
}

/// A registration we keep at a carrier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    /// `sip:user@domain`
    pub aor: String,
    /// How long to ask for.
    pub expires: Duration,
}

/// Where requests to a trunk go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// Without one, SRV decides.
    pub port: Option<u16>,
    /// Without one, NAPTR decides, then UDP.
    pub transport: Option<Transport>,
}

/// One address of a target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Hop {
    /// Where.
    pub remote: SocketAddr,
    /// How.
    pub transport: Transport,
}

/// How a trunk wants called numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NumberForm {
    /// As they were dialled.
    #[default]
    AsDialled,
    /// `+31...`
    Plus,
    /// `31...`
    Bare,
    /// `0031...`
    DoubleZero,
}

/// How numbers without `+` are written at some place; enough to recognise a tenant's own numbers and a caller's. What
/// is dialled is read by `numbering`, which knows all plans.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dialling {
    /// Country calling code, `31`; empty: only international forms are read.
    pub country_code: String,
    /// What stands before national numbers, `0`; empty where there is none.
    pub national_prefix: String,
    /// What stands before international numbers besides `+`, `00`; empty: nothing.
    pub international_prefix: String,
}

/// A trunk that only asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adviser {
    /// 302, 300, 404 or 503.
    pub allow_code: u16,
    /// A call that was allowed counts as answered for this long, since nobody tells how long it is.
    pub assumed: Duration,
}

/// An internal user.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Whose.
    pub tenant: TenantId,
    /// Its name, the user part of its aor.
    pub id: ExtensionId,
    /// What its phones authenticate with; without one, nobody can register as it.
    pub login: Option<Login>,
    /// Its outside numbers.
    pub numbers: Vec<E164>,
    /// Shown as caller to the outside; `None`: what the phone says, if it is one of `numbers`, else the first.
    pub caller: Option<E164>,
    /// Addresses its phones may use; empty: any.
    pub networks: Vec<IpNet>,
}
