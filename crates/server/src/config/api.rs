//! `[api]`: where people and their programs reach the REST API.

use super::guard::{MEND, network};
use super::problem::At;
use super::provider::{self, Provider};
use super::section::Section;
use ipnet::IpNet;
use ringfence_edge::Tls;
use ringfence_model::Money;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What holds where nothing is said.
const IDLE_MINS: u64 = 30;
const SESSION_HOURS: u64 = 12;
const TWO_PERSON_ABOVE: u64 = 500;
const ALONE_HOURS: u64 = 24;

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

/// Where it is served to this machine alone, when the section is missing and settings are in the store: there would be
/// no other way to people's own accounts.
const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// The section; `None`: no API is served. `shown` is the certificate of the listeners.
pub(super) fn read(root: &mut Section<'_>, shown: &Tls, in_file: bool) -> Option<Api> {
    if !root.has("api") && !in_file {
        return Some(here(shown));
    }
    let mut section = root.section("api")?;
    let listen = address(&mut section);
    let tls = tls(&mut section, shown);
    let url = section.take::<String>("public_url");
    let allow = section.texts("allow", MEND, network).unwrap_or_default();
    let session_idle = minutes(section.within("session_idle_mins", 1..=1_440, IDLE_MINS));
    let session_life = minutes(60 * section.within("session_hours", 1..=168, SESSION_HOURS));
    let above = section.within("two_person_above", 0..=1_000_000_000, TWO_PERSON_ABOVE);
    let alone_delay = minutes(60 * section.within("alone_hours", 1..=720, ALONE_HOURS));
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
            two_person_above: units(above),
            alone_delay,
            provider,
        })
    });
    section.finish();
    api
}

fn here(shown: &Tls) -> Api {
    let tls = shown.identity.clone();
    let tls = tls.map(|identity| Tls { identity: Some(identity), ..Tls::default() });
    let scheme = if tls.is_some() { "https" } else { "http" };
    Api {
        listen: HERE,
        public_url: format!("{scheme}://localhost:{}", HERE.port()),
        tls,
        allow: Vec::new(),
        session_idle: minutes(IDLE_MINS),
        session_life: minutes(60 * SESSION_HOURS),
        two_person_above: units(TWO_PERSON_ABOVE),
        alone_delay: minutes(60 * ALONE_HOURS),
        provider: None,
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn units(count: u64) -> Money {
    Money::units(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn address(section: &mut Section<'_>) -> Option<At<SocketAddr>> {
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
pub(super) fn tls(section: &mut Section<'_>, shown: &Tls) -> Option<Tls> {
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
