//! The messages a SIPp party sent and heard, read back from its log.

use std::fmt;

/// Which way a message went, seen from the party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Direction {
    Sent,
    Received,
}

/// One SIP message as text.
#[derive(Clone, Debug)]
pub struct Message {
    /// Which way.
    pub direction: Direction,
    /// Seconds since midnight, of the party's clock.
    pub secs: f64,
    /// All of it.
    pub text: String,
}

impl Message {
    /// `INVITE sip:...` or `SIP/2.0 200 OK`.
    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        if self.code().is_some() { None } else { self.first_line().split(' ').next() }
    }

    /// The code of a response.
    pub fn code(&self) -> Option<u16> {
        self.first_line().strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// All values of a header field, in order.
    pub fn fields<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_owned();
        self.head().lines().skip(1).filter_map(move |line| {
            let (field, value) = line.split_once(':')?;
            field.trim().eq_ignore_ascii_case(&name).then_some(value.trim())
        })
    }

    /// The first value of a header field, or nothing.
    pub fn field(&self, name: &str) -> &str {
        self.fields(name).next().unwrap_or_default()
    }

    /// Everything before the body.
    pub fn head(&self) -> &str {
        self.split().0
    }

    /// Everything after the empty line.
    pub fn body(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        let at = |gap: &str| self.text.split_once(gap);
        at("\r\n\r\n").or_else(|| at("\n\n")).unwrap_or((&self.text, ""))
    }
}

/// All messages of a party, in order.
#[derive(Clone, Debug, Default)]
pub struct Ladder(pub Vec<Message>);

impl Ladder {
    /// Reads SIPp's message log. Its blocks begin with a line of dashes and the time, then say how many bytes went
    /// which way.
    pub fn read(log: &str) -> Self {
        let mut messages = Vec::new();
        for block in log.split("-----------------------------------------------").skip(1) {
            let mut lines = block.splitn(3, '\n');
            let (time, about) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
            let direction = match () {
                () if about.contains("message sent") => Direction::Sent,
                () if about.contains("message received") => Direction::Received,
                () => continue,
            };
            let text = lines.next().unwrap_or("").trim_start_matches(['\r', '\n']).to_owned();
            messages.push(Message { direction, secs: seconds(time), text });
        }
        Self(messages)
    }

    /// What the party heard.
    pub fn received(&self) -> impl Iterator<Item = &Message> {
        self.0.iter().filter(|message| message.direction == Direction::Received)
    }

    /// The first request of that method heard.
    pub fn request(&self, method: &str) -> Option<&Message> {
        self.received().find(|message| message.method() == Some(method))
    }

    /// The first response of that code heard.
    pub fn response(&self, code: u16) -> Option<&Message> {
        self.received().find(|message| message.code() == Some(code))
    }

    /// How many requests of that method were heard.
    pub fn count(&self, method: &str) -> usize {
        self.received().filter(|message| message.method() == Some(method)).count()
    }
}

impl fmt::Display for Ladder {
    /// First lines only: a ladder for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|message| {
            let arrow = if message.direction == Direction::Sent { "->" } else { "<-" };
            writeln!(f, "{:.3} {arrow} {}", message.secs, message.first_line())
        })
    }
}

/// `" 2026-11-22 05:40:01.123456"` or `" 2026-11-22\t05:40:01.123456\t1795..."`.
fn seconds(stamp: &str) -> f64 {
    let clock = stamp.split_whitespace().nth(1).unwrap_or_default();
    clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_becomes_messages() {
        let dashes = "-----------------------------------------------";
        let log = format!(
            "{dashes} 2026-11-22 05:40:01.500000\nUDP message sent (9 bytes):\n\nBYE sip:a SIP/2.0\r\nReason: x\r\n\r\nbody\n\
             {dashes} 2026-11-22 05:40:02.250000\nUDP message received [9] bytes :\n\nSIP/2.0 200 OK\r\nCSeq: 2 BYE\r\n\r\n\n"
        );
        let ladder = Ladder::read(&log);
        let [bye, ok] = ladder.0.as_slice() else { panic!("{ladder}") };
        assert_eq!(
            (bye.method(), bye.field("reason"), bye.body().trim()),
            (Some("BYE"), "x", "body")
        );
        assert_eq!(
            (ok.code(), ok.field("CSeq"), ok.direction),
            (Some(200), "2 BYE", Direction::Received)
        );
        assert!((ok.secs - bye.secs - 0.75).abs() < 1e-6);
    }
}
