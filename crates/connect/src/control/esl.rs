//! The event socket of FreeSWITCH (`mod_event_socket`): packets of `Name: value` lines with an empty line behind each,
//! and a body where `Content-Length` says so.

use super::{Ended, Garbled, is_word, shown};

/// The longest packet that is read, in bytes.
pub const PACKET_BYTES_MAX: usize = 64 << 10;

/// One packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// `Content-Type`.
    pub kind: String,
    /// `Reply-Text`; empty when there is none.
    pub reply: String,
    /// The body.
    pub body: String,
}

/// Reads packets out of what came.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Takes in what came.
    ///
    /// # Errors
    /// When more waits than one packet may be long.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Garbled> {
        self.buffer.extend_from_slice(bytes);
        let full = self.buffer.len() > 2 * PACKET_BYTES_MAX;
        if full { Err(Garbled::TooLong(PACKET_BYTES_MAX)) } else { Ok(()) }
    }

    /// The next packet, when it is whole.
    ///
    /// # Errors
    /// When it says it is longer than [`PACKET_BYTES_MAX`].
    pub fn packet(&mut self) -> Result<Option<Packet>, Garbled> {
        let Some(end) = memchr::memmem::find(&self.buffer, b"\n\n") else { return Ok(None) };
        let head = String::from_utf8_lossy(self.buffer.get(..end).unwrap_or_default()).into_owned();
        let field = |name: &str| {
            let mut pairs = head.lines().filter_map(|line| line.split_once(':'));
            pairs.find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let length = match field("Content-Length").map(str::parse::<usize>) {
            None => 0,
            Some(Ok(length)) if length <= PACKET_BYTES_MAX => length,
            Some(_) => return Err(Garbled::TooLong(PACKET_BYTES_MAX)),
        };
        let begin = end + 2;
        let Some(body) = self.buffer.get(begin..begin + length) else { return Ok(None) };
        let packet = Packet {
            kind: field("Content-Type").unwrap_or_default().to_owned(),
            reply: field("Reply-Text").unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
        };
        self.buffer.drain(..begin + length);
        Ok(Some(packet))
    }
}

/// Answers `auth/request`: with a password alone, or as a user whose rights the PBX limits.
#[must_use]
pub fn login(user: &str, password: &str) -> Vec<u8> {
    match user {
        "" => format!("auth {password}\n\n"),
        user => format!("userauth {user}:{password}\n\n"),
    }
    .into_bytes()
}

/// Whether the login was taken; `false` while something else came.
///
/// # Errors
/// When it was refused.
pub fn logged_in(packet: &Packet) -> Result<bool, Garbled> {
    match packet.kind.as_str() {
        "command/reply" if packet.reply.starts_with("+OK") => Ok(true),
        "command/reply" | "text/rude-rejection" | "text/disconnect-notice" => {
            Err(Garbled::Refused(shown(&format!("{} {}", packet.reply, packet.body))))
        }
        _ => Ok(false),
    }
}

/// Ends a call: the channel of that uuid, or each one of a SIP call.
#[must_use]
pub fn hang_up(uuid: Option<&str>, call_id: &str) -> Option<Vec<u8>> {
    match uuid.or_else(|| is_uuid(call_id).then_some(call_id)) {
        Some(uuid) => is_uuid(uuid).then(|| format!("api uuid_kill {uuid} CALL_REJECTED\n\n")),
        None => {
            is_word(call_id).then(|| format!("api hupall CALL_REJECTED sip_call_id {call_id}\n\n"))
        }
    }
    .map(String::into_bytes)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// What became of the order; `None` while something else came.
///
/// # Errors
/// When it was refused.
pub fn hung_up(packet: &Packet) -> Result<Option<Ended>, Garbled> {
    match packet.kind.as_str() {
        "api/response" if packet.body.starts_with("+OK") => Ok(Some(Ended::Done)),
        "api/response" if packet.body.contains("No such channel") => Ok(Some(Ended::NotThere)),
        "api/response" => Err(Garbled::Refused(shown(&packet.body))),
        "text/disconnect-notice" => Err(Garbled::Refused("it closes the connection".to_owned())),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: &[u8] = b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n\
        Content-Type: api/response\nContent-Length: 4\n\n+OK\nContent-Type: api/response\nContent-Length: 22\n\n\
        -ERR No such channel!\n";

    #[test]
    fn a_talk_is_read_however_it_arrives() {
        for step in [1, 7, TALK.len()] {
            let mut reader = Reader::default();
            let mut all = Vec::new();
            for part in TALK.chunks(step) {
                reader.push(part).unwrap();
                while let Some(packet) = reader.packet().unwrap() {
                    all.push(packet);
                }
            }
            let [request, accepted, ended, gone] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!((request.kind.as_str(), logged_in(request)), ("auth/request", Ok(false)));
            assert_eq!(logged_in(accepted), Ok(true));
            assert_eq!(hung_up(ended), Ok(Some(Ended::Done)));
            assert_eq!(hung_up(gone), Ok(Some(Ended::NotThere)));
        }
    }

    #[test]
    fn only_one_call_is_named() {
        let said = |uuid, call_id| hang_up(uuid, call_id).map(|b| String::from_utf8(b).unwrap());
        let uuid = "8d2b1c9e-6f0a-4f7e-9a3b-1c2d3e4f5a6b";
        let kill = Some(format!("api uuid_kill {uuid} CALL_REJECTED\n\n"));
        assert_eq!(said(Some(uuid), "a@pbx"), kill);
        assert_eq!(said(None, uuid), kill);
        let all = Some("api hupall CALL_REJECTED sip_call_id a@pbx\n\n".to_owned());
        assert_eq!(said(None, "a@pbx"), all);
        for wrong in ["", "a b", "a\n\napi shutdown"] {
            assert_eq!(said(None, wrong), None, "{wrong:?}");
        }
        assert_eq!(said(Some("x\n\napi shutdown"), "a@pbx"), None);
    }

    #[test]
    fn lengths_that_are_too_long_are_refused() {
        let mut reader = Reader::default();
        reader.push(b"Content-Type: x\nContent-Length: 99999999\n\n").unwrap();
        assert!(reader.packet().is_err());
        let flood = vec![b'a'; 2 * PACKET_BYTES_MAX + 1];
        assert!(Reader::default().push(&flood).is_err());
    }

    #[test]
    fn who_may_not_come_in_hears_why() {
        let denied = Packet {
            kind: "command/reply".into(),
            reply: "-ERR invalid".into(),
            body: String::new(),
        };
        assert!(logged_in(&denied).unwrap_err().to_string().contains("-ERR invalid"));
        assert_eq!(login("", "pw"), b"auth pw\n\n");
        assert_eq!(login("guard@pbx", "pw"), b"userauth guard@pbx:pw\n\n");
    }
}
