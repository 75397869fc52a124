//! `[adviser]`: where PBXs ask.

use super::api::{address, tls};
use super::guard::{MEND, network};
use super::section::Section;
use ipnet::IpNet;
use ringfence_edge::Tls;
use std::net::SocketAddr;

/// Where PBXs ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adviser {
    /// The address.
    pub listen: SocketAddr,
    /// What is shown there; without it keys of PBXs go in the clear.
    pub tls: Option<Tls>,
    /// Where PBXs find it, without a slash at the end.
    pub url: String,
    /// Who may connect; empty for everybody.
    pub allow: Vec<IpNet>,
    /// Questions of one tenant in a second; beyond it each is answered as if nobody could judge it.
    pub questions_per_sec_max: u32,
}

/// The section; `None`: nobody can ask. `shown` is the certificate of the listeners.
pub(super) fn read(root: &mut Section<'_>, shown: &Tls) -> Option<Adviser> {
    let mut section = root.section("adviser")?;
    let listen = address(&mut section);
    let plain = section.or("plain", false);
    let tls = if plain { None } else { tls(&mut section, shown) };
    let url = section.text("url", "write such as \"https://fw.example.org:8444\"", |text| {
        let web = text.starts_with("https://") || text.starts_with("http://");
        let sane = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if web && sane { Ok(text.trim_end_matches('/').to_owned()) } else { Err("is no URL") }
    });
    let allow = section.texts("allow", MEND, network).unwrap_or_default();
    let most = section.within("questions_per_sec_max", 1..=100_000, 1_000);
    let listen = listen.and_then(|listen| {
        let own = tls.is_some() || listen.value.ip().is_loopback();
        let what = format!("{}: keys of PBXs go over the network in the clear", listen.value);
        match (own, plain) {
            (true, _) => {}
            (false, true) => {
                section.desk().doubt(&listen.span, what, "use it inside a tunnel only");
            }
            (false, false) => {
                let mend = "add certificate = \"chain.pem\" and key = \"key.pem\", or plain = true";
                section.desk().wrong(&listen.span, what, mend);
                return None;
            }
        }
        Some(listen.value)
    });
    section.finish();
    let listen = listen?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    Some(Adviser {
        url: url.map_or_else(|| format!("{scheme}://{listen}"), |at| at.value),
        listen,
        tls,
        allow: allow.into_iter().map(|at| at.value).collect(),
        questions_per_sec_max: u32::try_from(most).unwrap_or(u32::MAX),
    })
}
