//! The client side: answering an upstream's challenge.

use super::algorithm::Algorithm;
use super::challenge::{Challenge, QopOffer};
use super::ha1::Ha1;
use super::params::is_control;
use super::response::{Auth, Exchange};

/// What proves who we are.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The password in clear.
    Password(&'a str),
    /// Made beforehand, for the realm that challenges.
    Ha1(&'a Ha1),
}

/// Why a challenge cannot be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswerable {
    /// None of the challenges uses an algorithm we know and allow.
    #[error("no challenge uses an allowed algorithm; allow it for this trunk or ask the carrier")]
    Algorithm,
    /// Only `auth-int` or the like is offered.
    #[error("the challenge offers no qop=auth; ask the carrier to offer it")]
    Qop,
    /// User, URI or client nonce holds what cannot stand in a header.
    #[error("{0} holds control characters or quotes, which cannot stand in a header")]
    Unquotable(&'static str),
    /// The realm is not UTF-8, so no password can have been agreed for it.
    #[error("the realm of the challenge is not UTF-8")]
    Realm,
}

/// The challenge to answer: the first in `allowed` that was offered. `allowed` is in our order of
/// preference ([`Algorithm::PREFERRED`] unless settings say otherwise), not the upstream's, so that
/// reordering the offer does not weaken it; RFC 8760 §2.4 leaves this to local policy.
///
/// # Errors
/// [`Unanswerable::Algorithm`] or [`Unanswerable::Qop`].
pub fn strongest<'c, 'a>(
    challenges: &'c [Challenge<'a>],
    allowed: &[Algorithm],
) -> Result<&'c Challenge<'a>, Unanswerable> {
    let known = |c: &&Challenge<'_>| c.algorithm.is_some_and(|a| allowed.contains(&a));
    if !challenges.iter().any(|c| known(&c)) {
        return Err(Unanswerable::Algorithm);
    }
    allowed
        .iter()
        .flat_map(|wanted| challenges.iter().filter(|c| c.algorithm == Some(*wanted)))
        .find(|c| c.qop != QopOffer::Unspoken)
        .ok_or(Unanswerable::Qop)
}

/// The value of the `Authorization` (for a 401) or `Proxy-Authorization` (for a 407) header.
///
/// `cnonce` is fresh random text; `nc` counts the requests sent with this nonce, from 1.
///
/// # Errors
/// [`Unanswerable`] says what stands in the way.
pub fn answer(
    challenge: &Challenge<'_>,
    (method, uri): (&[u8], &[u8]),
    (user, secret): (&str, Secret<'_>),
    cnonce: &str,
    nc: u32,
) -> Result<Vec<u8>, Unanswerable> {
    let algorithm = challenge.algorithm.ok_or(Unanswerable::Algorithm)?;
    if challenge.qop == QopOffer::Unspoken {
        return Err(Unanswerable::Qop);
    }
    if user.bytes().any(is_control) {
        return Err(Unanswerable::Unquotable("user"));
    }
    for (name, value) in [("uri", uri), ("cnonce", cnonce.as_bytes())] {
        if value.iter().any(|b| is_control(*b) || matches!(b, b'"' | b'\\')) {
            return Err(Unanswerable::Unquotable(name));
        }
    }
    let count = format!("{nc:08x}");
    let auth = (challenge.qop == QopOffer::Auth)
        .then_some(Auth { nc: count.as_bytes(), cnonce: cnonce.as_bytes() });
    let nonce = challenge.nonce.raw();
    let exchange = Exchange { algorithm, method, uri, nonce, auth };
    let response = match secret {
        Secret::Ha1(ha1) => exchange.response(ha1),
        Secret::Password(password) => {
            let realm = challenge.realm.unescaped();
            let realm = str::from_utf8(&realm).map_err(|_| Unanswerable::Realm)?;
            exchange.response(&Ha1::new(user, realm, password))
        }
    };

    let mut value = Vec::with_capacity(320);
    value.extend_from_slice(b"Digest username=\"");
    for byte in user.bytes() {
        if matches!(byte, b'"' | b'\\') {
            value.push(b'\\');
        }
        value.push(byte);
    }
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| value.extend_from_slice(part));
    add(&[b"\", realm=\"", challenge.realm.raw(), b"\", nonce=\"", nonce]);
    add(&[b"\", uri=\"", uri, b"\", response=\"", response.as_bytes()]);
    add(&[b"\", algorithm=", algorithm.wire_name().as_bytes()]);
    if let Some(Auth { nc, cnonce }) = auth {
        add(&[b", cnonce=\"", cnonce, b"\", qop=auth, nc=", nc]);
    }
    if let Some(opaque) = challenge.opaque {
        add(&[b", opaque=\"", opaque.raw(), b"\""]);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Authorization;

    fn answered(challenge: &[u8]) -> Result<String, Unanswerable> {
        let challenge = Challenge::parse(challenge).unwrap();
        let who = ("bob", Secret::Password("zanzibar"));
        let value = answer(&challenge, (b"INVITE", b"sip:bob@biloxi.com"), who, "0a4f113b", 1)?;
        Ok(String::from_utf8(value).unwrap())
    }

    const NONCE: &str = "dcd98b7102dd2f0e8b11d0f600bfb0c093";

    #[test]
    fn with_qop_and_opaque() {
        let challenge = format!(
            r#"Digest realm="biloxi.com", qop="auth,auth-int", nonce="{NONCE}", opaque="5ccc""#
        );
        let expected = format!(
            r#"Digest username="bob", realm="biloxi.com", nonce="{NONCE}", uri="sip:bob@biloxi.com", response="89eb0059246c02b2f6ee02c7961d5ea3", algorithm=MD5, cnonce="0a4f113b", qop=auth, nc=00000001, opaque="5ccc""#
        );
        assert_eq!(answered(challenge.as_bytes()), Ok(expected));
    }

    #[test]
    fn without_qop() {
        let challenge = format!(r#"Digest realm="biloxi.com", nonce="{NONCE}""#);
        let value = answered(challenge.as_bytes()).unwrap();
        assert!(value.contains(r#"response="bf57e4e0d0bffc0fbaedce64d59add5e""#), "{value}");
        assert!(!value.contains("cnonce") && !value.contains("nc=") && !value.contains("qop"));
    }

    #[test]
    fn what_cannot_be_answered() {
        let int = br#"Digest realm="r", nonce="n", qop="auth-int""#;
        assert_eq!(answered(int), Err(Unanswerable::Qop));
        let sess = br#"Digest realm="r", nonce="n", algorithm=MD5-sess"#;
        assert_eq!(answered(sess), Err(Unanswerable::Algorithm));
        let plain = Challenge::parse(br#"Digest realm="r", nonce="n""#).unwrap();
        let try_with = |uri: &[u8], user, cnonce| {
            answer(&plain, (b"INVITE", uri), (user, Secret::Password("p")), cnonce, 1).unwrap_err()
        };
        assert_eq!(try_with(b"sip:a", "a\r\nb", "c"), Unanswerable::Unquotable("user"));
        assert_eq!(try_with(b"sip:a\"", "a", "c"), Unanswerable::Unquotable("uri"));
        assert_eq!(try_with(b"sip:a", "a", "c\n"), Unanswerable::Unquotable("cnonce"));
    }

    #[test]
    fn the_strongest_allowed_is_taken_whatever_the_order() {
        let values = ["MD5", "SHA-512-256", "MD5-sess", "SHA-256"]
            .map(|a| format!(r#"Digest realm="r", nonce="n", qop="auth", algorithm={a}"#));
        let offered: Vec<_> =
            values.iter().map(|v| Challenge::parse(v.as_bytes()).unwrap()).collect();
        let chosen =
            |list: &[Challenge<'_>], allowed| strongest(list, allowed).map(|c| c.algorithm);
        assert_eq!(chosen(&offered, &Algorithm::PREFERRED), Ok(Some(Algorithm::Sha256)));
        assert_eq!(chosen(&offered[..3], &Algorithm::PREFERRED), Ok(Some(Algorithm::Sha512_256)));
        assert_eq!(chosen(&offered, &[Algorithm::Md5]), Ok(Some(Algorithm::Md5)));
        assert_eq!(chosen(&offered[..1], &[Algorithm::Sha256]), Err(Unanswerable::Algorithm));
        assert_eq!(chosen(&[], &Algorithm::PREFERRED), Err(Unanswerable::Algorithm));
        let int = [Challenge { qop: QopOffer::Unspoken, ..offered[3] }, offered[0]];
        assert_eq!(chosen(&int, &Algorithm::PREFERRED), Ok(Some(Algorithm::Md5)));
        assert_eq!(chosen(&int[..1], &Algorithm::PREFERRED), Err(Unanswerable::Qop));
    }

    #[test]
    fn users_and_realms_with_quotes() {
        let challenge = Challenge::parse(br#"Digest realm="a \"b\"", nonce="n""#).unwrap();
        let secret = Ha1::new("o\"c", "a \"b\"", "p");
        let with = |secret| answer(&challenge, (b"INVITE", b"sip:a"), ("o\"c", secret), "c", 1);
        let value = with(Secret::Password("p")).unwrap();
        assert_eq!(with(Secret::Ha1(&secret)).unwrap(), value);
        let read = Authorization::parse(&value).unwrap();
        assert!(read.username.means(b"o\"c") && read.realm.means(b"a \"b\""));
    }
}
