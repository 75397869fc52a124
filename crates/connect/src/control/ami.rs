//! The Asterisk Manager Interface: packets of `Name: value` lines with an empty line behind each.

use super::{Ended, Garbled, is_word, shown};
use std::collections::HashMap;

/// The longest packet that is read, in bytes.
pub const PACKET_BYTES_MAX: usize = 64 << 10;

/// One packet: an event or an answer. Of fields that come more than once the first is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Packet(HashMap<String, String>);

impl Packet {
    /// A field, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// What sort of event it is; `None` for an answer.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.get("Event")
    }
}

/// Reads packets out of what came.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    greeted: bool,
}

impl Reader {
    /// Takes in what came.
    ///
    /// # Errors
    /// When one packet is longer than [`PACKET_BYTES_MAX`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Garbled> {
        self.buffer.extend_from_slice(bytes);
        let waits = self.buffer.len() > PACKET_BYTES_MAX && self.end().is_none();
        if waits { Err(Garbled::TooLong(PACKET_BYTES_MAX)) } else { Ok(()) }
    }

    /// Where the first packet ends, and where the next begins.
    fn end(&self) -> Option<(usize, usize)> {
        memchr::memmem::find(&self.buffer, b"\r\n\r\n").map(|at| (at, at + 4))
    }

    /// The next packet, when it is whole.
    pub fn packet(&mut self) -> Option<Packet> {
        if !self.greeted {
            // The first line says which version it is, and stands alone.
            let line = memchr::memchr(b'\n', &self.buffer)?;
            self.buffer.drain(..=line);
            self.greeted = true;
        }
        let (end, next) = self.end()?;
        let text = String::from_utf8_lossy(self.buffer.get(..end).unwrap_or_default()).into_owned();
        self.buffer.drain(..next);
        let mut packet = Packet::default();
        for line in text.lines() {
            if let Some((name, value)) = line.split_once(':') {
                let name = name.trim().to_ascii_lowercase();
                packet.0.entry(name).or_insert_with(|| value.trim().to_owned());
            }
        }
        Some(packet)
    }
}

/// Logs in; `events` are the classes that are wanted, such as `call,cdr,security`, or `off`.
#[must_use]
pub fn login(user: &str, password: &str, events: &str) -> Vec<u8> {
    packet(&[
        ("Action", "Login"),
        ("ActionID", "login"),
        ("Username", user),
        ("Secret", password),
        ("Events", events),
    ])
}

/// Whether the login was taken; `None` while something else came.
///
/// # Errors
/// When it was refused.
pub fn logged_in(packet: &Packet) -> Result<bool, Garbled> {
    match (packet.get("ActionID"), packet.get("Response")) {
        (Some("login"), Some("Success")) => Ok(true),
        (Some("login"), _) => {
            Err(Garbled::Refused(shown(packet.get("Message").unwrap_or("the login is refused"))))
        }
        _ => Ok(false),
    }
}

/// Ends a channel as a rejected call (Q.850 cause 21); `None` when that is no name of one channel: one that begins
/// with a slash would be a pattern for many.
#[must_use]
pub fn hang_up(channel: &str) -> Option<Vec<u8>> {
    (is_word(channel) && !channel.starts_with('/')).then(|| {
        packet(&[
            ("Action", "Hangup"),
            ("ActionID", "hangup"),
            ("Channel", channel),
            ("Cause", "21"),
        ])
    })
}

/// What became of the order; `None` while something else came.
///
/// # Errors
/// When it was refused.
pub fn hung_up(packet: &Packet) -> Result<Option<Ended>, Garbled> {
    if packet.get("ActionID") != Some("hangup") {
        return Ok(None);
    }
    match (packet.get("Response"), packet.get("Message")) {
        (Some("Success"), _) => Ok(Some(Ended::Done)),
        (_, Some(message)) if message.starts_with("No such channel") => Ok(Some(Ended::NotThere)),
        (_, message) => Err(Garbled::Refused(shown(message.unwrap_or("no")))),
    }
}

/// Asks for all channels.
#[must_use]
pub fn channels() -> Vec<u8> {
    packet(&[("Action", "CoreShowChannels"), ("ActionID", "channels")])
}

/// Asks whether it is still there.
#[must_use]
pub fn ping() -> Vec<u8> {
    packet(&[("Action", "Ping"), ("ActionID", "ping")])
}

/// The channel in one answer to [`channels`] whose call has this id; `Err` when that was the last one.
///
/// # Errors
/// When there are no more.
pub fn channel_of(packet: &Packet, id: &str) -> Result<Option<String>, NoMore> {
    if packet.get("ActionID") != Some("channels") {
        return Ok(None);
    }
    match packet.event() {
        Some("CoreShowChannel") => {
            let is = |name: &str| packet.get(name) == Some(id);
            let found = is("Uniqueid") || is("Linkedid");
            Ok(found.then(|| packet.get("Channel").unwrap_or_default().to_owned()))
        }
        Some("CoreShowChannelsComplete") => Err(NoMore),
        _ => Ok(None),
    }
}

/// Whether the list of channels is given.
///
/// # Errors
/// When it was refused.
pub fn listed(packet: &Packet) -> Result<(), Garbled> {
    match (packet.get("ActionID"), packet.get("Response")) {
        (Some("channels"), Some("Error")) => {
            Err(Garbled::Refused(shown(packet.get("Message").unwrap_or("no list of channels"))))
        }
        _ => Ok(()),
    }
}

/// Asks for the Call-ID of a channel; `None` for one that is not of PJSIP.
#[must_use]
pub fn call_id(channel: &str) -> Option<Vec<u8>> {
    (is_word(channel) && channel.starts_with("PJSIP/")).then(|| {
        packet(&[
            ("Action", "Getvar"),
            ("ActionID", "call-id"),
            ("Channel", channel),
            ("Variable", "CHANNEL(pjsip,call-id)"),
        ])
    })
}

/// Whether the channel that was asked about has this Call-ID; `None` while something else came. One that is gone has none.
#[must_use]
pub fn has_call_id(packet: &Packet, id: &str) -> Option<bool> {
    (packet.get("ActionID") == Some("call-id")).then(|| packet.get("Value") == Some(id))
}

/// There are no more channels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMore;

fn packet(fields: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    (lines + "\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asterisk 22.10.1 on loopback: a call that is hung up. Parts are divided by `-- ` there, by empty lines on the wire.
    fn capture() -> Vec<u8> {
        let text = include_str!("../../tests/data/asterisk-ami.txt");
        let (greeting, rest) = text.split_once('\n').unwrap();
        let rest = rest.split("\nami:").next().unwrap().replace("\n-- ", "\n\n");
        format!("{greeting}\n{}\n\n", rest.trim_end()).replace('\n', "\r\n").into_bytes()
    }

    fn packets(bytes: &[u8], step: usize) -> Vec<Packet> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for part in bytes.chunks(step) {
            reader.push(part).unwrap();
            all.extend(std::iter::from_fn(|| reader.packet()));
        }
        all
    }

    #[test]
    fn what_asterisk_says_is_read_however_it_arrives() {
        let bytes = capture();
        let whole = packets(&bytes, bytes.len());
        assert_eq!(whole.len(), 5);
        assert_eq!(packets(&bytes, 1), whole);
        let events: Vec<_> = whole.iter().filter_map(Packet::event).collect();
        assert_eq!(events, ["CoreShowChannel", "Cdr", "Hangup", "Hangup"]);
        assert_eq!(whole[2].get("BillableSeconds"), Some("3"));
        assert_eq!(whole[3].get("cause-txt"), Some("Call Rejected"));
    }

    #[test]
    fn a_channel_is_found_by_its_call() {
        let mut packet = packets(&capture(), 64).remove(0);
        assert_eq!(channel_of(&packet, "1795301438.18"), Ok(None), "another question's");
        packet.0.insert("actionid".into(), "channels".into());
        let found = channel_of(&packet, "1795301438.18");
        assert_eq!(found, Ok(Some("PJSIP/sipp-00000010".to_owned())));
        assert_eq!(channel_of(&packet, "1795301438.19"), Ok(None));
    }

    #[test]
    fn one_channel_is_ended_and_no_other() {
        let said = String::from_utf8(hang_up("PJSIP/a-1").unwrap()).unwrap();
        assert_eq!(
            said,
            "Action: Hangup\r\nActionID: hangup\r\nChannel: PJSIP/a-1\r\nCause: 21\r\n\r\n"
        );
        for wrong in ["", "/^PJSIP/", "a b", "a\r\nAction: Originate", "a\n"] {
            assert_eq!(hang_up(wrong), None, "{wrong:?}");
        }
        let answer = |text: &str| {
            let mut packets = packets(format!("Asterisk\r\n{text}\r\n\r\n").as_bytes(), 7);
            hung_up(&packets.remove(0))
        };
        assert_eq!(
            answer("Response: Success\r\nActionID: hangup\r\nMessage: Channel Hungup"),
            Ok(Some(Ended::Done))
        );
        assert_eq!(
            answer("Response: Error\r\nActionID: hangup\r\nMessage: No such channel"),
            Ok(Some(Ended::NotThere))
        );
        assert!(
            answer("Response: Error\r\nActionID: hangup\r\nMessage: Permission denied").is_err()
        );
        assert_eq!(answer("Event: Hangup\r\nChannel: x"), Ok(None));
    }

    #[test]
    fn a_flood_without_an_end_is_refused() {
        let mut reader = Reader::default();
        let flood = vec![b'a'; PACKET_BYTES_MAX];
        assert!(reader.push(&flood).is_ok());
        assert!(reader.packet().is_none());
        assert_eq!(reader.push(b"a"), Err(Garbled::TooLong(PACKET_BYTES_MAX)));
    }
}
