//! `[api]`: where people and their programs reach the REST API.

use super::guard::{MEND, network};
use super::problem::At;
use super::provider::{self, Provider};
use super::section::Section;
use ipnet::IpNet;
use ringfence_edge::Tls;
use ringfence_model::Money;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where people and their programs reach the REST API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Api {
    /// The address.
    pub listen: SocketAddr,
    /// What is shown there; without it nothing is encrypted, which is for this machine only.
    pub tls: Option<Tls>,
    /// Where browsers find it.
    pub public_url: String,
    /// Who may connect; empty for everybody.
    pub allow: Vec<IpNet>,
    /// A session ends when nothing was asked for this long.
    pub session_idle: Duration,
    /// And after this long in any case.
    pub session_life: Duration,
    /// A grave act for more than this needs a second person.
    pub two_person_above: Money,
    /// Where there is none, it takes effect after this long.
    pub alone_delay: Duration,
    /// Where people may also log in.
    pub provider: Option<Provider>,
}

/// The section; `None`: no API is served. `shown` is the certificate of the listeners.
pub(super) fn read(root: &mut Section<'_>, shown: &Tls) -> Option<Api> {
    let mut section = root.section("api")?;
    let listen = address(&mut section);
    let tls = tls(&mut section, shown);
    let url = section.take::<String>("public_url");
    let allow = section.texts("allow", MEND, network).unwrap_or_default();
    let minutes = |count: u64| Duration::from_secs(count * 60);
    let session_idle = minutes(section.within("session_idle_mins", 1..=1_440, 30));
    let session_life = minutes(60 * section.within("session_hours", 1..=168, 12));
    let above = section.within("two_person_above", 0..=1_000_000_000, 500);
    let alone_delay = minutes(60 * section.within("alone_hours", 1..=720, 24));
    let provider = provider::read(&mut section);
    let api = listen.and_then(|listen| {
        let public_url = public_url(&section, &listen, tls.is_some(), url);
        let listen = reachable(&section, listen, tls.is_some());
        Some(Api {
            public_url: public_url?,
            listen: listen?,
            tls,
            allow: allow.into_iter().map(|at| at.value).collect(),
            session_idle,
            session_life,
            two_person_above: Money::units(i64::try_from(above).unwrap_or(i64::MAX)),
            alone_delay,
            provider,
        })
    });
    section.finish();
    api
}

fn address(section: &mut Section<'_>) -> Option<At<SocketAddr>> {
    let text = section.required("listen", "127.0.0.1:8443")?;
    match text.value.parse() {
        Ok(address) => Some(At::new(address, text.span)),
        Err(_) => {
            let what = format!("listen: \"{}\" is no address with a port", text.value);
            section.desk().wrong(&text.span, what, "write such as \"127.0.0.1:8443\"");
            None
        }
    }
}

/// A certificate of its own, or that of the listeners.
fn tls(section: &mut Section<'_>, shown: &Tls) -> Option<Tls> {
    let desk = section.desk();
    let span = section.span.clone();
    let mut file = |key| section.take::<String>(key).map(|at| desk.source().beside(&at.value));
    let own: (Option<PathBuf>, Option<PathBuf>) = (file("certificate"), file("key"));
    let identity = match own {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => shown.identity.clone(),
        _ => {
            let mend = "give both certificate = \"chain.pem\" and key = \"key.pem\"";
            desk.wrong(&span, "a certificate and its key belong together", mend);
            None
        }
    }?;
    let tls = Tls { identity: Some(identity), ..Tls::default() };
    if let Err(error) = tls.check() {
        desk.wrong(&span, error.to_string(), "then `ringfence check-config` again");
    }
    Some(tls)
}

/// Passwords do not go over a network in the clear.
fn reachable(section: &Section<'_>, listen: At<SocketAddr>, tls: bool) -> Option<SocketAddr> {
    if tls || listen.value.ip().is_loopback() {
        return Some(listen.value);
    }
    section.desk().wrong(
        &listen.span,
        format!("{} is not of this machine alone, and nothing would be encrypted", listen.value),
        "add certificate = \"chain.pem\" and key = \"key.pem\", or listen at 127.0.0.1",
    );
    None
}

fn public_url(
    section: &Section<'_>,
    listen: &At<SocketAddr>,
    tls: bool,
    url: Option<At<String>>,
) -> Option<String> {
    let scheme = if tls { "https" } else { "http" };
    let mend = "write what browsers will show, such as public_url = \"https://fw.example.org\"";
    let url = match url {
        Some(url) => url,
        None if listen.value.ip().is_loopback() => {
            return Some(format!("{scheme}://localhost:{}", listen.value.port()));
        }
        None => {
            section.desk().wrong(&listen.span, "[api] has no public_url", mend);
            return None;
        }
    };
    match ringfence_api::check_public_url(&url.value) {
        Ok(()) => Some(url.value),
        Err(error) => {
            section.desk().wrong(&url.span, error.to_string(), mend);
            None
        }
    }
}
