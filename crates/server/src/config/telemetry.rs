//! `[telemetry]`: where spans of calls and requests are sent.

use super::section::Section;
use hyper::Uri;

const MEND: &str =
    "write the address of an OpenTelemetry collector, such as \"http://127.0.0.1:4318\"";

/// Where the collector takes spans; `None`: nothing is sent.
pub(super) fn read(root: &mut Section<'_>) -> Option<Uri> {
    let mut section = root.section("telemetry")?;
    let at = section.text("otlp", MEND, traces);
    if let Some(at) = &at
        && at.value.scheme_str() == Some("http")
        && !is_own(&at.value)
    {
        section.desk().doubt(
            &at.span,
            "spans go over the network without encryption",
            "write https://, or run a collector on this machine",
        );
    }
    section.finish();
    at.map(|at| at.value)
}

fn is_own(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The address of a collector with the path at which it takes traces (OTLP/HTTP).
fn traces(text: &str) -> Result<Uri, String> {
    let base: Uri = text.parse().map_err(|error| format!("{error}"))?;
    if !matches!(base.scheme_str(), Some("http" | "https")) {
        return Err("it begins neither with http:// nor https://".to_owned());
    }
    if base.host().is_none_or(str::is_empty) {
        return Err("it names no host".to_owned());
    }
    if base.authority().is_some_and(|of| of.as_str().contains('@')) || base.query().is_some() {
        return Err("it has more than a host, a port and a path".to_owned());
    }
    let base = text.trim_end_matches('/');
    format!("{base}/v1/traces").parse().map_err(|error| format!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_traces_is_added() {
        for (text, uri) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example/", "https://otel.example/v1/traces"),
            ("https://otel.example/a/b", "https://otel.example/a/b/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(traces(text).unwrap().to_string(), uri);
        }
        for wrong in ["", "127.0.0.1:4318", "ftp://x", "http://", "http://a:b@x", "http://x?y=1"] {
            assert!(traces(wrong).is_err(), "{wrong}");
        }
        assert!(is_own(&traces("http://localhost:1").unwrap()));
        assert!(!is_own(&traces("http://192.0.2.1:1").unwrap()));
    }
}
