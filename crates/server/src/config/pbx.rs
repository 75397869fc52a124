//! What a `[[trunk]]` says of a PBX that asks: whether it tells of its calls, what it does when nobody answers it, and
//! how it is told to end one.

use super::listen::host_and_port;
use super::problem::At;
use super::section::Section;
use ringfence_call::Adviser;
use ringfence_model::{TenantId, TrunkId};
use std::fmt;
use std::time::Duration;

/// A PBX that asks over HTTP, or is told to end calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pbx {
    /// The trunk it is.
    pub trunk: TrunkId,
    /// Whose.
    pub tenant: TenantId,
    /// How it asks.
    pub asking: Asking,
    /// The code of a refusal.
    pub reject_code: u16,
    /// How it is told to end a call; `None`: it cannot be.
    pub control: Option<Control>,
}

/// How a PBX asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asking {
    /// Whether it tells of answer and end.
    pub tells: bool,
    /// How long a call is taken to last when it does not.
    pub assumed: Duration,
    /// How long after the last word about it an answered call is taken to be over.
    pub lease: Duration,
    /// Whether calls are let through that cannot be judged.
    pub fails_open: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            tells: false,
            assumed: Duration::from_secs(180),
            lease: Duration::from_secs(4 * 3_600),
            fails_open: true,
        }
    }
}

/// How a PBX is told to end a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Control {
    /// What it is.
    pub kind: PbxKind,
    /// Host and port.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path of its JSON-RPC; empty where it speaks something else.
    pub path: String,
    /// Who we are there; empty where it does not ask.
    pub user: String,
    /// And how we prove it.
    pub password: String,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}:{}{}", self.kind, self.host, self.port, self.path)
    }
}

/// What a PBX is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum PbxKind {
    Asterisk,
    FreeSwitch,
    Kamailio,
    OpenSips,
}

/// `adviser`: how the trunk asks over SIP, and over HTTP.
pub(super) fn adviser(section: &mut Section<'_>) -> Option<(Adviser, Asking)> {
    let mut adviser = section.section("adviser")?;
    let allow = adviser.within("allow_code", 300..=503, 302);
    if ![300, 302, 404, 503].contains(&allow) {
        adviser.desk().wrong(
            &adviser.span,
            format!("allow_code {allow} does not let the call go on"),
            "use 302, 300, 404 or 503",
        );
    }
    let secs = |secs| Duration::from_secs(secs);
    let assumed = secs(adviser.within("assumed_secs", 10..=86_400, 180));
    let asking = Asking {
        tells: adviser.or("tells", false),
        assumed,
        lease: secs(adviser.within("lease_secs", 60..=86_400, 4 * 3_600)),
        fails_open: fails_open(&mut adviser),
    };
    adviser.finish();
    Some((Adviser { allow_code: u16::try_from(allow).unwrap_or(302), assumed }, asking))
}

fn fails_open(adviser: &mut Section<'_>) -> bool {
    let mend = "write \"open\" (calls go through) or \"closed\" (they do not)";
    let written = adviser.text("fail", mend, |text| match text {
        "open" => Ok(true),
        "closed" => Ok(false),
        _ => Err("is neither open nor closed"),
    });
    written.is_none_or(|at| at.value)
}

/// `control`: how the PBX is told to end a call.
pub(super) fn control(section: &mut Section<'_>) -> Option<Control> {
    let mut control = section.section("control")?;
    let mend = "write \"asterisk\", \"freeswitch\", \"kamailio\" or \"opensips\"";
    missing(&control, "kind", mend);
    let kind = control.text("kind", mend, |text| match text {
        "asterisk" => Ok(PbxKind::Asterisk),
        "freeswitch" => Ok(PbxKind::FreeSwitch),
        "kamailio" => Ok(PbxKind::Kamailio),
        "opensips" => Ok(PbxKind::OpenSips),
        _ => Err("is no PBX that can be told"),
    });
    let kind = kind.map(|at| at.value);
    let speaks_rpc = matches!(kind, Some(PbxKind::Kamailio | PbxKind::OpenSips));
    let place = place(&mut control, kind, speaks_rpc);
    let user = control.or("user", String::new());
    let password = control.secret("password").map(|at| at.value).unwrap_or_default();
    let spoilt = |text: &str| text.chars().any(char::is_control);
    if spoilt(&user) || spoilt(&password) {
        control.desk().wrong(
            &control.span,
            "control: user and password are one line each",
            "write them without line ends",
        );
    }
    let logs_in = match kind {
        Some(PbxKind::Asterisk) => !user.is_empty() && !password.is_empty(),
        Some(PbxKind::FreeSwitch) => !password.is_empty(),
        _ => true,
    };
    if !logs_in {
        control.desk().wrong(
            &control.span,
            "control: the PBX asks for a login",
            "add user = \"ringfence\" and password = { file = \"...\" }; FreeSWITCH may go without user",
        );
    }
    let (host, port, path) = place?;
    control.finish();
    Some(Control { kind: kind?, host, port, path, user, password })
}

fn place(
    control: &mut Section<'_>,
    kind: Option<PbxKind>,
    speaks_rpc: bool,
) -> Option<(String, u16, String)> {
    if speaks_rpc {
        let mend = "write such as \"http://127.0.0.1:5060/RPC\"";
        missing(control, "url", mend);
        let at = control.text("url", mend, |text| {
            let rest = text.strip_prefix("http://").ok_or("does not begin with http://")?;
            let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let path = if path.is_empty() { "/" } else { path };
            let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
            let (host, port) = host_and_port(place)?;
            if plain { Ok((host, port.unwrap_or(80), path.to_owned())) } else { Err("is no URL") }
        });
        return at.map(|at| at.value);
    }
    let usual = if kind == Some(PbxKind::FreeSwitch) { 8021 } else { 5038 };
    let mend = "write host or host:port";
    missing(control, "address", mend);
    let at = control.text("address", mend, host_and_port);
    at.map(|At { value: (host, port), .. }| (host, port.unwrap_or(usual), String::new()))
}

fn missing(control: &Section<'_>, field: &'static str, mend: &str) {
    if !control.has(field) {
        control.desk().wrong(&control.span, format!("control has no {field}"), mend);
    }
}
