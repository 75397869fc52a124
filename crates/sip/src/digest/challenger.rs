//! The server side: challenge without memory, verify in the same time for everyone.

use super::algorithm::Algorithm;
use super::authorization::Authorization;
use super::ha1::Ha1;
use super::nonce::{Mint, NonceId};
use super::params::is_control;
use super::response::{Auth, Exchange};
use memchr::{memchr, memrchr};
use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Challenges and verifies for one realm.
#[derive(Clone)]
pub struct Challenger {
    realm: Box<str>,
    mint: Mint,
    lifetime_us: u64,
    without_qop: bool,
}

/// What is known of a request apart from its credentials.
#[derive(Clone, Copy, Debug)]
pub struct Challenged<'a> {
    /// The method, as on the wire.
    pub method: &'a [u8],
    /// The Request-URI, as on the wire.
    pub uri: &'a [u8],
    /// Binds a nonce to its asker: bytes that the challenged request and its answer share and that tell
    /// askers apart, such as source address and port. Two askers with the same bytes in the same
    /// microsecond get the same nonce, and the second to use it is sent back for another.
    pub binding: &'a [u8],
}

/// A request whose digest is right; still to be shown to [`super::Replays`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The nonce used.
    pub nonce: NonceId,
    /// When that nonce was given out, in µs of the clock given to [`Challenger::challenge`].
    pub issued_us: u64,
    /// How often it was used, by the client's count; 0 without `qop`, which has no count.
    pub nc: u32,
    /// The algorithm it was proven with.
    pub algorithm: Algorithm,
}

/// Why a request is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The credentials are for another realm: look at the next header, or challenge.
    #[error("the credentials are for another realm")]
    Realm,
    /// An algorithm not allowed or not offered: challenge.
    #[error("the digest algorithm is not one that was offered")]
    Algorithm,
    /// Neither `qop=auth` with count and client nonce, nor what settings tolerate: challenge.
    #[error("the credentials lack qop=auth with nc and cnonce")]
    Qop,
    /// The digest is for another URI: answer 400 (RFC 7616 §3.4.6).
    #[error("the uri of the credentials is not the Request-URI")]
    Uri,
    /// The password is right, the nonce is too old or not for this asker: challenge with `stale`.
    #[error("the nonce is too old or not for this source")]
    Stale,
    /// No such user or wrong password; which of the two is not known here. Counts as a guess.
    #[error("user or password is wrong")]
    Wrong,
}

/// A realm that cannot stand between quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the realm must not be empty nor hold quotes, backslashes or control characters; use a host name"
)]
pub struct BadRealm;

impl Challenger {
    /// `secret` signs the nonces: share it between nodes and keep it over restarts, else phones are
    /// challenged once more. `lifetime` is how long a nonce may be used.
    ///
    /// # Errors
    /// [`BadRealm`], since a realm is a setting and comes from people.
    pub fn new(realm: &str, secret: &[u8; 32], lifetime: Duration) -> Result<Self, BadRealm> {
        if realm.is_empty() || realm.bytes().any(|b| is_control(b) || matches!(b, b'"' | b'\\')) {
            return Err(BadRealm);
        }
        Ok(Self {
            realm: realm.into(),
            mint: Mint::new(secret, realm),
            lifetime_us: u64::try_from(lifetime.as_micros()).unwrap_or(u64::MAX),
            without_qop: false,
        })
    }

    /// Whether MD5 answers without `qop` (RFC 2069) are accepted, for phones that know nothing else. Each
    /// nonce then serves once. Off unless set.
    #[must_use]
    pub const fn accept_without_qop(mut self, accept: bool) -> Self {
        self.without_qop = accept;
        self
    }

    /// The realm.
    #[must_use]
    pub const fn realm(&self) -> &str {
        &self.realm
    }

    /// One header value per algorithm, in the order given, which is the order of preference
    /// (RFC 8760 §2.3). `now_us` is µs since 1970, best of a clock that is not set back while running;
    /// one that is costs phones a challenge more.
    pub fn challenge(
        &self,
        now_us: u64,
        binding: &[u8],
        stale: bool,
        algorithms: &[Algorithm],
    ) -> impl Iterator<Item = Vec<u8>> {
        let nonce = self.mint.strike(now_us, algorithms, binding);
        algorithms.iter().map(move |algorithm| {
            let parts: [&[u8]; 7] = [
                b"Digest realm=\"",
                self.realm.as_bytes(),
                b"\", nonce=\"",
                nonce.as_bytes(),
                b"\", algorithm=",
                algorithm.wire_name().as_bytes(),
                if stale { b", qop=\"auth\", stale=true" } else { b", qop=\"auth\"" },
            ];
            parts.concat()
        })
    }

    /// Whether `credentials` prove knowledge of `ha1`. For a user that does not exist, give
    /// [`Ha1::decoy`] and treat the answer alike. `allowed` is what is asked for now; an algorithm must
    /// also have been offered with the nonce.
    ///
    /// # Errors
    /// [`Refused`] says why, and what to answer.
    pub fn verify(
        &self,
        now_us: u64,
        request: Challenged<'_>,
        credentials: &Authorization<'_>,
        ha1: &Ha1,
        allowed: &[Algorithm],
    ) -> Result<Accepted, Refused> {
        if !credentials.realm.means(self.realm.as_bytes()) {
            return Err(Refused::Realm);
        }
        let algorithm = credentials
            .algorithm
            .filter(|claimed| allowed.contains(claimed))
            .ok_or(Refused::Algorithm)?;
        let auth = self.protection(credentials, algorithm)?;
        if !same_uri(credentials.uri, request.uri) {
            return Err(Refused::Uri);
        }
        let exchange = Exchange {
            algorithm,
            method: request.method,
            uri: credentials.uri,
            nonce: credentials.nonce,
            auth,
        };
        // Always both: neither the user's existence nor the nonce's age may show in the time taken.
        let expected = exchange.response(ha1);
        let nonce = self.mint.examine(credentials.nonce, request.binding);
        if !bool::from(expected.as_bytes().ct_eq(credentials.response)) {
            return Err(Refused::Wrong);
        }
        let nonce = nonce.ok_or(Refused::Stale)?;
        if !nonce.offers(algorithm) {
            return Err(Refused::Algorithm);
        }
        // A clock that stepped back makes nonces from the future; they are as doubtful as old ones.
        if now_us.abs_diff(nonce.issued_us) > self.lifetime_us {
            return Err(Refused::Stale);
        }
        let nc = credentials.nc.filter(|_| auth.is_some()).map_or(0, |nc| nc.value);
        Ok(Accepted { nonce: nonce.id, issued_us: nonce.issued_us, nc, algorithm })
    }

    /// The count and client nonce that go into the digest, or `None` for RFC 2069 where tolerated.
    fn protection<'a>(
        &self,
        credentials: &Authorization<'a>,
        algorithm: Algorithm,
    ) -> Result<Option<Auth<'a>>, Refused> {
        match (credentials.qop, credentials.nc, credentials.cnonce) {
            (Some(qop), Some(nc), Some(cnonce))
                if qop.eq_ignore_ascii_case(b"auth") && nc.value > 0 =>
            {
                Ok(Some(Auth { nc: nc.digits, cnonce }))
            }
            (None, _, _) if self.without_qop && algorithm == Algorithm::Md5 => Ok(None),
            _ => Err(Refused::Qop),
        }
    }
}

/// Whether the `uri` of the credentials is the Request-URI: scheme, host, port and parameters may differ
/// in case (RFC 3261 §19.1.4), the user part may not. Anything further apart is another resource.
fn same_uri(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other) && user_part(one) == user_part(other)
}

/// Between the scheme and the last `@`; empty without one.
fn user_part(uri: &[u8]) -> &[u8] {
    let before_host = uri.get(..memrchr(b'@', uri).unwrap_or(0)).unwrap_or_default();
    let scheme = memchr(b':', before_host).map_or(0, |colon| colon + 1);
    before_host.get(scheme..).unwrap_or_default()
}

impl fmt::Debug for Challenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenger").field("realm", &self.realm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_that_are_the_same_resource() {
        for (one, other, same) in [
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com", true),
            ("SIP:bob@Biloxi.COM;Transport=tcp", "sip:bob@biloxi.com;transport=TCP", true),
            ("sip:biloxi.com", "sip:BILOXI.com", true),
            ("sip:Bob@biloxi.com", "sip:bob@biloxi.com", false),
            ("sip:bob@biloxi.com", "sips:bob@biloxi.com", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
            ("sip:+311@x", "sip:+312@x", false),
            ("sip:a@b@x", "sip:A@b@x", false),
            ("tel:+31", "TEL:+31", true),
            ("", "", true),
            ("", "sip:x", false),
        ] {
            assert_eq!(same_uri(one.as_bytes(), other.as_bytes()), same, "{one} {other}");
        }
    }

    #[test]
    fn realms_that_cannot_be_quoted() {
        for realm in ["", "a\"b", "a\\b", "a\r\nVia: x"] {
            assert!(Challenger::new(realm, &[0; 32], Duration::from_secs(1)).is_err());
        }
    }
}
