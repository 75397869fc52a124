//! ID tokens: a signature by a key of the provider, and claims that are for us (OpenID Connect Core 1.0 §3.1.3.7).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use ringfence_model::WallTime;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far two clocks may be apart, seconds.
const SKEW_SECS: i64 = 60;

/// Why a token is none for us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Wrong {
    #[error("it is no signed token")]
    Form,
    #[error("it is signed in a way that is not taken: RS256, PS256 and ES256 are")]
    Algorithm,
    #[error("the provider has no such key")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("its claim {0} is not what it must be")]
    Claim(&'static str),
}

/// A public key of the provider (RFC 7517); other members are of no interest.
#[derive(Clone, Deserialize)]
pub struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: we understand none (RFC 7515 §4.1.11).
    crit: Option<Value>,
}

/// What the token says.
#[derive(Debug)]
pub struct Claims(Map<String, Value>);

/// Reads a token and checks its signature; nothing is said of its claims yet.
pub fn verify(token: &str, keys: &[Key]) -> Result<Claims, Wrong> {
    let (signed, mark) = token.rsplit_once('.').ok_or(Wrong::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(Wrong::Form)?;
    let bytes = |text: &str| BASE64.decode(text).map_err(|_| Wrong::Form);
    let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| Wrong::Form)?;
    if header.crit.is_some() {
        return Err(Wrong::Form);
    }
    let sort = Sort::of(&header.alg).ok_or(Wrong::Algorithm)?;
    let mark = bytes(mark)?;
    let fits = |key: &&Key| {
        sort.fits(key) && header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
    };
    let mut tried = false;
    for key in keys.iter().filter(fits) {
        tried = true;
        if sort.verifies(key, signed.as_bytes(), &mark) {
            return serde_json::from_slice(&bytes(claims)?).map(Claims).map_err(|_| Wrong::Form);
        }
    }
    Err(if tried { Wrong::Signature } else { Wrong::UnknownKey })
}

/// The signatures that are taken (RFC 7518 §3.1). Those with a shared secret, and none at all, are not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Rs256,
    Ps256,
    Es256,
}

impl Sort {
    fn of(alg: &str) -> Option<Self> {
        match alg {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }

    fn fits(self, key: &Key) -> bool {
        let signs = key.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let kind = match self {
            Self::Rs256 | Self::Ps256 => key.kty == "RSA",
            Self::Es256 => key.kty == "EC" && key.crv.as_deref() == Some("P-256"),
        };
        signs && kind
    }

    fn verifies(self, key: &Key, signed: &[u8], mark: &[u8]) -> bool {
        match self {
            Self::Rs256 => rsa(key, &signature::RSA_PKCS1_2048_8192_SHA256, signed, mark),
            Self::Ps256 => rsa(key, &signature::RSA_PSS_2048_8192_SHA256, signed, mark),
            Self::Es256 => ec(key, signed, mark),
        }
        .is_some()
    }
}

fn part(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64.decode(text?).ok()
}

fn rsa(key: &Key, how: &'static RsaParameters, signed: &[u8], mark: &[u8]) -> Option<()> {
    let components = RsaPublicKeyComponents { n: part(key.n.as_ref())?, e: part(key.e.as_ref())? };
    components.verify(how, signed, mark).ok()
}

fn ec(key: &Key, signed: &[u8], mark: &[u8]) -> Option<()> {
    // An uncompressed point (SEC 1 §2.3.3).
    let point = [vec![4], part(key.x.as_ref())?, part(key.y.as_ref())?].concat();
    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, mark).ok()
}

impl Claims {
    /// Refuses a token that another provider made, or for another program, another login, another time.
    pub fn check(
        &self,
        issuer: &str,
        client: &str,
        nonce: &str,
        at: WallTime,
    ) -> Result<(), Wrong> {
        let ensure = |holds: bool, claim| if holds { Ok(()) } else { Err(Wrong::Claim(claim)) };
        ensure(self.text("iss") == Some(issuer), "iss")?;
        let (for_us, alone) = match self.0.get("aud") {
            Some(Value::String(one)) => (one == client, true),
            Some(Value::Array(all)) => (all.iter().any(|one| one == client), all.len() == 1),
            _ => (false, false),
        };
        ensure(for_us, "aud")?;
        let party = self.text("azp");
        ensure(party.map_or(alone, |party| party == client), "azp")?;
        let now = at.as_secs();
        let time = |claim| self.0.get(claim).and_then(Value::as_f64).map(|secs| secs as i64);
        ensure(time("exp").is_some_and(|until| now < until.saturating_add(SKEW_SECS)), "exp")?;
        ensure(time("iat").is_some_and(|made| made.saturating_sub(SKEW_SECS) <= now), "iat")?;
        ensure(time("nbf").is_none_or(|from| from.saturating_sub(SKEW_SECS) <= now), "nbf")?;
        ensure(self.text("nonce") == Some(nonce), "nonce")
    }

    /// The login in that claim. A mail address nobody verified may be anybody's.
    pub fn login(&self, claim: &str) -> Option<String> {
        let verified = claim != "email" || self.0.get("email_verified") == Some(&Value::Bool(true));
        let login = self.text(claim).filter(|login| !login.trim().is_empty());
        login.filter(|_| verified).map(str::to_owned)
    }

    /// Whether two factors were given there (RFC 8176 §2: `mfa`).
    pub fn has_second_factor(&self) -> bool {
        let methods = self.0.get("amr").and_then(Value::as_array);
        methods.is_some_and(|all| all.iter().any(|one| one == "mfa"))
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A key and two tokens of it, made with OpenSSL 3.
    const N: &str = "vbmWNcP_vCJ3XZL0vnyc0GLXc6-Wnkwsa0QtL5omrN2KX4zGOTL-RHe_qiP77TqtMt9GdGrQi0umaq2p0aqKt94OcPUebrb-3hUz17tDDORXbTmPAxy_8lCscdE1D2n0irll814URp_KVW3OlVSCIjHk2TzDJ133YMQou3xNU7prSk3orqudv_DtMnpR14vz_Jv5XunV6slHdT7ZnnmOn5LXQo-9i4AmRbT8nXSP42dy0EThPh5iQpBMgoZyxWDRw_kbFwpMpIPL7W0ksy9mlnvTzbJOCFeX4zhYwyHmkfywBPf3GchtOlk1U0jDnB-6echvqlXFr7imrjeCje9oew";
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.mVd5EUXc2NOaYoqJtiAcPaObnYmuHXf7UrxnCrOnOVuE2J9wUoo4HrdmACUAqm0Wc2G5pQLpeqA64idtj3N9cd3OKddo2z8a1c-AaeiXf0heAIPptXfGHy4j6AeHIE29JBEBZcFQmzJryE-YJQjxry1hScSBfDGbTzeSwOI7PrezFUtq39uTt9LYcMTgtsJGMYa5VyrZCxvT-kAzjqd8AFLbXgpP-LD5505ljyLitH5KDTyhbmBbMCXR8UduHVTnU8p6N3Cqxz6hq6s2b499OvRb3dN_BGmLUKYAN6egp9-OUzYwCQ5iHM0C_Vfb8ulrp04J71I67wELCzgcAxwvvg";
    const PS256: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.m6DOmyGBRw9k-0SzIie1YoQQLtbQ5em5xcuci19GrtJ0Ndja6Ayc3mcI3Y9Gv-aaVenyBGv4fL8wR4FE_2J9aY2dYEyqX0mjMyGenyufa8vBzSvj7Ws1VK3PSVDVhJyy-vaI9ibXJQrcjMXltKP4yTsowhLyB-MrexRMzvyKqgCsxZuHmt-dZbXl93ReoYhDDfs45cLKCCtrF7Wt2j9NHCRHY41Oq3XJ-Uny92rJGIm2S0cvcHlOffiE_MX6euGjJI8sMDceDgSoa5rNqA64DGQhu8TPzjRrPLAirA-dqw94KEMbjyEL-reghBsSUI6r_5Y8znMeDHctbgiVJgLzSA";

    fn key(n: &str) -> Key {
        serde_json::from_value(json!({"kty": "RSA", "kid": "r1", "n": n, "e": "AQAB"})).unwrap()
    }

    #[test]
    fn both_sorts_of_rsa_are_read_and_a_bent_token_is_not() {
        for token in [RS256, PS256] {
            let claims = verify(token, &[key(N)]).unwrap();
            assert_eq!(claims.text("iss"), Some("https://id.example"));
            let bent = token.replacen("odHRw", "odHRx", 1);
            assert_eq!(verify(&bent, &[key(N)]).unwrap_err(), Wrong::Signature);
            let other = format!("{}A{}", &N[..99], &N[100..]);
            assert_eq!(verify(token, &[key(&other)]).unwrap_err(), Wrong::Signature);
            assert_eq!(verify(token, &[]).unwrap_err(), Wrong::UnknownKey);
        }
        // The head of one with the signature of the other.
        let (head, _) = RS256.rsplit_once('.').unwrap();
        let (_, mark) = PS256.rsplit_once('.').unwrap();
        let mixed = format!("{head}.{mark}");
        assert_eq!(verify(&mixed, &[key(N)]).unwrap_err(), Wrong::Signature);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let crit = BASE64.encode(r#"{"alg":"RS256","crit":["exp"]}"#);
        let none = BASE64.encode(r#"{"alg":"none"}"#);
        for (text, wrong) in [
            ("", Wrong::Form),
            ("a.b", Wrong::Form),
            ("....", Wrong::Form),
            (&*format!("{crit}.e30.e30"), Wrong::Form),
            (&*format!("{none}.e30."), Wrong::Algorithm),
        ] {
            assert_eq!(verify(text, &[key(N)]).unwrap_err(), wrong, "{text}");
        }
    }

    #[test]
    fn keys_for_other_purposes_do_not_sign() {
        let key = |more: serde_json::Value| {
            let mut key = json!({"kty": "RSA", "kid": "r1", "n": N, "e": "AQAB"});
            for (name, value) in more.as_object().unwrap() {
                key[name] = value.clone();
            }
            serde_json::from_value::<Key>(key).unwrap()
        };
        assert!(verify(RS256, &[key(json!({"use": "sig"}))]).is_ok());
        for other in [json!({"use": "enc"}), json!({"kid": "r2"}), json!({"kty": "EC"})] {
            assert_eq!(verify(RS256, &[key(other)]).unwrap_err(), Wrong::UnknownKey);
        }
    }
}
