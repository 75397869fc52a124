//! Attackers that are no user agents: they send and never listen.

use super::scenario::Scenario;
use crate::chance::Chance;
use bytes::Bytes;
use ringfence_model::Moment;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// One attacker.
#[derive(Clone, Debug)]
pub struct Attack {
    /// How.
    pub method: Method,
    /// From when.
    pub start: Moment,
    /// Between two messages.
    pub every: Duration,
    /// How many messages.
    pub count: u32,
}

/// How an attacker works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Looks for telephone systems, from many addresses, knowing nothing.
    Scan,
    /// Messages that are nearly right, from many addresses.
    Storm,
    /// Guesses the passwords of extensions whose domain it knows.
    Guess,
    /// New calls without a password, from many addresses, to a domain it knows.
    Flood,
    /// Ends calls it overheard, with BYE and CANCEL from an address of its own.
    Spoof,
    /// Sends what it overheard once more, from an address of its own.
    Replay,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Scan, Self::Storm, Self::Guess, Self::Flood, Self::Spoof, Self::Replay];

    /// Whether it knows a name that is served here; the others must get no byte back.
    #[must_use]
    pub const fn knows_a_name(self) -> bool {
        !matches!(self, Self::Scan | Self::Storm)
    }

    /// Where it sends from.
    #[must_use]
    pub fn source(self, chance: &mut Chance) -> SocketAddr {
        let net = Self::ALL.iter().position(|method| *method == self).unwrap_or(0) as u8;
        let host = match self {
            Self::Scan | Self::Storm | Self::Flood => chance.within((100, 199)) as u8,
            // From one place, and from rented ones.
            Self::Guess if chance.happens(0.5) => chance.within((100, 199)) as u8,
            Self::Guess | Self::Spoof | Self::Replay => 211,
        };
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 18, 100 + net, host)), 5060)
    }

    /// The method that sends from an address.
    #[must_use]
    pub fn of(source: &SocketAddr) -> Option<Self> {
        let IpAddr::V4(ip) = source.ip() else { return None };
        let [198, 18, net, _] = ip.octets() else { return None };
        Self::ALL.get(usize::from(net.checked_sub(100)?)).copied()
    }
}

impl Attack {
    /// The next message, with what was overheard so far.
    pub fn strike(
        &self,
        chance: &mut Chance,
        domain: &str,
        overheard: &[Bytes],
    ) -> Option<(SocketAddr, Bytes)> {
        let source = self.method.source(chance);
        let bytes = match self.method {
            Method::Scan => scan(chance, source),
            Method::Storm => storm(chance, overheard)?,
            Method::Guess => guess(chance, source, domain),
            Method::Flood => flood(chance, source, domain),
            Method::Spoof => spoof(chance, source, overheard)?,
            Method::Replay => chance.pick(overheard)?.clone(),
        };
        Some((source, bytes))
    }
}

fn request(
    chance: &mut Chance,
    method: &str,
    uri: &str,
    who: (&str, SocketAddr),
    more: &str,
) -> Bytes {
    let (user, source) = who;
    let [branch, tag, id] = [0; 3].map(|_| chance.draw());
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {source};branch=z9hG4bK{branch:x};rport\r\n\
         Max-Forwards: 70\r\nFrom: <{user}>;tag={tag:x}\r\nTo: <{uri}>\r\nCall-ID: {id:x}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:me@{source}>\r\n{more}Content-Length: 0\r\n\r\n"
    )
    .into()
}

fn scan(chance: &mut Chance, source: SocketAddr) -> Bytes {
    let method = chance.pick(&["OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "BYE"]).copied();
    let user = if method == Some("INVITE") && chance.happens(0.5) {
        Scenario::paying(chance)
    } else {
        chance.within((100, 999)).to_string()
    };
    let uri = format!("sip:{user}@203.0.113.101");
    let agent = chance.pick(&["", "User-Agent: friendly-scanner\r\n", "User-Agent: pplsip\r\n"]);
    let agent = agent.copied().unwrap_or_default();
    request(chance, method.unwrap_or("OPTIONS"), &uri, (&uri, source), agent)
}

fn guess(chance: &mut Chance, source: SocketAddr, domain: &str) -> Bytes {
    let user = chance.within((1001, 1004));
    let aor = format!("sip:{user}@{domain}");
    let [nonce, answer] = [0; 2].map(|_| chance.draw());
    let more = format!(
        "Authorization: Digest username=\"{user}\", realm=\"{domain}\", nonce=\"{nonce:x}\", \
         uri=\"sip:{domain}\", response=\"{answer:016x}{answer:016x}\", algorithm=MD5\r\n"
    );
    let uri = format!("sip:{domain}");
    let bytes = request(chance, "REGISTER", &uri, (&aor, source), &more);
    let text =
        String::from_utf8_lossy(&bytes).replace(&format!("To: <{uri}>"), &format!("To: <{aor}>"));
    text.into()
}

fn flood(chance: &mut Chance, source: SocketAddr, domain: &str) -> Bytes {
    let uri = format!("sip:0088162{:07}@{domain}", chance.below(10_000_000));
    let from = format!("sip:1001@{domain}");
    request(chance, "INVITE", &uri, (&from, source), "")
}

/// An overheard message, changed in some places.
fn storm(chance: &mut Chance, overheard: &[Bytes]) -> Option<Bytes> {
    let mut bytes = match chance.pick(overheard) {
        Some(bytes) => bytes.to_vec(),
        None => return Some(Bytes::from_static(b"INVITE sip:x SIP/2.0\r\n\r\n")),
    };
    // What names a customer here would be answered with reason.
    let text = String::from_utf8_lossy(&bytes)
        .replace("hosted.example", "nobody.example")
        .replace("acme.example", "nobody.example");
    bytes = text.into_bytes();
    for _ in 0..chance.within((1, 8)) {
        let at = chance.below(bytes.len() as u64) as usize;
        match chance.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.draw() as u8),
            2 => {
                let line = bytes.iter().skip(at).take(200).copied().collect::<Vec<_>>();
                bytes.extend(line);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = chance.draw() as u8;
                }
            }
        }
        if bytes.is_empty() {
            bytes.push(b'I');
        }
    }
    Some(bytes.into())
}

/// BYE or CANCEL with the ids of an overheard message.
fn spoof(chance: &mut Chance, source: SocketAddr, overheard: &[Bytes]) -> Option<Bytes> {
    let text = String::from_utf8_lossy(chance.pick(overheard)?).into_owned();
    let line = |name: &str| {
        text.lines().find(|line| line.starts_with(name)).map(|line| format!("{line}\r\n"))
    };
    let (from, to, id) = (line("From:")?, line("To:")?, line("Call-ID:")?);
    let cseq = line("CSeq:")?;
    let number: u32 = cseq.split(' ').nth(1)?.parse().ok()?;
    let uri = text
        .lines()
        .find_map(|line| line.strip_prefix("Contact: <").and_then(|rest| rest.split('>').next()));
    let uri = uri.unwrap_or("sip:203.0.113.101:5060").to_owned();
    // Either end may be the one that is played.
    let (from, to) = if chance.happens(0.5) {
        (from, to)
    } else {
        (to.replacen("To:", "From:", 1), from.replacen("From:", "To:", 1))
    };
    let (method, number, via) = if chance.happens(0.3) {
        ("CANCEL", number, line("Via:")?)
    } else {
        let branch = chance.draw();
        let via = format!("Via: SIP/2.0/UDP {source};branch=z9hG4bK{branch:x}\r\n");
        ("BYE", number + chance.within((1, 50)), via)
    };
    let text = format!(
        "{method} {uri} SIP/2.0\r\n{via}Max-Forwards: 70\r\n{from}{to}{id}CSeq: {number} {method}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    Some(text.into())
}
