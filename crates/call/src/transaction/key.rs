//! Which transaction a message belongs to (RFC 3261 §17.1.3 and §17.2.3).
//!
//! A key is a keyed 128-bit hash: nobody can make two that are alike, and no text is kept. The address a request came
//! from is part of it, so an outsider who has seen a branch can neither use it up nor cancel with it.

use ringfence_sip::{Essentials, Flow, Message, Method, Via};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::net::IpAddr;

/// A transaction's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64, u64);

/// Makes keys.
#[derive(Clone, Debug)]
pub struct Keys(SipHasher13);

/// Hashes nothing: a key is a hash already.
#[derive(Default)]
pub struct AsItIs(u64);

/// A map by key.
pub type KeyMap<V> = std::collections::HashMap<Key, V, BuildHasherDefault<AsItIs>>;

impl Key {
    /// Of the CANCEL, when this is the key of the client INVITE: they share a branch.
    pub const fn of_cancel(self) -> Self {
        Self(self.0, self.1 ^ Method::Invite as u64 ^ Method::Cancel as u64)
    }
}

impl Keys {
    pub fn new(seed: u64) -> Self {
        Self(SipHasher13::new_with_keys(seed, !seed))
    }

    /// Of the server transaction a request is of. `method` is the request's own, or `INVITE` to find the transaction
    /// that an ACK or CANCEL means.
    pub fn server(
        &self,
        flow: &Flow,
        message: &Message,
        head: &Essentials<'_>,
        method: &[u8],
    ) -> Key {
        let mut hash = self.begin(b's');
        hash.source(flow.remote.ip());
        hash.part(method);
        hash.sent_by(&head.via, flow.transport.default_port());
        match head.via.branch().filter(|branch| has_cookie(branch)) {
            Some(branch) => hash.part(branch),
            None => hash.rfc2543(message, head, method),
        }
        hash.key()
    }

    /// Of the client transaction with this branch of ours.
    pub fn client(&self, branch: &[u8], method: Method) -> Key {
        let mut hash = self.begin(b'c');
        hash.part(branch);
        let Key(first, second) = hash.key();
        Key(first, second ^ method as u64)
    }

    /// What an INVITE, the ACK of its 2xx, and copies of it that came another way have in common (RFC 3261 §8.2.2.2,
    /// §13.2.2.4).
    pub fn invite(&self, flow: &Flow, head: &Essentials<'_>) -> Key {
        let mut hash = self.begin(b'i');
        hash.source(flow.remote.ip());
        hash.part(head.call_id);
        hash.part(head.from.tag().unwrap_or_default());
        hash.0.write_u32(head.cseq.number);
        hash.key()
    }

    /// A tag.
    pub fn tag(&self, tag: Option<&[u8]>) -> u64 {
        let mut hash = self.begin(b't');
        hash.part(tag.unwrap_or_default());
        hash.key().0
    }

    fn begin(&self, purpose: u8) -> Parts {
        let mut hash = self.0;
        hash.write_u8(purpose);
        Parts(hash)
    }
}

/// What goes into a key. Every part is ended, so no two lists of parts are the same bytes.
struct Parts(SipHasher13);

impl Parts {
    fn part(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.0.write_u32(bytes.len() as u32);
    }

    fn source(&mut self, source: IpAddr) {
        match source.to_canonical() {
            IpAddr::V4(ip) => self.part(&ip.octets()),
            IpAddr::V6(ip) => self.part(&ip.octets()),
        }
    }

    /// Host names are the same in any case, and a port that is not said is the usual one.
    fn sent_by(&mut self, via: &Via<'_>, default_port: u16) {
        let mut lower = [0; 64];
        for chunk in via.host.chunks(64) {
            for (to, from) in lower.iter_mut().zip(chunk) {
                *to = from.to_ascii_lowercase();
            }
            self.0.write(lower.get(..chunk.len()).unwrap_or_default());
        }
        self.0.write_u32(via.host.len() as u32);
        self.0.write_u16(via.port.unwrap_or(default_port));
    }

    /// Without a branch that means something (RFC 3261 §17.2.3). The To tag of an ACK is that of the response, so it
    /// is left out for INVITE and what belongs to it.
    fn rfc2543(&mut self, message: &Message, head: &Essentials<'_>, method: &[u8]) {
        self.part(message.uri_text());
        self.part(head.from.tag().unwrap_or_default());
        self.part(head.call_id);
        self.0.write_u32(head.cseq.number);
        self.part(head.via.transport);
        self.part(head.via.params.value("branch").unwrap_or_default());
        if method != b"INVITE" {
            self.part(head.to.tag().unwrap_or_default());
        }
    }

    fn key(&self) -> Key {
        let hash = self.0.finish128();
        Key(hash.h1, hash.h2)
    }
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.get(..7).is_some_and(|cookie| cookie.eq_ignore_ascii_case(b"z9hG4bK"))
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
