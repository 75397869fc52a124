//! `Authorization` and `Proxy-Authorization` values.

use super::algorithm::Algorithm;
use super::params::{ParseError, Text, collect};

/// A digest answer as the client sent it; nothing in it is proven before [`super::Challenger::verify`].
#[derive(Clone, Copy, Debug)]
pub struct Authorization<'a> {
    /// Who it claims to be; its meaning, not its raw form, is the key for a look-up.
    pub username: Text<'a>,
    /// The realm it answers for.
    pub realm: Text<'a>,
    /// The nonce it answers.
    pub nonce: &'a [u8],
    /// The URI it was computed over.
    pub uri: &'a [u8],
    /// The digest, in hexadecimal.
    pub response: &'a [u8],
    /// The algorithm: MD5 when not given (RFC 7616 §3.4), `None` when it is one not spoken here.
    pub algorithm: Option<Algorithm>,
    /// `qop` as sent.
    pub qop: Option<&'a [u8]>,
    /// `nc`, how often this nonce was used.
    pub nc: Option<NonceCount<'a>>,
    /// The client's own nonce.
    pub cnonce: Option<&'a [u8]>,
    /// `opaque` as sent; ours never has one.
    pub opaque: Option<&'a [u8]>,
}

/// A nonce count: its digits go into the digest as they are, its value is for the replay check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonceCount<'a> {
    /// One to eight hexadecimal digits, as sent.
    pub digits: &'a [u8],
    /// Their value.
    pub value: u32,
}

impl<'a> Authorization<'a> {
    /// Reads one header value.
    ///
    /// # Errors
    /// [`ParseError::NotDigest`] for another scheme; else what is wrong with the value.
    pub fn parse(value: &'a [u8]) -> Result<Self, ParseError> {
        let [username, realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque] = collect(
            value,
            [
                "username",
                "realm",
                "nonce",
                "uri",
                "response",
                "algorithm",
                "qop",
                "nc",
                "cnonce",
                "opaque",
            ],
        )?;
        Ok(Self {
            username: username.ok_or(ParseError::Missing("username"))?,
            realm: realm.ok_or(ParseError::Missing("realm"))?,
            nonce: nonce.ok_or(ParseError::Missing("nonce"))?.raw(),
            uri: uri.ok_or(ParseError::Missing("uri"))?.raw(),
            response: response.ok_or(ParseError::Missing("response"))?.raw(),
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |a| Algorithm::from_wire(a.raw())),
            qop: qop.map(Text::raw),
            nc: nc.map(|digits| NonceCount::parse(digits.raw())).transpose()?,
            cnonce: cnonce.map(Text::raw),
            opaque: opaque.map(Text::raw),
        })
    }
}

impl<'a> NonceCount<'a> {
    fn parse(digits: &'a [u8]) -> Result<Self, ParseError> {
        const BAD: ParseError = ParseError::BadValue("nc");
        if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(BAD);
        }
        let text = str::from_utf8(digits).map_err(|_| BAD)?;
        let value = u32::from_str_radix(text, 16).map_err(|_| BAD)?;
        Ok(Self { digits, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"n\", uri=\"sip:b\", response=\"r\"";

    #[test]
    fn a_phone_with_everything() {
        let value = br#"Digest response="00ff",cnonce="c",nc=0000001a,qop=auth , UNKNOWN=1,
 algorithm=sha-256,opaque="",uri="sip:a@b;x=\"1\"",nonce="n=,",realm="a \"b\"",username="bob""#;
        let auth = Authorization::parse(value).unwrap();
        assert!(auth.username.means(b"bob"));
        assert!(auth.realm.means(b"a \"b\""));
        assert_eq!(auth.realm.raw(), br#"a \"b\""#);
        assert_eq!((auth.nonce, auth.uri), (&b"n=,"[..], &br#"sip:a@b;x=\"1\""#[..]));
        assert_eq!(auth.algorithm, Some(Algorithm::Sha256));
        assert_eq!(auth.nc, Some(NonceCount { digits: b"0000001a", value: 26 }));
        assert_eq!((auth.qop, auth.opaque), (Some(&b"auth"[..]), Some(&b""[..])));
    }

    #[test]
    fn the_algorithm_defaults_to_md5_and_may_be_unknown() {
        let auth = Authorization::parse(PLAIN.as_bytes()).unwrap();
        assert_eq!(auth.algorithm, Some(Algorithm::Md5));
        let sess = format!("{PLAIN}, algorithm=MD5-sess");
        assert_eq!(Authorization::parse(sess.as_bytes()).unwrap().algorithm, None);
    }

    #[test]
    fn duplicates_and_gaps_are_refused() {
        for name in [
            "username",
            "realm",
            "nonce",
            "uri",
            "response",
            "algorithm",
            "qop",
            "nc",
            "cnonce",
            "opaque",
        ] {
            let twice = format!("{PLAIN}, {name}=\"1\", {}=\"1\"", name.to_uppercase());
            let refused = Authorization::parse(twice.as_bytes()).unwrap_err();
            assert_eq!(refused, ParseError::Duplicate(name));
        }
        for name in ["username", "realm", "nonce", "uri", "response"] {
            let without = PLAIN.replace(&format!("{name}="), &format!("x-{name}="));
            let refused = Authorization::parse(without.as_bytes()).unwrap_err();
            assert_eq!(refused, ParseError::Missing(name));
        }
    }

    #[test]
    fn nonce_counts_outside_the_grammar() {
        for nc in ["123456789", "-1", "+1", "g", "\"\""] {
            let value = format!("{PLAIN}, nc={nc}");
            let refused = Authorization::parse(value.as_bytes()).unwrap_err();
            assert_eq!(refused, ParseError::BadValue("nc"), "{nc}");
        }
    }
}
