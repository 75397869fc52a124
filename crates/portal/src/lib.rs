//! The portal: files that were built from `portal/`, held in the program. They come pre-compressed, are known by their
//! hash, and may load nothing from anywhere else.
//!
//! The portal is one page that finds its way itself, so every path that names no file is answered with that page.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file of the portal.
struct File {
    /// From the root, such as `/assets/index-B1c.js`.
    path: &'static str,
    /// In quotes.
    etag: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

/// All there are; none when the portal was not built before the program.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Names of these files hold the hash of what is in them: they never change.
const HASHED: &str = "/assets/";

/// What the page may load and do: its own files, its own API, nothing else (CSP level 3). Markup is made of strings in one
/// place, by Svelte's templates, whose policy is named here; all else may not.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// Said at `/` when there is no portal in this program.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ringfence</title><h1>Ringfence \
    runs, without its portal</h1><p>This program was built before its portal was. Run <code>npm ci</code> and <code>npm run \
    build</code> in the folder <code>portal</code>, then <code>cargo build --release</code> again. The API works without: \
    <a href=\"/v1/openapi.json\">its reference</a>.</p></html>";

/// Whether this program holds the portal.
#[must_use]
pub fn is_built() -> bool {
    !FILES.is_empty()
}

/// Answers every path with a file of the portal, or with its page.
pub fn router() -> Router {
    Router::new().fallback(answer)
}

async fn answer(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let allowed = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
    }
    match find(FILES, uri.path()) {
        Some(file) => send(file, &headers),
        None if !is_built() && uri.path() == "/" => not_built(),
        None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    }
}

/// The file of that path; the page for paths that are places in the portal and no file's name.
fn find(files: &'static [File], path: &str) -> Option<&'static File> {
    let named = |name: &str| files.iter().find(|file| file.path == name);
    let is_place = !path.rsplit('/').next().unwrap_or_default().contains('.');
    named(path).or_else(|| named("/index.html").filter(|_| is_place))
}

fn send(file: &File, asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    dress(response.headers_mut(), file);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| is_same(tag, file.etag))) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let packed = file.gzip.filter(|_| takes_gzip(asked));
    if packed.is_some() {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    *response.body_mut() = Body::from(Bytes::from_static(packed.unwrap_or(file.plain)));
    response
}

/// Proxies that compress mark a tag as weak.
fn is_same(tag: &str, etag: &str) -> bool {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag) == etag
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let refused = |part: &str| part.replace(' ', "").trim_end_matches(['0', '.']) == "q=";
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(refused)
    })
}

fn dress(fields: &mut HeaderMap, file: &File) {
    let cache = if file.path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    for (name, value) in [
        (header::CONTENT_TYPE, kind(file.path)),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, file.etag),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" | "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_built() -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    (fields, NOT_BUILT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    static SOME: &[File] = &[
        File { path: "/assets/a-1.js", etag: "\"1\"", plain: b"plain", gzip: Some(b"packed") },
        File { path: "/index.html", etag: "\"2\"", plain: b"<html>", gzip: None },
    ];

    fn asked(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn places_are_the_page_and_missing_files_are_missing() {
        let path = |path: &str| find(SOME, path).map(|file| file.path);
        assert_eq!(path("/assets/a-1.js"), Some("/assets/a-1.js"));
        for place in ["/", "/cases", "/cases/0-17", "/calls/"] {
            assert_eq!(path(place), Some("/index.html"), "{place}");
        }
        for missing in ["/assets/a-2.js", "/favicon.ico", "/../Cargo.toml", "/.env"] {
            assert_eq!(path(missing), None, "{missing}");
        }
    }

    #[test]
    fn what_is_known_is_not_sent_and_what_is_packed_is_sent_packed() {
        let script = &SOME[0];
        let got = send(script, &asked(&[("accept-encoding", "br, gzip;q=0.8")]));
        assert_eq!(got.headers()["content-encoding"], "gzip");
        assert_eq!(got.headers()["cache-control"], "public, max-age=31536000, immutable");
        for none in ["br", "gzip;q=0", "gzip; q=0.0", "x-gzip"] {
            let got = send(script, &asked(&[("accept-encoding", none)]));
            assert!(got.headers().get("content-encoding").is_none(), "{none}");
        }
        for tags in ["\"1\"", "\"9\", W/\"1\""] {
            let got = send(script, &asked(&[("if-none-match", tags)]));
            assert_eq!(got.status(), StatusCode::NOT_MODIFIED, "{tags}");
        }
        let page = send(&SOME[1], &asked(&[("if-none-match", "\"1\"")]));
        assert_eq!(
            (page.status(), &page.headers()["cache-control"]),
            (StatusCode::OK, &HeaderValue::from_static("no-cache"))
        );
        assert!(
            page.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("script-src 'self';")
        );
    }
}
