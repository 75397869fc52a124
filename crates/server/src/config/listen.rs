//! `[[listen]]` and `[tls]`: where we can be reached.

use super::problem::At;
use super::section::Section;
use ringfence_call::Listener;
use ringfence_edge::Tls;
use ringfence_sip::Transport;
use std::net::SocketAddr;
use std::time::Duration;

/// A certificate that ends within this time is told of.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Whose settings are all in the file means to take calls; who has an empty one begins.
pub(super) fn listeners(root: &mut Section<'_>, in_file: bool) -> Vec<Listener> {
    let span = root.span.clone();
    let sections = root.sections("listen");
    if sections.is_empty() {
        let (what, mend) =
            ("nothing to listen on", "add [[listen]] with udp = \"192.0.2.10:5060\"");
        match in_file {
            true => root.desk().wrong(&span, what, mend),
            false => root.desk().doubt(&span, format!("{what}: no call is heard"), mend),
        }
    }
    let mut all = Vec::new();
    for section in sections {
        read(section, &mut all);
    }
    all
}

/// One `[[listen]]` may name several transports.
fn read(mut section: Section<'_>, all: &mut Vec<Listener>) {
    let desk = section.desk();
    let name = section.take::<String>("name");
    let advertise = section.text("advertise", "write host or host:port", host_and_port);
    let before = all.len();
    for (key, transport) in
        [("udp", Transport::Udp), ("tcp", Transport::Tcp), ("tls", Transport::Tls)]
    {
        let mend =
            "write an address and a port, such as \"192.0.2.10:5060\" or \"[2001:db8::1]:5060\"";
        for local in section.texts(key, mend, |text| address(text, transport)).unwrap_or_default() {
            if all.iter().any(|at| at.transport == transport && at.local == local.value) {
                desk.wrong(
                    &local.span,
                    format!("{} {} is there twice", key, local.value),
                    "remove one",
                );
                continue;
            }
            let Some(advertised) = advertised(&section, &local, advertise.as_ref()) else {
                continue;
            };
            let name = name.as_ref().map_or_else(|| key.to_owned(), |name| name.value.clone());
            all.push(Listener { name, transport, local: local.value, advertised });
        }
    }
    if let Some(name) = name {
        desk.declare("listener", &name);
    } else {
        for (index, listener) in all.iter().enumerate().skip(before) {
            // Several nameless ones of a transport share its name.
            let at = At::new(listener.name.clone(), section.span.clone());
            if !all.iter().take(index).any(|other| other.name == at.value) {
                desk.declare("listener", &at);
            }
        }
    }
    section.finish();
}

fn address(text: &str, transport: Transport) -> Result<SocketAddr, String> {
    let parsed = text.parse::<SocketAddr>();
    let parsed = parsed.or_else(|_| {
        let ip = text.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        ip.map(|ip| SocketAddr::new(ip, transport.default_port()))
    });
    match parsed {
        Ok(at) if at.port() == 0 => Err("port 0 is no port".to_owned()),
        Ok(at) => Ok(at),
        Err(_) => Err("is no address".to_owned()),
    }
}

fn advertised(
    section: &Section<'_>,
    local: &At<SocketAddr>,
    advertise: Option<&At<(String, Option<u16>)>>,
) -> Option<String> {
    match advertise {
        Some(At { value: (host, port), .. }) => {
            Some(format!("{host}:{}", port.unwrap_or(local.value.port())))
        }
        None if local.value.ip().is_unspecified() => {
            section.desk().wrong(
                &local.span,
                format!(
                    "{} is every address of this machine, and others must be told one",
                    local.value
                ),
                "add advertise = \"the address or name phones and peers reach this machine by\"",
            );
            None
        }
        None => Some(local.value.to_string()),
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>), &'static str> {
    const WRONG: &str = "is neither a host nor host:port";
    let split = if text.starts_with('[') {
        match text.split_once(']') {
            Some((host, "")) => (format!("{host}]"), None),
            Some((host, port)) => (format!("{host}]"), port.strip_prefix(':')),
            None => return Err(WRONG),
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (text.to_owned(), None),
        }
    };
    let port = match split.1 {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0).ok_or(WRONG)?),
        None => None,
    };
    if is_host(&split.0) { Ok((split.0, port)) } else { Err(WRONG) }
}

/// A name or an address, as a URI writes it.
pub(super) fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// `[tls]`. Without it we trust the authorities every browser knows, and have no certificate to show.
pub(super) fn tls(root: &mut Section<'_>, listeners: &[Listener]) -> Tls {
    let desk = root.desk();
    let listens = listeners.iter().any(|at| at.transport == Transport::Tls);
    let mut section = root.section("tls");
    let span = section.as_ref().map_or(root.span.clone(), |section| section.span.clone());
    let mut file = |key: &'static str| {
        let at: At<String> = section.as_mut()?.take(key)?;
        Some(desk.source().beside(&at.value))
    };
    let identity = match (file("certificate"), file("key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            let mend = "give both certificate = \"chain.pem\" and key = \"key.pem\"";
            desk.wrong(&span, "a certificate and its key belong together", mend);
            return Tls::default();
        }
    };
    let visitors = file("client_authorities").into_iter().collect();
    let hosts = file("authorities").into_iter().collect();
    let tls = Tls { identity, visitors, hosts };
    if let Some(section) = section {
        section.finish();
    }
    if listens && tls.identity.is_none() {
        desk.wrong(
            &span,
            "a listener speaks TLS and there is no certificate",
            "add [tls] with certificate = \"chain.pem\" and key = \"key.pem\"",
        );
        return tls;
    }
    match tls.check() {
        Ok(Some(ends)) if ends < crate::wall() + SOON => {
            let mend = "renew it, then `ringfence reload`";
            desk.doubt(&span, "the certificate ends within two weeks", mend);
        }
        Ok(_) => {}
        Err(error) => desk.wrong(&span, error.to_string(), "then `ringfence check-config` again"),
    }
    tls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_port() {
        assert_eq!(host_and_port("sip.example"), Ok(("sip.example".into(), None)));
        assert_eq!(host_and_port("192.0.2.1:5080"), Ok(("192.0.2.1".into(), Some(5080))));
        assert_eq!(host_and_port("[2001:db8::1]:5061"), Ok(("[2001:db8::1]".into(), Some(5061))));
        assert_eq!(host_and_port("[2001:db8::1]"), Ok(("[2001:db8::1]".into(), None)));
        for wrong in
            ["", "a b", "host:", "host:0", "host:70000", "[::1", "-a.example", "2001:db8::1"]
        {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }
}
