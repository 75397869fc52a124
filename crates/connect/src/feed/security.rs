//! Asterisk's security events: as lines of its log (`logger.conf`: `security.log => security`), and as events of its
//! manager with the same fields.
//!
//! Strangers choose some of what stands in a line, the account among it. A field that is there twice is no field.

use super::{FailedLogin, taken_over};
use crate::control::ami::Packet;
use std::net::{IpAddr, SocketAddr};

/// The longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 8 << 10;

/// Events of a login that failed. PJSIP tells of a wrong password as `ChallengeResponseFailed`.
const FAILURES: [&str; 4] =
    ["ChallengeResponseFailed", "InvalidAccountID", "InvalidPassword", "FailedACL"];

/// The failed login in a line of the log, if it tells of one.
#[must_use]
pub fn line(line: &str) -> Option<FailedLogin> {
    let at = line.find("SecurityEvent=\"")?;
    let fields = fields(line.get(at..)?)?;
    let get = |name: &str| {
        let mut mine = fields.iter().filter(|(of, _)| *of == name).map(|(_, value)| value.as_str());
        mine.next().filter(|_| mine.next().is_none())
    };
    failed(get("SecurityEvent")?, get)
}

/// The failed login in an event of the manager, if it is one.
#[must_use]
pub fn event(packet: &Packet) -> Option<FailedLogin> {
    failed(packet.event()?, |name| packet.get(name))
}

fn failed<'f>(event: &str, get: impl Fn(&str) -> Option<&'f str>) -> Option<FailedLogin> {
    // Logins at the manager or the web server of Asterisk are no phone's.
    let is_phone = get("Service").is_some_and(|of| of.ends_with("SIP") || of.starts_with("IAX"));
    if !FAILURES.contains(&event) || !is_phone {
        return None;
    }
    let (stream, from) = address(get("RemoteAddress")?)?;
    let account = taken_over(get("AccountID").unwrap_or_default().as_bytes());
    Some(FailedLogin { account, from, stream, user_agent: None })
}

/// `IPV4/UDP/192.0.2.7/5060`.
fn address(text: &str) -> Option<(bool, SocketAddr)> {
    let mut parts = text.split('/');
    let family = parts.next()?;
    let stream = parts.next()? != "UDP";
    let ip: IpAddr = parts.next()?.trim_matches(['[', ']']).parse().ok()?;
    let port = parts.next()?.parse().ok()?;
    let whole = family.starts_with("IPV") && parts.next().is_none();
    whole.then_some((stream, SocketAddr::new(ip.to_canonical(), port)))
}

/// `Name="value",Name="value"`, with `\` before what is no end.
fn fields(mut text: &str) -> Option<Vec<(&str, String)>> {
    let mut all = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next()? {
                (_, '\\') => value.extend(chars.next().map(|(_, next)| next)),
                (at, '"') => break at,
                (_, other) => value.push(other),
            }
        };
        all.push((name, value));
        match rest.get(end + 1..)?.trim_end() {
            "" => return Some(all),
            more => text = more.strip_prefix(',')?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ami::Reader;
    use proptest::prelude::*;

    /// As Asterisk 22.10.1 wrote it.
    const LINE: &str = include_str!("../../tests/data/asterisk-security.log");

    #[test]
    fn a_wrong_password_is_seen_in_the_log() {
        let failed = line(LINE).unwrap();
        let (account, from) = (failed.account.as_str(), failed.from.to_string());
        assert_eq!((account, from.as_str(), failed.stream), ("alice", "127.0.0.1:6020", false));
    }

    #[test]
    fn and_in_events_of_the_manager() {
        let text = "Asterisk Call Manager/11.0.0\r\nEvent: InvalidAccountID\r\nPrivilege: security,all\r\n\
            Severity: Error\r\nService: PJSIP\r\nAccountID: 100\r\nSessionID: a@b\r\n\
            LocalAddress: IPV6/TLS/2001:db8::1/5061\r\nRemoteAddress: IPV6/TLS/2001:db8::7/40000\r\n\r\n\
            Event: SuccessfulAuth\r\nService: PJSIP\r\nAccountID: 100\r\n\
            RemoteAddress: IPV4/UDP/192.0.2.1/5060\r\n\r\n";
        let mut reader = Reader::default();
        reader.push(text.as_bytes()).unwrap();
        let failed = event(&reader.packet().unwrap()).unwrap();
        assert_eq!(
            (failed.from.to_string().as_str(), failed.stream),
            ("[2001:db8::7]:40000", true)
        );
        assert_eq!(event(&reader.packet().unwrap()), None);
    }

    #[test]
    fn other_events_and_what_makes_no_sense_are_passed_over() {
        for (from, to) in [
            ("\"ChallengeResponseFailed\"", "\"ChallengeSent\""),
            ("\"ChallengeResponseFailed\"", "\"SuccessfulAuth\""),
            ("\"PJSIP\"", "\"AMI\""),
            ("IPV4/UDP/127.0.0.1/6020", "IPV4/UDP/nowhere/6020"),
            ("IPV4/UDP/127.0.0.1/6020", "IPV4/UDP/127.0.0.1/6020/1"),
            ("SecurityEvent", "Security"),
            ("RemoteAddress", "FarAddress"),
            ("ExpectedResponse=\"\"", "ExpectedResponse=\""),
        ] {
            let changed = LINE.replacen(from, to, 1);
            assert_ne!(changed, LINE);
            assert_eq!(line(&changed), None, "{from} as {to}");
        }
    }

    #[test]
    fn an_account_cannot_say_who_it_was() {
        let forged = r#"x",RemoteAddress="IPV4/UDP/192.0.2.99/1"#;
        let unescaped = LINE.replacen("alice", forged, 1);
        assert_eq!(line(&unescaped), None, "there are two addresses");
        let escaped = LINE.replacen("alice", &forged.replace('"', "\\\""), 1);
        let failed = line(&escaped).unwrap();
        assert_eq!(
            (failed.from.to_string().as_str(), failed.account.as_str()),
            ("127.0.0.1:6020", forged)
        );
        let long = LINE.replacen("alice", &"a".repeat(5_000), 1);
        assert_eq!(line(&long).unwrap().account.len(), 128);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text: String, at in 0_usize..400, to: char) {
            let _ = line(&text);
            let _ = line(&format!("SecurityEvent=\"{text}"));
            let changed: String = LINE.chars().enumerate().map(|(n, c)| if n == at { to } else { c }).collect();
            let _ = line(&changed);
        }
    }
}
