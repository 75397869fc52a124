//! By which ways a call that was ruled on may go.

use super::plan::{Goal, Plan, Refusal};
use crate::directory::{Directory, Hop, Inbound, NumberForm, Side, Tenant, Trunk};
use crate::registrar::{Binding, Party, Registrar};
use crate::upstream::Trunks;
use ringfence_model::{E164, Moment, TrunkId};
use ringfence_sip::{Flow, Uri};

/// Where one leg may go.
#[derive(Clone, PartialEq, Debug)]
pub struct LegTarget {
    /// Who is there.
    pub party: Party,
    /// On which flow.
    pub flow: Flow,
    /// The request URI.
    pub uri: Box<[u8]>,
    /// The URI for To.
    pub to: Box<[u8]>,
    /// Value of a Route field, when the way leads through proxies.
    pub route: Option<Box<[u8]>>,
}

/// What was ruled, as far as the way depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Way<'a> {
    /// An emergency number or helpline.
    pub protected: bool,
    /// The called number, when it is an outside one.
    pub b_number: Option<E164>,
    /// Digits that go out instead of what was dialled.
    pub dial: Option<&'a str>,
}

/// What ways depend on besides the call.
#[derive(Clone, Copy, Debug)]
pub struct Net<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// Who is registered.
    pub registrar: &'a Registrar,
    /// Where trunks are.
    pub trunks: &'a Trunks,
}

/// The ways of a call: each element is tried after the one before it failed; the targets in it ring at once.
///
/// # Errors
/// 480 when an extension has no phone registered, 404 when the tenant has no carrier or a phone dialled what is no
/// number, 503 when no trunk has a known address.
pub fn routes(
    now: Moment,
    net: Net<'_>,
    plan: &Plan,
    way: Way<'_>,
) -> Result<Vec<Vec<LegTarget>>, Refusal> {
    let gone = Refusal { code: 404 };
    let tenant = net.directory.tenant(&plan.tenant).ok_or(gone)?;
    let found = match &plan.goal {
        Goal::Extension(id) => {
            let party = Party::Phone { tenant: tenant.id.clone(), extension: id.clone() };
            net.phones(tenant, &party, &net.registrar.contacts(now, &party))
        }
        Goal::Token(token) => {
            let (party, binding) =
                net.registrar.of_token(now, token).ok_or(Refusal { code: 480 })?;
            net.phones(tenant, party, &[binding])
        }
        Goal::Trunk(id) => {
            let trunk = net.directory.trunk(id).ok_or(gone)?;
            return filled(net.trunk(now, trunk, plan, way), 503);
        }
        Goal::Outside => {
            let trunks = net.outside(tenant, plan, way);
            if trunks.is_empty() {
                return Err(gone);
            }
            let ways = trunks.into_iter().flat_map(|trunk| net.trunk(now, trunk, plan, way));
            return filled(ways.collect(), 503);
        }
    };
    filled(found, 480)
}

fn filled(ways: Vec<Vec<LegTarget>>, code: u16) -> Result<Vec<Vec<LegTarget>>, Refusal> {
    if ways.is_empty() { Err(Refusal { code }) } else { Ok(ways) }
}

impl<'a> Net<'a> {
    /// Contacts of equal preference ring at once, others after them (RFC 3261 §16.6).
    fn phones(&self, tenant: &Tenant, party: &Party, contacts: &[&Binding]) -> Vec<Vec<LegTarget>> {
        let domain = tenant.domains.first().map_or("", String::as_str);
        let to = match party {
            Party::Phone { extension, .. } => sip(extension.as_str(), domain),
            Party::Trunk(trunk) => sip(trunk.as_str(), domain),
        };
        let target = |binding: &&Binding| LegTarget {
            party: party.clone(),
            flow: binding.flow,
            uri: binding.contact.clone(),
            to: to.clone(),
            route: binding.path.clone(),
        };
        contacts.chunk_by(|a, b| a.q == b.q).map(|same| same.iter().map(target).collect()).collect()
    }

    /// The trunks for a call to the outside, those that answer before those that do not. What is dialled inside but
    /// is no extension here may be one of the PBX.
    fn outside(&self, tenant: &Tenant, plan: &Plan, way: Way<'_>) -> Vec<&'a Trunk> {
        let inside = way.b_number.is_none()
            && !way.protected
            && plan.dialled.len() <= usize::from(tenant.extension_digits_max);
        let pbx = match &tenant.inbound {
            Inbound::Trunk(id) if plan.trunk.as_ref() != Some(id) => {
                self.directory.trunk(id).filter(|trunk| trunk.side == Side::Pbx)
            }
            _ => None,
        };
        if let Some(pbx) = pbx.filter(|_| inside || tenant.carriers.is_empty()) {
            return vec![pbx];
        }
        // A phone that dialled digits which are nobody's extension and no number of any plan: no carrier knows them.
        let digits = plan.dialled.strip_suffix('#').unwrap_or(&plan.dialled);
        let is_nothing = way.b_number.is_none()
            && !way.protected
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_nothing && plan.trunk.is_none() {
            return Vec::new();
        }
        let emergency = way.protected && !tenant.emergency_carriers.is_empty();
        let first: &[TrunkId] = if emergency { &tenant.emergency_carriers } else { &[] };
        let mut found: Vec<&Trunk> = Vec::new();
        for id in first.iter().chain(&tenant.carriers) {
            let new = !found.iter().any(|trunk| trunk.id == *id);
            found.extend(self.directory.trunk(id).filter(|_| new));
        }
        found.sort_by_key(|trunk| !self.trunks.is_alive(&trunk.id));
        found
    }

    /// Every address of a trunk, one after the other; of one that registers here, its contacts.
    fn trunk(&self, now: Moment, trunk: &Trunk, plan: &Plan, way: Way<'_>) -> Vec<Vec<LegTarget>> {
        let user = match way.dial {
            Some(digits) => digits.into(),
            None => form(trunk.numbers, way.b_number.or(plan.called), &plan.dialled),
        };
        let party = Party::Trunk(trunk.id.clone());
        if trunk.targets.is_empty() {
            let contacts = self.registrar.contacts(now, &party);
            let target = |binding: &&Binding| {
                let host = host_of(&binding.contact)?;
                let uri = plan.uri.clone().unwrap_or_else(|| sip(&user, &host));
                let to = uri.clone();
                let (flow, route) = (binding.flow, binding.path.clone());
                Some(vec![LegTarget { party: party.clone(), flow, uri, to, route }])
            };
            return contacts.iter().filter_map(target).collect();
        }
        let uri = plan.uri.clone().unwrap_or_else(|| sip(&user, &trunk.domain()));
        let target = |hop: &Hop| {
            let flow = self.flow(trunk, hop)?;
            let (uri, to) = (uri.clone(), uri.clone());
            Some(vec![LegTarget { party: party.clone(), flow, uri, to, route: None }])
        };
        self.trunks.hops(&trunk.id).iter().filter_map(target).collect()
    }

    fn flow(&self, trunk: &Trunk, hop: &Hop) -> Option<Flow> {
        flow_to(self.directory, trunk, hop)
    }
}

/// The flow on which a hop of a trunk is reached.
pub fn flow_to(directory: &Directory, trunk: &Trunk, hop: &Hop) -> Option<Flow> {
    let listener = directory.listener_for(Some(trunk), hop.transport, hop.remote.ip())?;
    Some(Flow {
        transport: hop.transport,
        local: listener.local,
        remote: hop.remote,
        connection: None,
    })
}

impl Trunk {
    /// The host that stands in requests to it: the domain we are registered in, else that of its first target.
    pub(crate) fn domain(&self) -> String {
        let registered = self.upstream.as_ref().and_then(|up| host_of(up.aor.as_bytes()));
        let target = || {
            let first = self.targets.first()?;
            let host = bracketed(&first.host);
            Some(first.port.map_or(host.clone(), |port| format!("{host}:{port}")))
        };
        registered.or_else(target).unwrap_or_default()
    }
}

/// A bare IPv6 address needs brackets in a URI.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Host, port and parameters of a URI: all behind the user part.
fn host_of(uri: &[u8]) -> Option<String> {
    let uri = Uri::read(uri)?;
    let text = std::str::from_utf8(uri.text).ok()?;
    let behind = text.rsplit_once('@').map_or_else(|| text.split_once(':'), Some)?.1;
    Some(behind.split('?').next()?.to_owned())
}

/// The user part in the form a trunk wants. Without a number for it (feature codes, short numbers, emergency numbers)
/// it is as dialled.
pub(super) fn form(form: NumberForm, number: Option<E164>, dialled: &str) -> String {
    let Some(number) = number.filter(|_| form != NumberForm::AsDialled) else {
        return dialled.to_owned();
    };
    let full = number.full();
    let digits = full.trim_start_matches('+');
    match form {
        NumberForm::AsDialled | NumberForm::Plus => full,
        NumberForm::Bare => digits.to_owned(),
        NumberForm::DoubleZero => format!("00{digits}"),
    }
}

/// `sip:user@host`, with what cannot stand in a user part escaped (RFC 3261 §25.1).
pub fn sip(user: &str, host: &str) -> Box<[u8]> {
    let mut text = Vec::with_capacity(user.len() + host.len() + 8);
    text.extend_from_slice(b"sip:");
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            text.push(byte);
        } else {
            text.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    text.push(b'@');
    text.extend_from_slice(host.as_bytes());
    text.into_boxed_slice()
}
