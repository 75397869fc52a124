//! Reading as little of a message as a load generator can do with.

use memchr::{memchr, memchr_iter, memmem};

/// What kind of message this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Invite,
    Ack,
    Bye,
    Register,
    /// Other requests: probes and the like.
    Other,
    Response(u16),
}

/// The lines of a message that answers and requests in a dialog are made of.
#[derive(Debug)]
pub struct Heard<'a> {
    pub kind: Kind,
    pub vias: Lines<'a>,
    pub routes: Lines<'a>,
    pub from: &'a [u8],
    pub to: &'a [u8],
    pub call_id: &'a [u8],
    pub cseq: &'a [u8],
    pub contact: &'a [u8],
    pub challenge: &'a [u8],
    pub body: &'a [u8],
}

/// Values of one repeated field, in order; more than fit are not kept.
#[derive(Debug, Default)]
pub struct Lines<'a> {
    values: [&'a [u8]; 6],
    count: usize,
}

impl<'a> Lines<'a> {
    fn push(&mut self, value: &'a [u8]) {
        if let Some(place) = self.values.get_mut(self.count) {
            *place = value;
            self.count += 1;
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.values.iter().take(self.count).copied()
    }
}

/// `None` for what is no message at all.
pub fn read(bytes: &[u8]) -> Option<Heard<'_>> {
    let end = memmem::find(bytes, b"\r\n\r\n")?;
    let (head, body) = bytes.split_at_checked(end + 2)?;
    let mut ends = memchr_iter(b'\n', head);
    let first = ends.next()?;
    let start = head.get(..first)?.trim_ascii_end();
    let mut heard = Heard {
        kind: kind(start),
        vias: Lines::default(),
        routes: Lines::default(),
        from: b"",
        to: b"",
        call_id: b"",
        cseq: b"",
        contact: b"",
        challenge: b"",
        body: body.get(2..).unwrap_or_default(),
    };
    let mut at = first + 1;
    for end in ends {
        keep(&mut heard, head.get(at..end).unwrap_or_default());
        at = end + 1;
    }
    Some(heard)
}

fn keep<'a>(heard: &mut Heard<'a>, line: &'a [u8]) {
    let Some(colon) = memchr(b':', line) else { return };
    let Some((name, value)) = line.split_at_checked(colon) else { return };
    let (name, value) = (name.trim_ascii_end(), value.get(1..).unwrap_or_default().trim_ascii());
    let is = |long: &str, short: &str| {
        name.eq_ignore_ascii_case(long.as_bytes()) || name.eq_ignore_ascii_case(short.as_bytes())
    };
    match name.first().map(u8::to_ascii_lowercase) {
        Some(b'v') if is("via", "v") => heard.vias.push(value),
        Some(b'r') if is("record-route", "") => heard.routes.push(value),
        Some(b'f') if is("from", "f") => heard.from = value,
        Some(b't') if is("to", "t") => heard.to = value,
        Some(b'c' | b'i') if is("call-id", "i") => heard.call_id = value,
        Some(b'c') if is("cseq", "") => heard.cseq = value,
        Some(b'c' | b'm') if is("contact", "m") => heard.contact = value,
        Some(b'w') if is("www-authenticate", "") => heard.challenge = value,
        _ => {}
    }
}

fn kind(start: &[u8]) -> Kind {
    if let Some(rest) = start.strip_prefix(b"SIP/2.0 ") {
        return Kind::Response(
            rest.get(..3).and_then(digits).and_then(|n| n.try_into().ok()).unwrap_or(0),
        );
    }
    match start.split(|byte| *byte == b' ').next() {
        Some(b"INVITE") => Kind::Invite,
        Some(b"ACK") => Kind::Ack,
        Some(b"BYE") => Kind::Bye,
        Some(b"REGISTER") => Kind::Register,
        _ => Kind::Other,
    }
}

/// The number that follows `mark`.
pub fn number_after(text: &[u8], mark: &[u8]) -> Option<u64> {
    let at = memmem::find(text, mark)?;
    digits(text.get(at + mark.len()..)?)
}

/// The number a text begins with.
pub fn digits(text: &[u8]) -> Option<u64> {
    let mut value = None;
    for byte in text.iter().take_while(|byte| byte.is_ascii_digit()).take(18) {
        value = Some(value.unwrap_or(0) * 10 + u64::from(byte - b'0'));
    }
    value
}

/// What is between `<` and `>`, or the value without its parameters.
pub fn uri(value: &[u8]) -> &[u8] {
    if let Some(open) = memchr(b'<', value) {
        let rest = value.get(open + 1..).unwrap_or_default();
        return rest.get(..memchr(b'>', rest).unwrap_or(rest.len())).unwrap_or_default();
    }
    value.split(|byte| *byte == b';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_matter_are_kept_in_order() {
        let text = b"SIP/2.0 200 OK\r\nv: one\r\nVia:  two \r\nRecord-Route: <sip:a;lr>\r\nrecord-route:<sip:b>\r\n\
            f: <sip:x>;tag=1\r\nTo: <sip:y>;tag=u77\r\ni: b12@h\r\nCSeq: 1 INVITE\r\nm: <sip:z@h:5>;q=1\r\n\r\nbody";
        let heard = read(text).unwrap();
        assert_eq!(heard.kind, Kind::Response(200));
        assert!(heard.vias.iter().eq([&b"one"[..], b"two"]));
        assert!(heard.routes.iter().rev().eq([&b"<sip:b>"[..], b"<sip:a;lr>"]));
        assert_eq!((digits(b"12@h"), number_after(heard.to, b";tag=u")), (Some(12), Some(77)));
        assert_eq!((uri(heard.contact), heard.body), (&b"sip:z@h:5"[..], &b"body"[..]));
    }

    #[test]
    fn junk_is_nothing() {
        assert!(read(b"").is_none() && read(b"\r\n\r\n").is_some());
        assert_eq!(read(b"hello\r\n\r\n").unwrap().kind, Kind::Other);
        assert_eq!(digits(b""), None);
    }
}
