//! `[[tenant]]`: protected customers.

use super::listen::is_host;
use super::notices::{self, Wishes};
use super::problem::At;
use super::section::Section;
use super::{judging, number};
use ringfence_call::{Inbound, Listener, Referrals, Registering, Tenant};
use ringfence_gate::Setup;
use ringfence_model::{TenantId, TrunkId};
use ringfence_sip::digest::Algorithm;
use std::ops::Range;
use std::time::Duration;

/// A tenant as written. `None` is what it leaves out; that follows from its trunks and extensions.
pub(super) struct Draft {
    pub tenant: Tenant,
    pub setup: Option<Setup>,
    pub wishes: Wishes,
    pub span: Range<usize>,
    pub carriers: Option<Vec<TrunkId>>,
    pub inbound: Option<Inbound>,
    pub registering: Option<Registering>,
}

/// Methods that pass outside dialogs unless said otherwise: messages, and what lamps and mailboxes need.
const METHODS: [&str; 4] = ["MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH"];
const METHODS_KNOWN: [&str; 6] = ["MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "OPTIONS", "INFO"];

pub(super) fn read(root: &mut Section<'_>, listeners: &[Listener]) -> Vec<Draft> {
    let span = root.span.clone();
    let sections = root.sections("tenant");
    // A file without any of these leaves them to the store. Carriers may be nobody's, and a company can go before them.
    if sections.is_empty() && root.has("extension") {
        root.desk().wrong(&span, "there is no tenant", "add [[tenant]] with id = \"office\"");
    } else if sections.is_empty() && root.has("trunk") {
        root.desk().doubt(
            &span,
            "there is no tenant, so no call passes",
            "add [[tenant]] with id = \"office\"",
        );
    }
    let alone = sections.len() == 1;
    sections.into_iter().filter_map(|section| tenant(section, listeners, alone)).collect()
}

fn tenant(mut section: Section<'_>, listeners: &[Listener], alone: bool) -> Option<Draft> {
    let desk = section.desk();
    let span = section.span.clone();
    let id = section.required("id", "office");
    if let Some(id) = &id {
        desk.declare("tenant", id);
    }
    let (country, setup) = judging::read(&mut section);
    let domains = domains(&mut section);
    let id = id.map_or_else(String::new, |id| id.value);
    let draft = Draft {
        carriers: trunks(&mut section, "carriers"),
        inbound: inbound(&mut section),
        registering: registering(&mut section),
        wishes: notices::wishes(&mut section),
        tenant: Tenant {
            id: TenantId::new(&id),
            domains: domains.unwrap_or_else(|| default_domains(&id, listeners, alone)),
            carriers: Vec::new(),
            emergency_carriers: trunks(&mut section, "emergency_carriers").unwrap_or_default(),
            inbound: Inbound::Nowhere,
            numbers: number::own(&mut section),
            registering: Registering::Nobody,
            algorithms: algorithms(&mut section),
            reject_code: code(&mut section, "reject_code", 603),
            ring: Duration::from_secs(section.within("ring_secs", 5..=600, 90)),
            referrals: referrals(&mut section),
            methods: methods(&mut section),
            dialling: number::dialling(country),
            extension_digits_max: u8::try_from(section.within("extension_digits_max", 0..=10, 4))
                .unwrap_or(4),
        },
        setup,
        span,
    };
    section.finish();
    (!id.is_empty()).then_some(draft)
}

fn domains(section: &mut Section<'_>) -> Option<Vec<String>> {
    let read = section.texts("domains", "write a name such as \"office.example\"", |text| {
        if is_host(text) { Ok(text.to_ascii_lowercase()) } else { Err("is no host name") }
    })?;
    for domain in &read {
        section.desk().declare("domain", domain);
    }
    if read.is_empty() { None } else { Some(values(read)) }
}

/// The first tenant's domain is the address we are reached by; where there are several, each has its label before it.
fn default_domains(id: &str, listeners: &[Listener], alone: bool) -> Vec<String> {
    let Some(first) = listeners.first() else { return Vec::new() };
    let host = host_of(&first.advertised).to_ascii_lowercase();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    match (alone, address) {
        (true, _) => vec![host],
        (false, true) => vec![id.to_ascii_lowercase()],
        (false, false) => vec![format!("{}.{host}", id.to_ascii_lowercase())],
    }
}

fn host_of(advertised: &str) -> &str {
    advertised.rsplit_once(':').map_or(advertised, |(host, _)| host)
}

fn trunks(section: &mut Section<'_>, key: &'static str) -> Option<Vec<TrunkId>> {
    let names = section.texts(key, "name trunks", |text| Ok::<_, &str>(text.to_owned()))?;
    Some(names.into_iter().map(|name| uses_trunk(section, name)).collect())
}

fn uses_trunk(section: &Section<'_>, name: At<String>) -> TrunkId {
    let id = TrunkId::new(&name.value);
    section.desk().uses("trunk", name);
    id
}

fn inbound(section: &mut Section<'_>) -> Option<Inbound> {
    let name = section.take::<String>("inbound")?;
    Some(match name.value.as_str() {
        "nowhere" => Inbound::Nowhere,
        _ => Inbound::Trunk(uses_trunk(section, name)),
    })
}

/// `register = "here"`, `"nobody"` or the name of a PBX; the registrar's bounds beside it.
fn registering(section: &mut Section<'_>) -> Option<Registering> {
    let written = section.take::<String>("register");
    let contacts_max = u8::try_from(section.within("contacts_max", 1..=32, 5)).unwrap_or(5);
    let expires_min = section.within("expires_min_secs", 30..=86_400, 60);
    let expires_max = section.within("expires_max_secs", 60..=86_400, 3_600).max(expires_min);
    let written = written?;
    Some(match written.value.as_str() {
        "here" => here(contacts_max, expires_min, expires_max),
        "nobody" => Registering::Nobody,
        _ => Registering::PassedTo(uses_trunk(section, written)),
    })
}

pub(super) const fn here(contacts_max: u8, min_secs: u64, max_secs: u64) -> Registering {
    Registering::Here {
        contacts_max,
        expires_min: Duration::from_secs(min_secs),
        expires_max: Duration::from_secs(max_secs),
    }
}

fn algorithms(section: &mut Section<'_>) -> Vec<Algorithm> {
    let mend = "use \"SHA-256\", \"SHA-512-256\" or, for old phones, \"MD5\"";
    let read = section.texts("algorithms", mend, |text| {
        Algorithm::from_wire(text.as_bytes()).ok_or("is no algorithm of RFC 8760")
    });
    let Some(read) = read.filter(|read| !read.is_empty()) else { return vec![Algorithm::Sha256] };
    if let Some(md5) = read.iter().find(|at| at.value == Algorithm::Md5) {
        section.desk().doubt(
            &md5.span,
            "MD5 lets whoever hears a registration guess its password fast",
            "keep it only while phones need it, with long random passwords",
        );
    }
    values(read)
}

/// A final answer that refuses.
pub(super) fn code(section: &mut Section<'_>, key: &'static str, default: u16) -> u16 {
    u16::try_from(section.within(key, 400..=699, u64::from(default))).unwrap_or(default)
}

fn referrals(section: &mut Section<'_>) -> Referrals {
    let read = section.text("refer", "write \"pass\" or \"refuse\"", |text| match text {
        "pass" => Ok(Referrals::Pass),
        "refuse" => Ok(Referrals::Refuse),
        _ => Err("is neither"),
    });
    read.map_or_else(Referrals::default, |at| at.value)
}

fn methods(section: &mut Section<'_>) -> Vec<String> {
    let mend = format!("use {}", METHODS_KNOWN.join(", "));
    let read = section.texts("methods", &mend, |text| {
        METHODS_KNOWN.iter().find(|known| **known == text).ok_or("is no method that can pass")
    });
    match read {
        Some(read) => read.into_iter().map(|at| (*at.value).to_owned()).collect(),
        None => METHODS.map(str::to_owned).into(),
    }
}

pub(super) fn values<T>(list: Vec<At<T>>) -> Vec<T> {
    list.into_iter().map(|at| at.value).collect()
}
