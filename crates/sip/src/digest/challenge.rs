//! `WWW-Authenticate` and `Proxy-Authenticate` values.

use super::algorithm::Algorithm;
use super::params::{ParseError, Text, collect};

/// A challenge as an upstream sent it.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// The realm, for which the upstream knows a password.
    pub realm: Text<'a>,
    /// To be sent back as it is.
    pub nonce: Text<'a>,
    /// To be sent back as it is, if given.
    pub opaque: Option<Text<'a>>,
    /// The algorithm: MD5 when not given, `None` when it is one not spoken here.
    pub algorithm: Option<Algorithm>,
    /// What `qop` offers.
    pub qop: QopOffer,
    /// The nonce was too old but the digest was right: answer again with the same password. When this
    /// is false after an answer, the password is wrong, and answering again is of no use.
    pub stale: bool,
}

/// The quality of protection a challenge offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QopOffer {
    /// No `qop` at all: the upstream speaks RFC 2069.
    Absent,
    /// `auth`, perhaps among others.
    Auth,
    /// Only what is not spoken here, such as `auth-int`.
    Unspoken,
}

impl<'a> Challenge<'a> {
    /// Reads one header value.
    ///
    /// # Errors
    /// [`ParseError::NotDigest`] for another scheme; else what is wrong with the value.
    pub fn parse(value: &'a [u8]) -> Result<Self, ParseError> {
        let [realm, nonce, opaque, algorithm, qop, stale] =
            collect(value, ["realm", "nonce", "opaque", "algorithm", "qop", "stale"])?;
        Ok(Self {
            realm: realm.ok_or(ParseError::Missing("realm"))?,
            nonce: nonce.ok_or(ParseError::Missing("nonce"))?,
            opaque,
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |a| Algorithm::from_wire(a.raw())),
            qop: qop.map_or(QopOffer::Absent, |list| QopOffer::parse(list.raw())),
            stale: stale.is_some_and(|s| s.raw().eq_ignore_ascii_case(b"true")),
        })
    }
}

impl QopOffer {
    /// An empty list offers nothing and counts as absent.
    fn parse(list: &[u8]) -> Self {
        let mut offered =
            list.split(|b| *b == b',').map(<[u8]>::trim_ascii).filter(|o| !o.is_empty()).peekable();
        if offered.peek().is_none() {
            return Self::Absent;
        }
        if offered.any(|o| o.eq_ignore_ascii_case(b"auth")) { Self::Auth } else { Self::Unspoken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_asterisk_and_kamailio_send_them() {
        let asterisk =
            br#"Digest realm="asterisk",nonce="1695/8f",opaque="4f",algorithm=MD5,qop="auth""#;
        let c = Challenge::parse(asterisk).unwrap();
        assert_eq!((c.algorithm, c.qop, c.stale), (Some(Algorithm::Md5), QopOffer::Auth, false));
        assert_eq!(c.opaque.unwrap().raw(), b"4f");
        let kamailio = br#"Digest realm="k", nonce="ZQ==", stale=TRUE"#;
        let c = Challenge::parse(kamailio).unwrap();
        assert_eq!((c.algorithm, c.qop, c.stale), (Some(Algorithm::Md5), QopOffer::Absent, true));
    }

    #[test]
    fn offers_of_protection() {
        for (list, offer) in [
            ("auth,auth-int", QopOffer::Auth),
            ("auth-int , AUTH", QopOffer::Auth),
            ("auth-int", QopOffer::Unspoken),
            ("", QopOffer::Absent),
        ] {
            let value = format!("Digest realm=\"r\", nonce=\"n\", qop=\"{list}\"");
            assert_eq!(Challenge::parse(value.as_bytes()).unwrap().qop, offer, "{list}");
        }
    }

    #[test]
    fn refused() {
        let twice = b"Digest realm=\"a\", nonce=\"n\", realm=\"b\"";
        assert_eq!(Challenge::parse(twice).unwrap_err(), ParseError::Duplicate("realm"));
        assert_eq!(
            Challenge::parse(b"Digest realm=\"a\"").unwrap_err(),
            ParseError::Missing("nonce")
        );
        assert_eq!(Challenge::parse(b"NTLM").unwrap_err(), ParseError::NotDigest);
    }
}
