//! `[[feed]]`: what PBXs let us see of their calls and logins.

use super::guard::{MEND as NETWORK, network};
use super::listen::host_and_port;
use super::problem::At;
use super::section::Section;
use super::trunk::Draft;
use ipnet::IpNet;
use ringfence_call::Side;
use ringfence_edge::Tls;
use ringfence_model::TrunkId;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

/// What one PBX lets us see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// Its name.
    pub id: String,
    /// The trunk that is the PBX.
    pub trunk: TrunkId,
    /// How it is seen.
    pub kind: FeedKind,
}

/// How a PBX is seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedKind {
    /// It sends copies of its signalling.
    Hep(Hep),
    /// It tells of events over its manager interface.
    Manager(Manager),
    /// It writes a security log on this machine.
    SecurityLog(PathBuf),
}

/// Where copies of signalling come in.
#[derive(Clone, PartialEq, Eq)]
pub struct Hep {
    /// As datagrams.
    pub udp: Option<SocketAddr>,
    /// Over connections.
    pub tcp: Option<SocketAddr>,
    /// Who may send them.
    pub from: Vec<IpNet>,
    /// What each must show.
    pub key: Option<String>,
    /// Where the carrier is; where the tenant's carriers are, when empty.
    pub carrier: Vec<IpNet>,
}

impl fmt::Debug for Hep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "copies from {:?} at {:?} {:?}", self.from, self.udp, self.tcp)
    }
}

/// Asterisk's manager interface.
#[derive(Clone, PartialEq, Eq)]
pub struct Manager {
    /// Where.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are there.
    pub user: String,
    /// And how we prove it.
    pub password: String,
    /// Whose certificates are believed; none: it is not encrypted.
    pub tls: Option<Tls>,
    /// Its endpoints that lead to the carrier, such as `PJSIP/carrier`.
    pub carrier: Vec<String>,
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "manager at {}:{}", self.host, self.port)
    }
}

/// A feed as written.
pub(super) struct Written {
    pub feed: Feed,
    trunk: At<String>,
    span: Range<usize>,
}

pub(super) fn read(root: &mut Section<'_>) -> Vec<Written> {
    root.sections("feed").into_iter().filter_map(feed).collect()
}

fn feed(mut section: Section<'_>) -> Option<Written> {
    let desk = section.desk();
    let span = section.span.clone();
    let id = section.required("id", "pbx-signalling");
    if let Some(id) = &id {
        desk.declare("feed", id);
    }
    let trunk = section.required("trunk", "pbx");
    let kind = section.required("kind", "hep").and_then(|at| match at.value.as_str() {
        "hep" => hep(&mut section).map(FeedKind::Hep),
        "asterisk" => manager(&mut section).map(FeedKind::Manager),
        "asterisk_log" => security_log(&mut section).map(FeedKind::SecurityLog),
        other => {
            let mend = "write \"hep\", \"asterisk\" (its manager) or \"asterisk_log\"";
            desk.wrong(&at.span, format!("kind: \"{other}\" is no feed"), mend);
            None
        }
    });
    // Of a kind that is none, nothing is known of its fields.
    let (id, trunk, kind) = (id?, trunk?, kind?);
    section.finish();
    let feed = Feed { id: id.value, trunk: TrunkId::new(&trunk.value), kind };
    Some(Written { feed, trunk, span })
}

fn hep(section: &mut Section<'_>) -> Option<Hep> {
    let desk = section.desk();
    let span = section.span.clone();
    let mend = "write an address and a port, such as \"192.0.2.1:9060\"";
    let mut at = |key| section.text(key, mend, str::parse::<SocketAddr>);
    let (udp, tcp) = (at("udp"), at("tcp"));
    let from = section.texts("from", NETWORK, network).unwrap_or_default();
    let key = section.secret("key");
    let carrier = section.texts("carrier", NETWORK, network).unwrap_or_default();
    if udp.is_none() && tcp.is_none() {
        desk.wrong(&span, "the feed listens nowhere", "add udp = \"192.0.2.1:9060\"");
    }
    if from.is_empty() {
        let mend = "add from = \"192.0.2.20\", the address of the PBX";
        desk.wrong(&span, "nobody may send copies of signalling here", mend);
        return None;
    }
    if let Some(at) = udp.as_ref().filter(|at| key.is_none() && !at.value.ip().is_loopback()) {
        let what =
            "who can forge datagrams of the PBX can have its calls ended and others shut out";
        desk.doubt(&at.span, what, "add key = { file = \"...\" }, and set it in the PBX");
    }
    Some(Hep {
        udp: udp.map(|at| at.value),
        tcp: tcp.map(|at| at.value),
        from: from.into_iter().map(|at| at.value).collect(),
        key: key.map(|at| at.value),
        carrier: carrier.into_iter().map(|at| at.value).collect(),
    })
}

fn manager(section: &mut Section<'_>) -> Option<Manager> {
    let desk = section.desk();
    let authority = section.take::<String>("authority").map(|at| {
        let hosts = vec![desk.source().beside(&at.value)];
        (at.span, Tls { hosts, ..Tls::default() })
    });
    if let Some((span, tls)) = &authority
        && let Err(error) = tls.check()
    {
        desk.wrong(span, error.to_string(), "then `ringfence check-config` again");
    }
    let address = section.required("address", "192.0.2.20:5038")?;
    let (host, port) = match host_and_port(&address.value) {
        Ok((host, port)) => (host, port.unwrap_or(if authority.is_some() { 5039 } else { 5038 })),
        Err(why) => {
            let what = format!("address: \"{}\" {why}", address.value);
            desk.wrong(&address.span, what, "write such as \"192.0.2.20:5038\"");
            return None;
        }
    };
    let user = section.required("user", "ringfence");
    let password = section.secret("password");
    let one_line = |at: &At<String>| !at.value.chars().any(char::is_control);
    if !user.as_ref().is_some_and(one_line) || !password.as_ref().is_some_and(one_line) {
        let mend = "add user = \"ringfence\" and password = { file = \"...\" }, each one line";
        desk.wrong(&section.span, "the manager asks for a login", mend);
    }
    let is_own = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    if authority.is_none() && !is_own {
        let mend = "add authority = \"pbx.pem\", whose certificates are believed, or use a tunnel";
        desk.doubt(&address.span, "the login goes over the network in the clear", mend);
    }
    let mend = "write endpoints as channels are named, such as \"PJSIP/carrier\"";
    let carrier = section.texts("carrier", mend, |text| match text.split_once('/') {
        Some((tech, name)) if !tech.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err("is no endpoint"),
    });
    Some(Manager {
        host,
        port,
        user: user?.value,
        password: password?.value,
        tls: authority.map(|(_, tls)| tls),
        carrier: carrier.unwrap_or_default().into_iter().map(|at| at.value).collect(),
    })
}

fn security_log(section: &mut Section<'_>) -> Option<PathBuf> {
    let path = section.required("path", "/var/log/asterisk/security.log")?;
    Some(section.desk().source().beside(&path.value))
}

impl Written {
    /// Looks for its trunk, which the file has, or the store.
    pub fn check(&self, section: &Section<'_>, trunks: &[Draft], is_whole: bool) {
        let desk = section.desk();
        let found = trunks.iter().find(|of| of.trunk.id == self.feed.trunk);
        let Some(draft) = found else {
            if is_whole {
                desk.uses("trunk", self.trunk.clone());
            }
            return;
        };
        if draft.trunk.side == Side::Carrier {
            let what = format!("feed \"{}\": a carrier shows us nothing", self.feed.id);
            desk.wrong(&self.trunk.span, what, "name the trunk that is the PBX");
        }
        if !takes_calls(&draft.trunk, draft.login.is_some()) {
            return;
        }
        let tenant = draft.trunk.tenant.as_ref();
        let has_carrier = trunks.iter().any(|of| {
            of.trunk.side == Side::Carrier
                && !of.trunk.networks.is_empty()
                && of.trunk.tenant.as_ref().is_none_or(|of| Some(of) == tenant)
        });
        let (blind, mend) = match &self.feed.kind {
            FeedKind::Hep(hep) => {
                (hep.carrier.is_empty() && !has_carrier, "add carrier = \"198.51.100.0/28\"")
            }
            FeedKind::Manager(manager) => {
                (manager.carrier.is_empty(), "add carrier = \"PJSIP/carrier\"")
            }
            FeedKind::SecurityLog(_) => (false, ""),
        };
        if blind {
            let what = "it is not said where the carrier is: only failed logins are seen, no calls";
            desk.doubt(&self.span, what, mend);
        }
    }
}

/// Whether calls of this PBX are known from its feeds: they neither come here nor does it ask about them.
pub(crate) fn takes_calls(trunk: &ringfence_call::Trunk, has_login: bool) -> bool {
    trunk.networks.is_empty()
        && trunk.certificate.is_none()
        && trunk.upstream.is_none()
        && trunk.adviser.is_none()
        && !has_login
}
