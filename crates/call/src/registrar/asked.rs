//! What a REGISTER asks for.

use ringfence_sip::{Message, Name, NameAddr, Params, Scheme, Uri};
use std::time::Duration;

/// Longest contact URI kept, in bytes.
const CONTACT_BYTES_MAX: usize = 512;
/// Longest `+sip.instance` kept, in bytes: a URN with a UUID has 45.
const INSTANCE_BYTES_MAX: usize = 128;
/// Longest Path kept, in bytes, over all its lines.
const PATH_BYTES_MAX: usize = 1_024;
/// Most contacts in one request; a device names one, or one per network.
const CONTACTS_MAX: usize = 8;

/// What is asked.
#[derive(Debug)]
pub enum Asked<'m> {
    /// Which contacts there are.
    Query,
    /// To forget all of them.
    Forget,
    /// To set or forget these.
    Set(Vec<AskedContact<'m>>),
}

/// One contact in a request.
#[derive(Debug)]
pub struct AskedContact<'m> {
    pub uri: &'m [u8],
    pub q: u16,
    /// For how long; `None` when neither the contact nor the request says it. Zero: forget it.
    pub expires: Option<Duration>,
    pub instance: Option<&'m [u8]>,
    pub reg_id: Option<u32>,
}

/// Why a REGISTER cannot be served: its code.
pub type Code = u16;

/// Reads it (RFC 3261 §10.3 steps 6 and 7).
pub fn read(message: &Message) -> Result<Asked<'_>, Code> {
    let mut contacts = Vec::new();
    let mut all = false;
    for value in message.values(Name::Contact) {
        if value == b"*" {
            all = true;
            continue;
        }
        if contacts.len() >= CONTACTS_MAX {
            return Err(403);
        }
        contacts.push(contact(message, value).ok_or(400_u16)?);
    }
    match (all, contacts.is_empty()) {
        // A wildcard stands alone, and only to forget.
        (true, true) if message.number(Name::Expires) == Some(0) => Ok(Asked::Forget),
        (true, _) => Err(400),
        (false, true) => Ok(Asked::Query),
        (false, false) => Ok(Asked::Set(contacts)),
    }
}

fn contact<'m>(message: &Message, value: &'m [u8]) -> Option<AskedContact<'m>> {
    let address = NameAddr::read(value)?;
    let uri = Uri::read(address.uri)?;
    let sip = matches!(uri.scheme, Scheme::Sip | Scheme::Sips);
    // It will be a request URI, where a blank would end it.
    let gap = address.uri.iter().any(|byte| *byte <= b' ' || *byte == 0x7f);
    if !sip || gap || !uri.headers.is_empty() || address.uri.len() > CONTACT_BYTES_MAX {
        return None;
    }
    let of_request = || message.number(Name::Expires);
    let expires = match address.params.value("expires") {
        // What cannot be read counts as one hour (RFC 3261 §10.2.1.1).
        Some(text) => Some(whole(text).unwrap_or(3_600)),
        None => of_request(),
    };
    Some(AskedContact {
        uri: address.uri,
        q: preference(address.params),
        expires: expires.map(|secs| Duration::from_secs(secs.into())),
        instance: address.params.value("+sip.instance").filter(|i| i.len() <= INSTANCE_BYTES_MAX),
        reg_id: address.params.value("reg-id").and_then(whole).filter(|id| *id > 0),
    })
}

fn whole(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `q` in thousandths, 0 to 1000.
pub fn preference(params: Params<'_>) -> u16 {
    let said = params.value("q").and_then(|text| std::str::from_utf8(text).ok());
    let parts = said.map(|text| text.split_once('.').unwrap_or((text, "")));
    let thousandths = parts.and_then(|(whole, rest)| {
        let rest: String = rest.chars().chain("000".chars()).take(3).collect();
        let whole: u16 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        Some(whole.checked_mul(1_000)?.checked_add(rest.parse().ok()?)?.min(1_000))
    });
    thousandths.unwrap_or(1_000)
}

/// The Path of a request as the value of one Route field (RFC 3327 §5.3): none, one that fits, or too much.
pub fn path(message: &Message) -> Result<Option<Box<[u8]>>, Code> {
    let mut joined = Vec::new();
    for value in message.values(Name::Path) {
        let usable = NameAddr::read(value).is_some_and(|address| address.uri().is_some());
        if !usable || joined.len() + value.len() > PATH_BYTES_MAX {
            return Err(400);
        }
        if !joined.is_empty() {
            joined.extend_from_slice(b", ");
        }
        joined.extend_from_slice(&ringfence_sip::unfold(value));
    }
    Ok((!joined.is_empty()).then(|| joined.into_boxed_slice()))
}

/// Whether the device wants its flow to be used as in RFC 5626; 439 when a proxy on the way does not play along.
pub fn outbound(message: &Message, contact: &AskedContact<'_>) -> Result<bool, Code> {
    let wants = contact.reg_id.is_some()
        && contact.instance.is_some()
        && message.lists(Name::Supported, "outbound");
    if !wants {
        return Ok(false);
    }
    let came_direct = message.values(Name::Via).nth(1).is_none();
    let first_hop = message.values(Name::Path).last();
    let plays_along = first_hop
        .and_then(|path| NameAddr::read(path)?.uri())
        .is_some_and(|uri| uri.params.get("ob").is_some());
    if came_direct || plays_along { Ok(true) } else { Err(439) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use ringfence_sip::Limits;

    fn message(fields: &str) -> Message {
        let text = format!("REGISTER sip:h SIP/2.0\r\n{fields}\r\n");
        Message::parse(Bytes::from(text), &Limits::default()).unwrap()
    }

    #[test]
    fn wildcards_stand_alone() {
        for (fields, good) in [
            ("Contact: *\r\nExpires: 0\r\n", true),
            ("Contact: *\r\n", false),
            ("Contact: *\r\nExpires: 60\r\n", false),
            ("Contact: *, <sip:a@h>\r\nExpires: 0\r\n", false),
        ] {
            let message = message(fields);
            let read = read(&message);
            assert_eq!(matches!(read, Ok(Asked::Forget)), good, "{fields}");
            assert!(good || matches!(read, Err(400)), "{fields}");
        }
        assert!(matches!(read(&message("")), Ok(Asked::Query)));
    }

    #[test]
    fn contacts() {
        let text = "Contact: <sip:a@h>;q=0.25;expires=60, sip:b@h;q=.5, <sip:c@h>;expires=x;q=7\r\n\
                    Expires: 90\r\n";
        let message = message(text);
        let Ok(Asked::Set(read)) = read(&message) else { panic!() };
        let seen: Vec<_> = read.iter().map(|c| (c.q, c.expires.unwrap().as_secs())).collect();
        assert_eq!(seen, [(250, 60), (500, 90), (1_000, 3_600)]);
    }

    #[test]
    fn what_is_no_contact() {
        let long = format!("Contact: <sip:{}@h>\r\n", "a".repeat(600));
        let many = format!("Contact: {}\r\n", ["<sip:a@h>"; 9].join(", "));
        for (fields, code) in [
            ("Contact: <tel:+31>\r\n", 400),
            ("Contact: <sip:a@h?x=1>\r\n", 400),
            ("Contact: \"\r\n", 400),
            ("Contact: <sip:a@h;x=a b>\r\n", 400),
            (long.as_str(), 400),
            (many.as_str(), 403),
        ] {
            assert_eq!(read(&message(fields)).err(), Some(code), "{fields}");
        }
    }
}
