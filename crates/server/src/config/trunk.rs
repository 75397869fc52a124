//! `[[trunk]]`: SIP links to PBXs and carriers.

use super::guard::{MEND as NETWORK, network};
use super::listen::{host_and_port, is_host};
use super::pbx::{Asking, Control, Pbx, adviser, control};
use super::problem::At;
use super::section::Section;
use super::tenant::{code, values};
use ipnet::IpNet;
use ringfence_call::{
    Account, Login, NumberForm, Side, Target, Trunk, Upstream, speaks_of_the_called,
};
use ringfence_model::{TenantId, TrunkId};
use ringfence_sip::Transport;
use ringfence_sip::digest::Ha1;
use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

/// A trunk as written.
pub(super) struct Draft {
    pub trunk: Trunk,
    pub span: Range<usize>,
    /// What it must log in with; the hash needs the realm, which its tenant knows.
    pub login: Option<(At<String>, At<String>)>,
    /// How it asks, and how it is told to end a call.
    pub asks: (Option<Asking>, Option<Control>),
    /// Whether it lets us see its calls.
    pub is_seen: bool,
}

impl Draft {
    /// The PBX it is, when it asks, can be told, or lets us see its calls.
    pub fn pbx(&self) -> Option<Pbx> {
        let (asking, control) = &self.asks;
        (asking.is_some() || control.is_some() || self.is_seen).then_some(())?;
        Some(Pbx {
            trunk: self.trunk.id.clone(),
            tenant: self.trunk.tenant.clone()?,
            asking: asking.unwrap_or_default(),
            reject_code: self.trunk.reject_code,
            control: control.clone(),
        })
    }
}

/// Answers of a carrier that say nothing about the called party: another carrier may reach it.
const FAILOVER_CODES: [u16; 5] = [408, 500, 502, 503, 504];

/// All of them; of those in `seen` there is a feed.
pub(super) fn read(root: &mut Section<'_>, seen: &HashSet<&TrunkId>) -> Vec<Draft> {
    root.sections("trunk").into_iter().filter_map(|section| trunk(section, seen)).collect()
}

fn trunk(mut section: Section<'_>, seen: &HashSet<&TrunkId>) -> Option<Draft> {
    let desk = section.desk();
    let span = section.span.clone();
    let id = section.required("id", "carrier");
    if let Some(id) = &id {
        desk.declare("trunk", id);
    }
    let side = side(&mut section);
    let tenant = tenant_of(&mut section);
    let (networks, targets) = addresses(&mut section);
    let login = login(&mut section);
    let account = account(&mut section);
    let upstream = upstream(&mut section, account.as_ref(), &targets);
    let certificate = section.text("certificate", "write the name in its certificate", |text| {
        if is_host(text) { Ok(text.to_ascii_lowercase()) } else { Err("is no name") }
    });
    let (adviser, asking) = adviser(&mut section).unzip();
    let control = control(&mut section);
    let trunk = Trunk {
        id: TrunkId::new(id.as_ref().map_or("", |id| &id.value)),
        tenant,
        side: side.unwrap_or(Side::Carrier),
        certificate: certificate.map(|at| at.value),
        login: None,
        listener: listener(&mut section),
        account,
        upstream,
        probe: probe(&mut section, adviser.is_none() && !targets.is_empty()),
        // A PBX with failover routes would try the next trunk after a 603, and stops on 486.
        reject_code: code(
            &mut section,
            "reject_code",
            if side == Some(Side::Pbx) { 486 } else { 603 },
        ),
        failover_codes: failover_codes(&mut section),
        numbers: number_form(&mut section),
        dialling: country(&mut section),
        trusted: section.or("trusted", false),
        adviser,
        networks,
        targets,
    };
    let is_seen = seen.contains(&trunk.id);
    check(&section, &trunk, login.is_some() || is_seen, control.is_some());
    section.finish();
    let asks = (asking, control);
    (id.is_some() && side.is_some()).then_some(Draft { trunk, span, login, asks, is_seen })
}

/// What makes no sense together, or is open to everybody.
fn check(section: &Section<'_>, trunk: &Trunk, is_known: bool, has_control: bool) {
    let desk = section.desk();
    if trunk.networks.is_empty()
        && !is_known
        && trunk.certificate.is_none()
        && trunk.upstream.is_none()
        // One that asks over HTTP has a key.
        && trunk.adviser.is_none()
    {
        desk.doubt(
            &section.span,
            format!("trunk \"{}\" has neither address, login nor certificate: calls from it are not recognised", trunk.id),
            "add address = \"192.0.2.10\", or login = { user = \"...\", password = \"...\" }",
        );
    }
    if let Some(net) = trunk.networks.iter().find(|net| net.prefix_len() < 8) {
        desk.doubt(
            &section.span,
            format!("trunk \"{}\" is recognised by {net}, which is nearly everybody", trunk.id),
            "name the addresses it really sends from",
        );
    }
    if trunk.adviser.is_some() && trunk.side == Side::Carrier {
        desk.wrong(&section.span, "a carrier cannot be an adviser's client", "set side = \"pbx\"");
    }
    if has_control && trunk.side == Side::Carrier {
        desk.wrong(&section.span, "a carrier cannot be told to end calls", "set side = \"pbx\"");
    }
    if trunk.certificate.is_some()
        && trunk.targets.iter().any(|t| t.transport.is_some_and(|t| t != Transport::Tls))
    {
        desk.wrong(
            &section.span,
            format!("trunk \"{}\" must show a certificate and has a target without TLS", trunk.id),
            "write ;transport=tls behind the target",
        );
    }
}

fn side(section: &mut Section<'_>) -> Option<Side> {
    section.required("side", "pbx\" or \"carrier").and_then(|at| match at.value.as_str() {
        "pbx" => Some(Side::Pbx),
        "carrier" => Some(Side::Carrier),
        other => {
            section.desk().wrong(
                &at.span,
                format!("side: \"{other}\" is no side"),
                "write \"pbx\" or \"carrier\"",
            );
            None
        }
    })
}

pub(super) fn tenant_of(section: &mut Section<'_>) -> Option<TenantId> {
    let name = section.take::<String>("tenant")?;
    let id = TenantId::new(&name.value);
    section.desk().uses("tenant", name);
    Some(id)
}

fn listener(section: &mut Section<'_>) -> Option<String> {
    let name = section.take::<String>("listener")?;
    let value = name.value.clone();
    section.desk().uses("listener", name);
    Some(value)
}

/// Where requests come from and go to. Each follows from the other where only one is written and it is an address.
fn addresses(section: &mut Section<'_>) -> (Vec<IpNet>, Vec<Target>) {
    let mend = "write host, host:port or host:port;transport=tls";
    let targets = section.texts("target", mend, target).map(values);
    let networks = section.texts("address", NETWORK, network).map(values);
    let own = |net: &IpNet| (net.prefix_len() == net.max_prefix_len()).then(|| net.addr());
    let to = |ip: IpAddr| Target {
        host: if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() },
        port: None,
        transport: None,
    };
    let from = |target: &Target| target.host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    match (networks, targets) {
        (Some(networks), Some(targets)) => (networks, targets),
        (Some(networks), None) => {
            let targets = networks.iter().filter_map(own).map(to).collect();
            (networks, targets)
        }
        (None, Some(targets)) => {
            (targets.iter().filter_map(from).map(IpNet::from).collect(), targets)
        }
        (None, None) => (Vec::new(), Vec::new()),
    }
}

/// `host[:port][;transport=udp]`, with `sip:` or `sips:` before it if one likes.
pub(super) fn target(text: &str) -> Result<Target, String> {
    let (secure, rest) = match text.strip_prefix("sips:") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix("sip:").unwrap_or(text)),
    };
    let (place, parameter) = rest.split_once(';').unwrap_or((rest, ""));
    let (host, port) = host_and_port(place)?;
    let transport = match parameter.strip_prefix("transport=") {
        _ if parameter.is_empty() => secure.then_some(Transport::Tls),
        Some("udp") if !secure => Some(Transport::Udp),
        Some("tcp") if !secure => Some(Transport::Tcp),
        Some("tls") => Some(Transport::Tls),
        _ => return Err(format!("\";{parameter}\" is not ;transport=udp, tcp or tls")),
    };
    Ok(Target { host, port, transport })
}

fn login(section: &mut Section<'_>) -> Option<(At<String>, At<String>)> {
    let mut login = section.section("login")?;
    let user = login.required("user", "trunk-1");
    let password = login.secret("password");
    if password.is_none() && user.is_some() {
        login.desk().wrong(
            &login.span,
            "login has no password",
            "add password = { file = \"...\" }",
        );
    }
    login.finish();
    Some((user?, password?))
}

/// The hash of a trunk's login in `realm`.
pub(super) fn hashed(login: &(At<String>, At<String>), realm: &str) -> Login {
    let (user, password) = login;
    Login { user: user.value.clone(), ha1: Ha1::new(&user.value, realm, &password.value) }
}

fn account(section: &mut Section<'_>) -> Option<Account> {
    let mut account = section.section("account")?;
    let user = account.required("user", "0201234567");
    let password = account.secret("password");
    if password.is_none() && user.is_some() {
        account.desk().wrong(
            &account.span,
            "account has no password",
            "add password = { file = \"...\" }",
        );
    }
    account.finish();
    Some(Account { user: user?.value, password: password?.value })
}

/// `register = true`, or the aor to register.
fn upstream(
    section: &mut Section<'_>,
    account: Option<&Account>,
    targets: &[Target],
) -> Option<Upstream> {
    let desk = section.desk();
    let expires = Duration::from_secs(section.within("register_secs", 60..=86_400, 600));
    let value = section.raw("register")?;
    let span = value.span();
    let aor = match (value.get_ref().as_bool(), value.get_ref().as_str()) {
        (Some(false), _) => return None,
        (Some(true), _) => match (account, targets.first()) {
            (Some(account), Some(target)) => format!("sip:{}@{}", account.user, target.host),
            _ => {
                desk.wrong(
                    &span,
                    "registering needs a target and an account",
                    "add target and account, or write register = \"sip:user@domain\"",
                );
                return None;
            }
        },
        (None, Some(aor)) if aor.starts_with("sip:") && aor.contains('@') => aor.to_owned(),
        _ => {
            desk.wrong(
                &span,
                "register is neither true nor an address of record",
                "write true or \"sip:user@domain\"",
            );
            return None;
        }
    };
    Some(Upstream { aor, expires })
}

fn probe(section: &mut Section<'_>, can: bool) -> Option<Duration> {
    let secs = section.within("probe_secs", 0..=3_600, 30);
    (can && secs > 0).then(|| Duration::from_secs(secs))
}

fn failover_codes(section: &mut Section<'_>) -> Vec<u16> {
    let Some(at) = section.take::<Vec<u16>>("failover_codes") else { return FAILOVER_CODES.into() };
    if let Some(wrong) = at.value.iter().find(|code| !(300..700).contains(*code)) {
        section.desk().wrong(
            &at.span,
            format!("failover_codes: {wrong} is no answer that refuses"),
            "use codes from 300 to 699",
        );
    }
    if let Some(ends) = at.value.iter().find(|code| **code < 700 && speaks_of_the_called(**code)) {
        section.desk().wrong(
            &at.span,
            format!("failover_codes: {ends} is about who was called, and ends the call"),
            "leave out 404, 484, 486 and 600 to 699",
        );
    }
    at.value
}

fn number_form(section: &mut Section<'_>) -> NumberForm {
    let mend =
        "write \"as_dialled\", \"plus\" (+31...), \"bare\" (31...) or \"double_zero\" (0031...)";
    let read = section.text("number_form", mend, |text| match text {
        "as_dialled" => Ok(NumberForm::AsDialled),
        "plus" => Ok(NumberForm::Plus),
        "bare" => Ok(NumberForm::Bare),
        "double_zero" => Ok(NumberForm::DoubleZero),
        _ => Err("is no form"),
    });
    read.map_or_else(NumberForm::default, |at| at.value)
}

fn country(section: &mut Section<'_>) -> Option<ringfence_call::Dialling> {
    let read = section.text("country", "write two letters such as \"NL\"", |text| {
        let country =
            text.parse::<ringfence_model::Country>().map_err(|error| error.to_string())?;
        match ringfence_numbering::calling_code(country) {
            Some(_) => Ok(super::number::dialling(country)),
            None => Err("no numbering plan is known for it".to_owned()),
        }
    });
    read.map(|at| at.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_say_how_and_where() {
        let read = |text| target(text).map(|t| (t.host, t.port, t.transport));
        assert_eq!(read("sip.example"), Ok(("sip.example".into(), None, None)));
        assert_eq!(
            read("sip:h.example:5070;transport=tcp"),
            Ok(("h.example".into(), Some(5070), Some(Transport::Tcp)))
        );
        assert_eq!(read("sips:h.example"), Ok(("h.example".into(), None, Some(Transport::Tls))));
        for wrong in ["", "h;transport=sctp", "sips:h;transport=udp", "h:x", "h;lr"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
