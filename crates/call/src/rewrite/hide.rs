//! Topology hiding: the addresses of one party's network never reach the other one.

use ringfence_sip::{Host, ShortText, Uri};
use std::net::IpAddr;

/// The addresses of a party's network, as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hidden {
    address: ShortText,
    /// Where its Contact says it is, when that is another address.
    contact: Option<ShortText>,
}

impl Hidden {
    /// The address a party sends from, and its Contact.
    #[must_use]
    pub fn new(remote: IpAddr, contact: &[u8]) -> Self {
        let contact = match Uri::read(contact).map(|uri| uri.host()) {
            Some(Host::Ip(ip)) if ip != remote => Some(ShortText::new().address(ip)),
            _ => None,
        };
        Self { address: ShortText::new().address(remote), contact }
    }

    /// Whether one of them is in `text`.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.first_in(text, 0).is_some()
    }

    /// `text` with `ours` in their places.
    #[must_use]
    pub fn replaced(&self, text: &[u8], ours: &[u8]) -> Vec<u8> {
        let mut new = Vec::with_capacity(text.len() + 16);
        let mut done = 0;
        while let Some((at, len)) = self.first_in(text, done) {
            new.extend_from_slice(text.get(done..at).unwrap_or_default());
            new.extend_from_slice(ours);
            done = at + len;
        }
        new.extend_from_slice(text.get(done..).unwrap_or_default());
        new
    }

    fn first_in(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = std::iter::once(&self.address).chain(&self.contact);
        found.filter_map(|needle| Some((find(text, needle, from)?, needle.len()))).min()
    }
}

/// Where `needle` stands as a whole address: `10.0.0.1` is not in `10.0.0.12`.
fn find(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let mut start = from;
    loop {
        let at = start + memchr::memmem::find(text.get(start..)?, needle)?;
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        if !goes_on(before) && !goes_on(text.get(at + needle.len())) {
            return Some(at);
        }
        start = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_addresses_only() {
        let hidden = Hidden::new("10.0.0.1".parse().unwrap(), b"sip:a@192.0.2.9");
        assert!(hidden.is_in(b"<sip:10.0.0.1>"));
        assert!(!hidden.is_in(b"<sip:10.0.0.12> 110.0.0.1"));
        assert_eq!(hidden.replaced(b"10.0.0.1,192.0.2.9:1,10.0.0.11", b"x"), b"x,x:1,10.0.0.11");
        let six = Hidden::new("2001:db8::1".parse().unwrap(), b"");
        assert_eq!(
            six.replaced(b"[2001:db8::1]:5060 2001:db8::12", b"x"),
            b"[x]:5060 2001:db8::12"
        );
    }
}
