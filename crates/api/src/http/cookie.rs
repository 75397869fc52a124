//! The session cookie.

use crate::secret::Token;
use axum::http::{HeaderMap, HeaderValue, header};

/// Bound to this host, to TLS and to the root path by its name (RFC 6265bis §4.1.3.2).
const NAME: &str = "__Host-ringfence";
/// Over plain HTTP, which is served on loopback only, browsers refuse the name above.
const NAME_PLAIN: &str = "ringfence";

/// The session token that came with the request.
pub fn token(headers: &HeaderMap, tls: bool) -> Option<Token> {
    let name = if tls { NAME } else { NAME_PLAIN };
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    Token::parse(value.trim())
}

/// Sets the session token until the browser is closed; the store knows when it ends.
pub fn set(token: &Token, tls: bool) -> Option<HeaderValue> {
    line(token.as_str(), tls, "")
}

/// Takes it away.
pub fn clear(tls: bool) -> Option<HeaderValue> {
    line("", tls, "; Max-Age=0")
}

fn line(value: &str, tls: bool, more: &str) -> Option<HeaderValue> {
    let (name, secure) = if tls { (NAME, "; Secure") } else { (NAME_PLAIN, "") };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_and_only_its_own_name_counts() {
        let token = Token::of([7; 32]);
        let set = set(&token, true).unwrap().to_str().unwrap().to_owned();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{set}");
        let pair = set.split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        let line = format!("theme=dark; {pair}; ringfence=evil");
        headers.insert(header::COOKIE, line.parse().unwrap());
        assert_eq!(super::token(&headers, true).unwrap().as_str(), token.as_str());
        assert!(super::token(&headers, false).is_none(), "not a token");
        assert!(clear(false).unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}
