//! `[guard]`: who is heard at all.

use super::section::Section;
use ipnet::IpNet;
use ringfence_guard::Settings;
use std::net::IpAddr;

/// The settings of the guard. Addresses of trunks are trusted without being named here.
pub(super) fn read(root: &mut Section<'_>) -> Settings {
    root.section("guard").map(section).unwrap_or_default()
}

fn section(mut section: Section<'_>) -> Settings {
    let desk = section.desk();
    let trusted = section.texts("trusted", MEND, network).unwrap_or_default();
    for net in trusted.iter().filter(|net| net.value.prefix_len() < 8) {
        desk.doubt(
            &net.span,
            format!("guard.trusted holds {}, which is nearly everybody", net.value),
            "name the addresses of your own PBXs and carriers only",
        );
    }
    let allowed = section.texts("allowed", MEND, network).unwrap_or_default();
    let denied = section.texts("denied", MEND, network).unwrap_or_default();
    let mut settings: Settings = section.rest().unwrap_or_default();
    settings.trusted = trusted.into_iter().map(|at| at.value).collect();
    settings.allowed = allowed.into_iter().map(|at| at.value).collect();
    settings.denied = denied.into_iter().map(|at| at.value).collect();
    settings
}

pub(super) const MEND: &str =
    "write an address or a range, such as \"192.0.2.10\" or \"192.0.2.0/24\"";

/// An address or a range.
pub(super) fn network(text: &str) -> Result<IpNet, &'static str> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| "is neither an address nor a range")
}
