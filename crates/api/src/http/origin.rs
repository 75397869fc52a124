//! Whether a change by cookie comes from the portal's own page (cross-site request forgery).

use crate::refusal::Refusal;
use axum::http::{HeaderMap, Method, header};

/// Refuses changes that a foreign page may have sent. Needs the header `X-Ringfence: 1`, which no foreign page can
/// set without being asked first (CORS preflight), and that the browser names no other origin.
pub fn check(method: &Method, headers: &HeaderMap, own: &str) -> Result<(), Refusal> {
    if method.is_safe() {
        return Ok(());
    }
    let marked = headers.get("x-ringfence").is_some_and(|value| value == "1");
    let origin = headers.get(header::ORIGIN);
    let own_origin = origin.is_none_or(|origin| origin.as_bytes() == own.as_bytes());
    let site = headers.get("sec-fetch-site");
    let own_site = site.is_none_or(|site| site == "same-origin");
    if marked && own_origin && own_site { Ok(()) } else { Err(Refusal::ForeignPage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(lines: &[(&'static str, &str)], method: &Method) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, value.parse().unwrap());
        }
        check(method, &headers, "https://fw.example").is_ok()
    }

    #[test]
    fn only_the_own_page_may_change() {
        let mark = ("x-ringfence", "1");
        assert!(verdict(&[], &Method::GET));
        assert!(!verdict(&[], &Method::POST));
        assert!(verdict(&[mark], &Method::DELETE));
        assert!(verdict(&[mark, ("origin", "https://fw.example")], &Method::POST));
        assert!(verdict(&[mark, ("sec-fetch-site", "same-origin")], &Method::POST));
        assert!(!verdict(&[mark, ("origin", "https://evil.example")], &Method::POST));
        assert!(!verdict(&[mark, ("origin", "null")], &Method::POST));
        assert!(!verdict(&[mark, ("sec-fetch-site", "same-site")], &Method::POST));
        assert!(!verdict(&[("sec-fetch-site", "same-origin")], &Method::PUT));
    }
}
