//! Cutting a stream into messages (RFC 3261 §18.3, RFC 5626 §3.5.1).

use crate::head::{Head, over};
use crate::text::is_token;
use crate::{FrameError, Limits};
use bytes::{Buf, Bytes, BytesMut};

/// What came on a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A whole message, of which [`crate::Message::parse_framed`] reads the same length.
    Message(Bytes),
    /// The second CRLF in a row: the peer asks for a [`Frame::Pong`]. The first one was given out as a pong, which
    /// it may have been; waiting to tell the two apart would keep back real pongs.
    Ping,
    /// A CRLF between messages: the answer to a ping, or padding.
    Pong,
}

/// Cuts one direction of one connection into frames. Holds no more than one unfinished message besides what the last
/// push brought, and nothing between messages.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    bytes: BytesMut,
    /// Where the search for the end of the header goes on.
    searched: usize,
    /// The length of the message that has begun, once its header is there.
    message_bytes: Option<usize>,
    /// Whether a CRLF was the last thing that came.
    after_break: bool,
    failed: Option<FrameError>,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl Framer {
    /// A framer for a fresh connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            bytes: BytesMut::new(),
            searched: 0,
            message_bytes: None,
            after_break: false,
            failed: None,
        }
    }

    /// Takes what was read from the connection. Call [`Framer::next`] until it has no more before pushing again;
    /// that keeps what is held within the limits.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the stream cannot be cut with certainty. Nothing after that point can be trusted: close the connection.
    /// The same error is given again from then on.
    #[allow(clippy::should_implement_trait, reason = "it can fail, and goes on after `None`")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.cut().inspect_err(|error| {
            self.failed = Some(*error);
            self.bytes = BytesMut::new();
        })
    }

    /// How many bytes of an unfinished message are held. More than none for a long time is a peer that stalls.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn cut(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.message_bytes.is_none() {
            match self.bytes.first_chunk() {
                Some(b"\r\n") => {
                    self.bytes.advance(2);
                    self.release_when_empty();
                    self.after_break = !self.after_break;
                    return Ok(Some(if self.after_break { Frame::Pong } else { Frame::Ping }));
                }
                Some([b'\r', _]) => return Err(FrameError::BareLineBreak(0)),
                _ => self.message_bytes = self.length()?,
            }
        }
        let Some(length) = self.message_bytes.filter(|length| *length <= self.bytes.len()) else {
            return Ok(None);
        };
        // Copied, so that a message that is kept does not keep its neighbours in memory.
        let message = self.bytes.get(..length).map(Bytes::copy_from_slice).unwrap_or_default();
        self.bytes.advance(length);
        self.release_when_empty();
        self.message_bytes = None;
        self.searched = 0;
        self.after_break = false;
        Ok(Some(Frame::Message(message)))
    }

    /// The length of the message at the beginning; `None` while its header has no end.
    fn length(&mut self) -> Result<Option<usize>, FrameError> {
        // What is no SIP (a TLS hello, say) is not waited for.
        match self.bytes.first() {
            None | Some(b'\r') => return Ok(None),
            Some(b'\n') => return Err(FrameError::BareLineBreak(0)),
            Some(first) if !is_token(&[*first]) => return Err(FrameError::StartLine),
            Some(_) => {}
        }
        let rest = self.bytes.get(self.searched..).unwrap_or_default();
        let Some(at) = memchr::memmem::find(rest, HEAD_END) else {
            self.searched = self.bytes.len().saturating_sub(HEAD_END.len() - 1);
            return over(self.searched, &self.limits).map_or(Ok(None), Err);
        };
        let end = self.searched + at + HEAD_END.len();
        let bytes = self.bytes.get(..end).unwrap_or_default();
        let head = Head::read(bytes, &self.limits)?;
        let body_bytes = head.body_bytes(bytes)?.ok_or(FrameError::NoContentLength)?;
        let length = head.end.saturating_add(body_bytes);
        let limit = self.limits.message_bytes_max;
        if length > limit {
            return Err(FrameError::TooBig { what: "the message", limit });
        }
        Ok(Some(length))
    }

    /// Idle connections are many; they should cost nothing here.
    fn release_when_empty(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nSubject: folded\r\n \r\n x\r\n";

    /// A stream of everything that may come, and what it is.
    fn stream() -> (Vec<u8>, Vec<Frame>) {
        let mut bytes = Vec::new();
        let mut frames = Vec::new();
        for tail in [
            "Content-Length: 4\r\n\r\nbody",
            "Content-Length : 4\r\n\r\n\r\n\r\n",
            "l:0\r\n\r\n",
            "CONTENT-LENGTH:\r\n\t 00004\r\n\r\nl: 0",
            "content-length: 0 \r\nX: Content-Length: 9\r\n\r\n",
        ] {
            let text = format!("{OPTIONS}{tail}");
            bytes.extend_from_slice(text.as_bytes());
            frames.push(Frame::Message(Bytes::from(text)));
            bytes.extend_from_slice(b"\r\n\r\n\r\n");
            frames.extend([Frame::Pong, Frame::Ping, Frame::Pong]);
        }
        (bytes, frames)
    }

    fn feed(framer: &mut Framer, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        framer.push(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = framer.next()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    fn all(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        feed(&mut Framer::new(Limits::default()), bytes)
    }

    #[test]
    fn a_split_at_any_byte_changes_nothing() {
        let (bytes, frames) = stream();
        assert_eq!(all(&bytes).unwrap(), frames);
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            let mut framer = Framer::new(Limits::default());
            let mut got = feed(&mut framer, one).unwrap();
            got.extend(feed(&mut framer, two).unwrap());
            assert_eq!(got, frames, "split at {at}");
        }
        let mut framer = Framer::new(Limits::default());
        let got: Vec<_> =
            bytes.iter().flat_map(|byte| feed(&mut framer, &[*byte]).unwrap()).collect();
        assert_eq!(got, frames);
        assert_eq!(framer.held_bytes(), 0);
    }

    #[test]
    fn a_frame_is_a_whole_message() {
        for frame in stream().1 {
            let Frame::Message(bytes) = frame else { continue };
            let message = Message::parse_framed(bytes.clone(), &Limits::default()).unwrap();
            assert_eq!(message.bytes().len(), bytes.len());
        }
        let framed = |text: &str| {
            let bytes = Bytes::from(format!("{OPTIONS}{text}"));
            Message::parse_framed(bytes, &Limits::default()).err()
        };
        assert_eq!(framed("l: 1\r\n\r\nab"), Some(FrameError::BodyLength));
        assert_eq!(framed("l: 3\r\n\r\nab"), Some(FrameError::BodyLength));
        assert_eq!(framed("\r\n"), Some(FrameError::NoContentLength));
    }

    #[test]
    fn a_length_in_doubt_ends_the_connection() {
        for (tail, error) in [
            ("l: 1\r\nContent-Length: 1\r\n\r\na", FrameError::ContentLength),
            ("l: 1\r\nContent-Length : 9\r\n\r\na", FrameError::ContentLength),
            ("l: 1,1\r\n\r\na", FrameError::ContentLength),
            ("l: +1\r\n\r\na", FrameError::ContentLength),
            ("l: 1\r\n 0\r\n\r\na", FrameError::ContentLength),
            ("l: 0x1\r\n\r\na", FrameError::ContentLength),
            ("l:\r\n\r\n", FrameError::ContentLength),
            ("l: 4294967296\r\n\r\n", FrameError::ContentLength),
            ("\r\n", FrameError::NoContentLength),
            ("X Content-Length: 1\r\n\r\n", FrameError::Field(OPTIONS.len())),
        ] {
            let mut framer = Framer::new(Limits::default());
            let text = format!("{OPTIONS}{tail}");
            assert_eq!(feed(&mut framer, text.as_bytes()), Err(error), "{tail:?}");
            assert_eq!(feed(&mut framer, b"OPTIONS "), Err(error), "{tail:?}, once more");
            assert_eq!(framer.held_bytes(), 0);
        }
    }

    #[test]
    fn limits_hold_before_anything_is_waited_for() {
        let limits = Limits { head_bytes_max: 200, message_bytes_max: 1_000, ..Limits::default() };
        let fed = |text: &str| feed(&mut Framer::new(limits), text.as_bytes());
        let big = fed(&format!("{OPTIONS}l: 950\r\n\r\n"));
        assert_eq!(big, Err(FrameError::TooBig { what: "the message", limit: 1_000 }));
        let long = fed(&format!("{OPTIONS}X: {}", "x".repeat(200)));
        assert_eq!(long, Err(FrameError::TooBig { what: "the header", limit: 200 }));
        assert_eq!(fed(&format!("{OPTIONS}l: 900\r\n\r\n")), Ok(vec![]));
    }

    #[test]
    fn what_is_no_sip_is_not_waited_for() {
        assert_eq!(all(b"\x16\x03\x01\x02"), Err(FrameError::StartLine));
        assert_eq!(all(b"\n"), Err(FrameError::BareLineBreak(0)));
        assert_eq!(all(b"\rO"), Err(FrameError::BareLineBreak(0)));
        assert_eq!(all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Err(FrameError::StartLine));
    }
}
