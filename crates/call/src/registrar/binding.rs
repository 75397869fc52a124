//! One contact of somebody, and the flow it is reached on.

use ringfence_model::{ExtensionId, Moment, TenantId, TrunkId};
use ringfence_sip::{Flow, Host, Params, Transport, Uri};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// Somebody at the other end of a flow.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Party {
    /// A SIP link.
    Trunk(TrunkId),
    /// The phones of an extension.
    Phone {
        /// Whose.
        tenant: TenantId,
        /// Which.
        extension: ExtensionId,
    },
}

/// A contact that was registered.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// Its URI as registered: the request URI of what is sent there.
    pub contact: Box<[u8]>,
    /// Preference in thousandths (RFC 3261 §10.2.1.2); 1000 when not said.
    pub q: u16,
    /// Which device (`+sip.instance`), when it says.
    pub instance: Option<Box<[u8]>>,
    /// Which of the device's flows (RFC 5626), when it keeps several.
    pub reg_id: Option<u32>,
    /// The way there as the value of a Route field (RFC 3327), when the REGISTER came through proxies.
    pub path: Option<Box<[u8]>>,
    /// Where the REGISTER came from; everything to this contact goes there, whatever its URI says.
    pub flow: Flow,
    /// Call-ID of the REGISTER.
    pub call_id: Box<[u8]>,
    /// Its number.
    pub cseq: u32,
    /// When it was registered last.
    pub refreshed: Moment,
    /// When it ends.
    pub expires: Moment,
    /// What the device says it is.
    pub user_agent: Option<Arc<str>>,
    /// The user part we gave it towards the PBX that keeps the registration.
    pub token: Option<Box<[u8]>>,
}

impl Binding {
    /// Whether a REGISTER with these marks speaks of this contact.
    ///
    /// A device that names itself is one contact per flow (RFC 5626 §6), wherever it moves. One that does not is known
    /// by its URI; phones behind different NATs may have the same private one, so address or Call-ID must be the same
    /// too (a UA keeps its Call-ID, RFC 3261 §10.2).
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        if self.instance.is_some() && other.instance.is_some() {
            return self.instance == other.instance && self.reg_id == other.reg_id;
        }
        let near = self.flow.remote.ip() == other.flow.remote.ip() || self.call_id == other.call_id;
        near && same_contact(&self.contact, &other.contact)
    }

    /// Whether the device sits behind an address translator: the address it gives is not the one it is seen at.
    #[must_use]
    pub fn is_translated(&self) -> bool {
        Uri::read(&self.contact).is_none_or(|uri| match uri.host() {
            Host::Ip(ip) => ip.to_canonical() != self.flow.remote.ip().to_canonical(),
            Host::Name(_) => true,
        })
    }

    /// What becomes of it without its connection: reachable at the address it gives, if that is the one it was seen
    /// at; a device behind a translator is out of reach until it registers again.
    #[must_use]
    pub fn without_connection(&self) -> Option<Flow> {
        if self.flow.transport == Transport::Udp {
            return Some(self.flow);
        }
        if self.path.is_some() || self.is_translated() {
            return None;
        }
        let port = Uri::read(&self.contact)?.port.unwrap_or(self.flow.transport.default_port());
        let remote = SocketAddr::new(self.flow.remote.ip(), port);
        Some(Flow { remote, connection: None, ..self.flow })
    }
}

/// Whether two contact URIs mean the same place (RFC 3261 §19.1.4, as far as contacts differ in practice: scheme, user,
/// host, port and transport).
#[must_use]
pub fn same_contact(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let (Some(a), Some(b)) = (Uri::read(a), Uri::read(b)) else { return false };
    a.scheme == b.scheme
        && a.user == b.user
        && a.host.eq_ignore_ascii_case(b.host)
        && a.port == b.port
        && match (transport(a.params), transport(b.params)) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (None, None) => true,
            _ => false,
        }
}

fn transport(params: Params<'_>) -> Option<&[u8]> {
    params.value("transport")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place() {
        for (a, b, same) in [
            ("sip:201@Host", "sip:201@host", true),
            ("sip:201@h;transport=TCP;x=1", "sip:201@h;transport=tcp", true),
            ("sip:201@h:5060", "sip:201@h", false),
            ("sip:201@h", "sips:201@h", false),
            ("sip:201@h", "sip:202@h", false),
            ("sip:201@h;transport=tcp", "sip:201@h", false),
            ("*", "sip:201@h", false),
        ] {
            assert_eq!(same_contact(a.as_bytes(), b.as_bytes()), same, "{a} {b}");
        }
    }
}
