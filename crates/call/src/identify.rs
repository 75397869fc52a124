//! Who is asking, as far as the address, the certificate and the names in a request tell.

use crate::directory::{Dialling, Directory, Side, Tenant, Trunk};
use crate::route::number;
use ringfence_sip::digest::Authorization;
use ringfence_sip::{Flow, Message, Name, Transport, Uri};
use std::net::IpAddr;

/// Who sent a request, before any password was looked at.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'d> {
    /// A trunk: by its address, by its certificate, or by the user name it claims (its `login` then decides).
    Trunk {
        /// Which.
        trunk: &'d Trunk,
        /// Whose call it is; `None` when the trunk serves several tenants and nothing in the request tells which.
        tenant: Option<&'d Tenant>,
    },
    /// Somebody who speaks of a tenant's domain: one of its phones, if a password proves it.
    Phone {
        /// Whose domain.
        tenant: &'d Tenant,
    },
    /// Nobody we know. Gets no answer.
    Stranger,
}

impl<'d> Origin<'d> {
    /// The tenant it is about, when one can be told.
    #[must_use]
    pub const fn tenant(&self) -> Option<&'d Tenant> {
        match self {
            Self::Trunk { tenant, .. } => *tenant,
            Self::Phone { tenant } => Some(tenant),
            Self::Stranger => None,
        }
    }
}

/// Who sent this request. `proved` are the names in the certificate that the other end of the flow's connection showed.
#[must_use]
pub fn identify<'d>(
    directory: &'d Directory,
    flow: &Flow,
    proved: &[String],
    message: &Message,
) -> Origin<'d> {
    let told = Told::by(directory, message);
    let found = trunks_at(directory, flow, proved);
    if let Some((trunk, tenant)) = choose(directory, &found, flow, &told, message) {
        return Origin::Trunk { trunk, tenant };
    }
    let Some(tenant) = told.domain() else { return Origin::Stranger };
    let claimed = directory.has_trunk_logins(&tenant.id).then(|| claimed_user(message)).flatten();
    if let Some(trunk) = claimed.and_then(|user| directory.trunk_of_login(&tenant.id, &user)) {
        return Origin::Trunk { trunk, tenant: Some(tenant) };
    }
    if directory.has_logins(tenant) { Origin::Phone { tenant } } else { Origin::Stranger }
}

/// The tenants whose domains stand in the request.
struct Told<'d> {
    uri: Option<&'d Tenant>,
    to: Option<&'d Tenant>,
    from: Option<&'d Tenant>,
}

impl<'d> Told<'d> {
    fn by(directory: &'d Directory, message: &Message) -> Self {
        let of = |uri: Option<Uri<'_>>| directory.tenant_of_domain(uri?.host);
        Self {
            uri: of(message.uri()),
            to: of(address(message, Name::To)),
            from: of(address(message, Name::From)),
        }
    }

    fn domain(&self) -> Option<&'d Tenant> {
        self.uri.or(self.to).or(self.from)
    }
}

/// The URI of an address field.
pub fn address(message: &Message, name: Name) -> Option<Uri<'_>> {
    message.address(name)?.uri()
}

/// Trunks that may send from here and show the certificate they must; only those whose network is the narrowest.
fn trunks_at<'d>(directory: &'d Directory, flow: &Flow, proved: &[String]) -> Vec<&'d Trunk> {
    let shows = |trunk: &&Trunk| match &trunk.certificate {
        Some(name) => {
            flow.transport == Transport::Tls
                && proved.iter().any(|is| is.eq_ignore_ascii_case(name))
        }
        None => true,
    };
    let ip = flow.remote.ip().to_canonical();
    let mut found: Vec<&Trunk> = directory.trunks_at(ip).filter(shows).collect();
    let narrowest = found.iter().filter_map(|trunk| width(trunk, ip)).max();
    found.retain(|trunk| width(trunk, ip) == narrowest);
    found.dedup_by(|a, b| a.id == b.id);
    if found.is_empty() && flow.transport == Transport::Tls {
        found.extend(directory.trunks_of_certificate(proved));
    }
    found
}

/// The prefix length of the narrowest network of `trunk` that holds `ip`.
fn width(trunk: &Trunk, ip: IpAddr) -> Option<u8> {
    trunk.networks.iter().filter(|net| net.contains(&ip)).map(ipnet::IpNet::prefix_len).max()
}

/// Several trunks at one address are told apart by the domains in the request, then by whose numbers they are, then by
/// where the request arrived.
fn choose<'d>(
    directory: &'d Directory,
    found: &[&'d Trunk],
    flow: &Flow,
    told: &Told<'d>,
    message: &Message,
) -> Option<(&'d Trunk, Option<&'d Tenant>)> {
    let first = *found.first()?;
    if found.len() == 1 {
        return Some((first, tenant_of(directory, first, told, message)));
    }
    let of = |tenant: &Tenant| {
        found.iter().copied().find(|trunk| trunk.tenant.as_ref() == Some(&tenant.id))
    };
    let by_domain = || [told.uri, told.to, told.from].into_iter().flatten().find_map(of);
    let by_number = || {
        let owner = |trunk: &&Trunk| match trunk.side {
            Side::Carrier => called_owner(directory, trunk, None, message),
            Side::Pbx => calling_owner(directory, trunk, message),
        };
        found.iter().filter_map(owner).find_map(of)
    };
    let here = directory.listener(flow).map(|listener| listener.name.as_str());
    let by_listener = || {
        let mut at =
            found.iter().copied().filter(|t| here.is_some() && t.listener.as_deref() == here);
        at.next().filter(|_| at.next().is_none())
    };
    if let Some(trunk) = by_domain().or_else(by_number).or_else(by_listener) {
        return Some((trunk, tenant_of(directory, trunk, told, message)));
    }
    let same = found.iter().all(|trunk| trunk.tenant == first.tenant);
    Some((first, if same { tenant_of(directory, first, told, message) } else { None }))
}

/// Whose a trunk's call is. A carrier of several tenants brings calls for numbers of those that use it.
fn tenant_of<'d>(
    directory: &'d Directory,
    trunk: &Trunk,
    told: &Told<'d>,
    message: &Message,
) -> Option<&'d Tenant> {
    if let Some(tenant) = &trunk.tenant {
        return directory.tenant(tenant);
    }
    let uses = |tenant: &&Tenant| {
        tenant.carriers.contains(&trunk.id) || tenant.emergency_carriers.contains(&trunk.id)
    };
    called_owner(directory, trunk, None, message)
        .filter(uses)
        .or_else(|| [told.uri, told.to].into_iter().flatten().find(uses))
}

/// Whose the called number is.
pub fn called_owner<'d>(
    directory: &'d Directory,
    trunk: &Trunk,
    tenant: Option<&Tenant>,
    message: &Message,
) -> Option<&'d Tenant> {
    [message.uri(), address(message, Name::To)]
        .into_iter()
        .flatten()
        .find_map(|uri| number::owner(directory, &uri, dialling(trunk, tenant)))
        .map(|owned| owned.tenant)
}

fn calling_owner<'d>(
    directory: &'d Directory,
    trunk: &Trunk,
    message: &Message,
) -> Option<&'d Tenant> {
    let tenant = trunk.tenant.as_ref().and_then(|id| directory.tenant(id));
    [Name::PAssertedIdentity, Name::From]
        .into_iter()
        .filter_map(|name| address(message, name))
        .find_map(|uri| number::owner(directory, &uri, dialling(trunk, tenant)))
        .map(|owned| owned.tenant)
}

/// How a trunk writes numbers.
pub fn dialling<'d>(trunk: &'d Trunk, tenant: Option<&'d Tenant>) -> &'d Dialling {
    trunk.dialling.as_ref().or(tenant.map(|tenant| &tenant.dialling)).unwrap_or(Dialling::NONE)
}

/// The user name a request claims to prove.
fn claimed_user(message: &Message) -> Option<String> {
    let mut lines =
        message.lines(Name::Authorization).chain(message.lines(Name::ProxyAuthorization));
    let read = lines.find_map(|value| Authorization::parse(value).ok())?;
    String::from_utf8(read.username.unescaped().into_owned()).ok()
}
