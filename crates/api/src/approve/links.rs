//! Links by which a contact answers: what they name is signed, so nobody can make one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ringfence_model::TenantId;
use sha2::{Digest, Sha256};

/// The beginning of the path.
pub const PATH: &str = "/approve/";
/// No link is longer.
const CHARS_MAX: usize = 1_000;

/// Makes and reads links.
#[derive(Clone, Debug)]
pub struct Links(hmac::Key);

/// What a link names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// What is to be answered.
    pub approval: String,
    /// Whose contact.
    pub tenant: TenantId,
    /// Who answers.
    pub contact: String,
}

impl Links {
    /// With the node's secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        // Its own key, so that nothing else made of the secret can be confused with it.
        let key =
            Sha256::new().chain_update(b"ringfence approvals 1").chain_update(secret).finalize();
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The path at which this contact can answer.
    #[must_use]
    pub fn path(&self, approval: &str, tenant: &TenantId, contact: &str) -> String {
        let named = format!("{approval}\0{tenant}\0{contact}");
        let mac = hmac::sign(&self.0, named.as_bytes());
        format!("{PATH}{}.{}", BASE64.encode(named), BASE64.encode(mac.as_ref()))
    }

    /// What a link names; `None` when it is not ours.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Named> {
        if token.len() > CHARS_MAX {
            return None;
        }
        let (named, mac) = token.split_once('.')?;
        let (named, mac) = (BASE64.decode(named).ok()?, BASE64.decode(mac).ok()?);
        hmac::verify(&self.0, &named, &mac).ok()?;
        let mut parts = std::str::from_utf8(&named).ok()?.split('\0').map(str::to_owned);
        let (approval, tenant, contact) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then(|| Named { approval, tenant: TenantId::new(&tenant), contact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_what_was_signed_and_nothing_else() {
        let links = Links::new(&[7; 32]);
        let path = links.path("event-1", &"acme".into(), "anna");
        let token = path.strip_prefix(PATH).unwrap();
        let named = links.read(token).unwrap();
        assert_eq!(
            (&*named.approval, named.tenant.as_str(), &*named.contact),
            ("event-1", "acme", "anna")
        );
        assert_eq!(Links::new(&[8; 32]).read(token), None);
        let (head, mac) = token.split_once('.').unwrap();
        let other = BASE64.encode("event-1\0acme\0bram");
        for forged in
            [format!("{other}.{mac}"), format!("{head}."), head.to_owned(), "A".repeat(5_000)]
        {
            assert_eq!(links.read(&forged), None, "{forged}");
        }
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(links.read(&String::from_utf8(bytes).unwrap()), None, "{at}");
        }
    }
}
