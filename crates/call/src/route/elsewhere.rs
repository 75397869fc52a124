//! Where a call goes that was sent elsewhere (RFC 3261 §8.1.3.4): a carrier sends it to another place of the carriers,
//! a phone or a PBX diverts it, which is a call of its own.

use super::number;
use super::plan::{Goal, Plan, Refusal, Request};
use super::ways::{LegTarget, Net, Way, flow_to, form, sip};
use crate::directory::{Directory, Hop, Side, Tenant, Trunk};
use crate::identify::dialling;
use crate::registrar::Party;
use ringfence_model::{E164, Moment, TrunkId, Via};
use ringfence_sip::{Flow, Host, Message, Scheme, Uri};
use std::net::SocketAddr;

/// What a carrier's redirection leads to.
#[derive(Debug)]
pub enum Redirection {
    /// The same number by another way.
    Along(LegTarget),
    /// Another number, which has to be judged.
    Anew(Box<Plan>, Detour),
}

/// The place where a carrier says that another number is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detour {
    trunk: TrunkId,
    flow: Flow,
    host: String,
    /// The number as it is written there.
    written: String,
}

/// What a carrier's redirection leads to; `None` when it is not to be followed. It is followed to addresses and names
/// of this carrier or of another one of the tenant and to no others: whoever answers for a carrier does not get to say
/// where we send packets.
pub fn redirected(
    net: Net<'_>,
    plan: &Plan,
    by: &Trunk,
    asked: &[u8],
    uri: &Uri<'_>,
) -> Option<Redirection> {
    if plan.goal != Goal::Outside {
        return None;
    }
    let tenant = net.directory.tenant(&plan.tenant)?;
    let (trunk, flow) = net.place_of(tenant, by, uri)?;
    let host = match uri.scheme {
        Scheme::Tel => trunk.domain(),
        Scheme::Sip | Scheme::Sips => host_port(uri)?,
    };
    let numbers = dialling(by, Some(tenant));
    let meant = |uri: &Uri<'_>| {
        let number = number::calling(uri, numbers);
        Some((number, number.map_or(number::dialled(uri)?, E164::full)))
    };
    let (number, said) = meant(uri).filter(|(_, said)| number::is_number(said))?;
    let is_own = trunk.id == by.id;
    let (_, before) = Uri::read(asked).as_ref().and_then(meant)?;
    if said == before {
        // Its parameters are the point of it where numbers are ported (`rn`, RFC 4694). They are for the one that wrote
        // them: another carrier is told what it would have been told anyway.
        let target = match uri.user.filter(|_| is_own && uri.scheme != Scheme::Tel) {
            Some(user) => [b"sip:", user, b"@", host.as_bytes()].concat().into(),
            // What is no number (an emergency number) was perhaps not sent as it was dialled.
            None if number.is_none() => sip(&before, &host),
            None => sip(&form(trunk.numbers, number, &plan.dialled), &host),
        };
        let party = Party::Trunk(trunk.id.clone());
        let to = asked.into();
        let along = LegTarget { party, flow, uri: target, to, route: None };
        return Some(Redirection::Along(along));
    }
    let written = if is_own { number::dialled(uri)? } else { said.clone() };
    let plan = Plan { dialled: said.into(), ..plan.clone() };
    let detour = Detour { trunk: trunk.id.clone(), flow, host, written };
    Some(Redirection::Anew(Box::new(plan), detour))
}

impl Detour {
    /// The way there, for what was ruled.
    #[must_use]
    pub fn target(&self, directory: &Directory, ruled: Way<'_>) -> Option<LegTarget> {
        let trunk = directory.trunk(&self.trunk)?;
        let user = match ruled.dial {
            Some(digits) => digits.to_owned(),
            None => form(trunk.numbers, ruled.b_number, &self.written),
        };
        let uri = sip(&user, &self.host);
        let party = Party::Trunk(trunk.id.clone());
        Some(LegTarget { party, flow: self.flow, to: uri.clone(), uri, route: None })
    }
}

/// What a call becomes when the phone it reached, or the PBX `by`, sends it elsewhere: a call of that one, who pays.
///
/// # Errors
/// When it is for nobody, or not for us to divert.
pub fn diverted(
    now: Moment,
    net: Net<'_>,
    plan: &Plan,
    by: Option<&Trunk>,
    invite: &Message,
    uri: Uri<'_>,
) -> Result<Plan, Refusal> {
    let gone = Refusal { code: 404 };
    let Net { directory, registrar, .. } = net;
    let tenant = directory.tenant(&plan.tenant).ok_or(gone)?;
    let request = Request { now, directory, registrar, message: invite, uri };
    let new = match (by, &plan.goal) {
        (Some(pbx), _) => {
            let new = request.of_pbx(pbx, tenant)?;
            Plan { extension: plan.extension.clone(), forwarded_by: plan.extension.clone(), ..new }
        }
        (None, Goal::Extension(id)) => {
            let extension = directory.extension(&tenant.id, id.as_str()).ok_or(gone)?;
            let new = request.of_phone(tenant, extension)?;
            let (shown, a_number) = match new.goal {
                Goal::Outside => (new.shown, new.a_number),
                // Colleagues see who calls, not who passes it on.
                _ => (None, plan.a_number),
            };
            Plan { forwarded_by: Some(id.clone()), shown, a_number, ..new }
        }
        // The phones of a PBX are its own to divert.
        (None, _) => return Err(gone),
    };
    Ok(Plan { via: Via::Forward, ..new })
}

impl Plan {
    /// Whether both are for the same party.
    #[must_use]
    pub fn goes_where(&self, other: &Self) -> bool {
        match &self.goal {
            Goal::Outside | Goal::Trunk(_) => self.dialled == other.dialled,
            Goal::Extension(_) | Goal::Token(_) => self.goal == other.goal,
        }
    }
}

impl<'a> Net<'a> {
    /// Whose place a carrier names, and the flow to there.
    fn place_of(&self, tenant: &Tenant, by: &'a Trunk, uri: &Uri<'_>) -> Option<(&'a Trunk, Flow)> {
        let all = tenant.carriers.iter().chain(&tenant.emergency_carriers);
        let carriers = all.filter_map(|id| self.directory.trunk(id));
        let carriers = carriers.filter(|trunk| trunk.side == Side::Carrier);
        std::iter::once(by)
            .chain(carriers)
            .find_map(|trunk| Some((trunk, self.flow_at(trunk, uri)?)))
    }

    /// The flow to a place that is this trunk's: always with the trunk's own transport, so that nobody is talked out of
    /// TLS, and never back to us.
    fn flow_at(&self, trunk: &Trunk, uri: &Uri<'_>) -> Option<Flow> {
        let hops = self.trunks.hops(&trunk.id);
        let first = *hops.first()?;
        let hop = match uri.host() {
            _ if uri.scheme == Scheme::Tel => first,
            Host::Ip(ip) => {
                let ip = ip.to_canonical();
                let known = hops.iter().find(|hop| hop.remote.ip().to_canonical() == ip);
                if known.is_none() && !trunk.networks.iter().any(|net| net.contains(&ip)) {
                    return None;
                }
                let transport = known.map_or(first.transport, |hop| hop.transport);
                let usual = known.map_or(transport.default_port(), |hop| hop.remote.port());
                Hop { remote: SocketAddr::new(ip, uri.port.unwrap_or(usual)), transport }
            }
            Host::Name(name) if trunk.is_called(name) => {
                let port = uri.port.unwrap_or(first.remote.port());
                Hop { remote: SocketAddr::new(first.remote.ip(), port), ..first }
            }
            Host::Name(_) => return None,
        };
        let to_us = self.directory.parts().listeners.iter().any(|own| own.local == hop.remote);
        flow_to(self.directory, trunk, &hop).filter(|_| !to_us)
    }
}

impl Trunk {
    /// Whether settings call it so: by a target, or by the domain we are registered in.
    fn is_called(&self, name: &[u8]) -> bool {
        let registered =
            self.upstream.as_ref().and_then(|upstream| Uri::read(upstream.aor.as_bytes()));
        let targets = self.targets.iter().map(|target| target.host.as_bytes());
        targets.chain(registered.map(|uri| uri.host)).any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn host_port(uri: &Uri<'_>) -> Option<String> {
    let host = std::str::from_utf8(uri.host).ok()?;
    Some(uri.port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
