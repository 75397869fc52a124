//! Lines for a collector of logs: RFC 5424, with JSON or CEF as text.

use crate::hook::told;
use crate::{News, What};
use ringfence_fraud::explain::Voice;
use std::fmt::Write;

/// The facility "security and authorization" (RFC 5424 §6.2.1).
const FACILITY: u8 = 4;
/// Longest text of a line, in bytes; collectors must take 2048 and should take 8192 (RFC 5425 §4.3.1).
const TEXT_BYTES_MAX: usize = 7_168;

/// A collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Syslog {
    /// `host:port`.
    pub server: String,
    /// Whether over TLS (RFC 5425); without it only to this machine.
    pub tls: bool,
    /// What the text is.
    pub form: Form,
}

/// What the text of a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// One JSON object.
    #[default]
    Json,
    /// ArcSight's Common Event Format, revision 0.
    Cef,
}

impl Syslog {
    /// The line for `news`, by `host`.
    #[must_use]
    pub fn line(&self, news: &News, host: &str, voice: &Voice) -> String {
        let priority = FACILITY * 8 + severity(news);
        let stamp = jiff::Timestamp::from_microsecond(news.at.0).unwrap_or_default();
        let host: String = host.chars().filter(|c| c.is_ascii_graphic()).take(255).collect();
        let host = if host.is_empty() { "-" } else { &host };
        let text = match self.form {
            Form::Json => json(news, voice),
            Form::Cef => cef(news, voice),
        };
        format!("<{priority}>1 {stamp:.6} {host} ringfence - {} - {text}", news.kind())
    }
}

/// As RFC 5424 §6.2.1 counts: 1 is "act at once", 4 a warning, 5 a notice, 6 for information.
const fn severity(news: &News) -> u8 {
    match news.what {
        What::Blocked { shadow: false, .. } => 1,
        What::Alert { .. } | What::Nearly { .. } => 4,
        What::Held { .. } | What::Blocked { .. } | What::Lifted { .. } | What::Proposed { .. } => 5,
        What::Digest(_) | What::Trial => 6,
    }
}

/// A whole object, or one with what matters.
fn json(news: &News, voice: &Voice) -> String {
    let mut whole = told(news, voice);
    let text = whole.to_string();
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    if let Some(fields) = whole.as_object_mut() {
        fields.retain(|_, value| !value.is_array() && !value.is_object());
        if let Some(why) = fields.get_mut("why") {
            let short: String = why.as_str().unwrap_or_default().chars().take(1_000).collect();
            *why = short.into();
        }
    }
    whole.to_string()
}

fn cef(news: &News, voice: &Voice) -> String {
    let (name, weight) = match news.what {
        What::Alert { .. } => ("Fraud suspected", 8),
        What::Blocked { shadow: false, .. } => ("Calls blocked", 10),
        What::Blocked { .. } => ("Calls would be blocked", 6),
        What::Lifted { .. } => ("Block ended", 3),
        What::Held { .. } => ("Call waits for approval", 5),
        What::Nearly { .. } => ("Limit nearly reached", 6),
        What::Digest(_) => ("Overview", 1),
        What::Proposed { .. } => ("Second person awaited", 5),
        What::Trial => ("Trial", 0),
    };
    let version = env!("CARGO_PKG_VERSION");
    let mut line = format!("CEF:0|Ringfence|Ringfence|{version}|{}|{name}|{weight}|", news.kind());
    let mut add = |key: &str, value: &str| {
        let _ = write!(line, "{key}={} ", escaped(value));
    };
    add("rt", &news.at.as_millis().to_string());
    add("externalId", &news.id);
    if let Some(tenant) = &news.tenant {
        add("cs1Label", "tenant");
        add("cs1", tenant.as_str());
    }
    if let Some(case) = &news.case {
        add("cs2Label", "case");
        add("cs2", case);
    }
    if let Some(extension) = news.extension() {
        add("suser", extension.as_str());
    }
    match &news.what {
        What::Alert { at_stake, .. } => money(&mut add, "atStake", *at_stake),
        What::Nearly { used, .. } => money(&mut add, "used", *used),
        What::Held { number, .. } => add("duser", number),
        _ => {}
    }
    if !news.reasons().is_empty() {
        let why: String = voice.reasons(news.reasons()).chars().take(1_000).collect();
        add("msg", &why);
    }
    line.truncate(line.trim_end().len());
    line
}

fn money(add: &mut impl FnMut(&str, &str), label: &str, amount: ringfence_model::Money) {
    add("cfp1Label", label);
    add("cfp1", &format!("{:.2}", amount.as_f64()));
}

/// What has a meaning in an extension field of CEF.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '=' => text.push_str("\\="),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::tests::{alert, held};

    fn line(form: Form, news: &News) -> String {
        let log = Syslog { server: "siem.example:6514".into(), tls: true, form };
        log.line(news, "fw 1", &Voice::english())
    }

    #[test]
    fn a_line_is_rfc_5424_with_json() {
        let line = line(Form::Json, &alert());
        let (head, text) = line.split_once(" - {").unwrap();
        assert_eq!(head, "<36>1 2026-11-22T12:00:00.000000Z fw1 ringfence - alert");
        let body: serde_json::Value = serde_json::from_str(&format!("{{{text}")).unwrap();
        assert_eq!(body["tenant"], "acme");
    }

    #[test]
    fn a_line_is_cef_and_nothing_breaks_out_of_its_field() {
        let mut news = held();
        news.case = Some("a=b\\c\nd".into());
        let line = line(Form::Cef, &news);
        assert!(line.contains(" - CEF:0|Ringfence|Ringfence|0."), "{line}");
        assert!(line.contains("|held|Call waits for approval|5|rt=1795348800000 "), "{line}");
        assert!(line.contains("cs2=a\\=b\\\\c\\nd suser=205 duser=+23276123456 msg="), "{line}");
        assert!(!line.contains('\n'));
    }

    #[test]
    fn a_long_line_is_cut_to_what_collectors_take() {
        let mut news = alert();
        let reasons = vec![news.reasons()[0].clone(); 200];
        if let What::Alert { reasons: all, .. } = &mut news.what {
            *all = reasons;
        }
        let line = line(Form::Json, &news);
        assert!(line.len() < 8_192, "{}", line.len());
        let (_, text) = line.split_once(" - {").unwrap();
        serde_json::from_str::<serde_json::Value>(&format!("{{{text}")).unwrap();
    }
}
