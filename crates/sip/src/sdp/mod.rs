//! Session descriptions (RFC 8866, RFC 3264), as far as an edge must read them, and the one edit it makes:
//! moving media to another address.
//!
//! A [`Session`] is the bytes it was read from plus where its lines are. Reading is tolerant of what phones
//! send (LF alone, no newline at the end, blank lines, lines out of order) and strict where two readers
//! could see two different sessions.

mod fields;
mod line;
mod media;
mod rewrite;

pub use fields::{Address, Direction, Origin, Rtcp, RtpMap};
pub use media::Media;

use fields::{connection, direction};
use line::Line;
use media::Section;

/// The longest description read, in bytes.
pub const BYTES_MAX: usize = 64 * 1024;
/// The most lines read; a WebRTC offer has about 150.
pub const LINES_MAX: usize = 2048;
/// The most media sections read.
pub const MEDIA_MAX: usize = 64;

/// Why bytes are not a session description. Lines count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`BYTES_MAX`].
    #[error("the session description is longer than {BYTES_MAX} bytes")]
    TooLong,
    /// More than [`LINES_MAX`] lines.
    #[error("the session description has more than {LINES_MAX} lines")]
    TooManyLines,
    /// More than [`MEDIA_MAX`] media sections.
    #[error("the session description has more than {MEDIA_MAX} media sections")]
    TooManyMedia,
    /// Not of the form `x=value`.
    #[error("line {line} is not of the form x=value")]
    NotALine {
        /// Which line.
        line: usize,
    },
    /// A NUL or a CR inside the line: some readers would end the line there and some not.
    #[error("line {line} holds a NUL or a CR")]
    Control {
        /// Which line.
        line: usize,
    },
    /// An `m=` line without kind, port and protocol.
    #[error("line {line} is not of the form m=kind port protocol formats")]
    Media {
        /// Which line.
        line: usize,
    },
    /// No `v=0`: something else than a session description.
    #[error("there is no v=0 line before the first m= line")]
    Version,
}

/// A session description and where its lines are.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    text: &'a [u8],
    lines: Vec<Line<'a>>,
    media: Vec<Section<'a>>,
    // What media fall back on, read once: 64 media times 2,000 lines would be a gift to attackers.
    connection: Option<Address<'a>>,
    direction: Option<Direction>,
    has_ice: bool,
}

impl<'a> Session<'a> {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError`] says what is wrong and in which line.
    pub fn parse(text: &'a [u8]) -> Result<Self, SdpError> {
        let lines = line::split(text)?;
        let media = media::sections(&lines)?;
        let head = head(&lines, &media);
        if !head.iter().any(|line| line.kind == b'v' && line.value().trim_ascii() == b"0") {
            return Err(SdpError::Version);
        }
        let connection = values(head, b'c').next().and_then(connection);
        let direction = direction(head);
        let has_ice = head.iter().any(|line| line.is_attribute("ice-ufrag"));
        Ok(Self { text, lines, media, connection, direction, has_ice })
    }

    /// The bytes it was read from.
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Who made it, from `o=`; `None` if missing or unreadable.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'a>> {
        Origin::parse(values(self.head(), b'o').next()?)
    }

    /// The address for media without one of their own; `None` if missing or unreadable.
    #[must_use]
    pub const fn connection(&self) -> Option<Address<'a>> {
        self.connection
    }

    /// The media sections, in order.
    #[must_use]
    pub fn media(&self) -> impl ExactSizeIterator<Item = Media<'_, 'a>> {
        self.media.iter().map(|section| Media::new(self, section))
    }

    /// Whether the session is on hold: it has media in use and all of them are; see [`Media::is_hold`].
    #[must_use]
    pub fn is_hold(&self) -> bool {
        let mut in_use = self.media().filter(|m| m.port() != 0).peekable();
        in_use.peek().is_some() && in_use.all(|m| m.is_hold())
    }

    fn head(&self) -> &[Line<'a>] {
        head(&self.lines, &self.media)
    }
}

/// The lines before the first `m=`.
fn head<'l, 'a>(lines: &'l [Line<'a>], media: &[Section<'a>]) -> &'l [Line<'a>] {
    let end = media.first().map_or(lines.len(), |section| section.lines.start);
    lines.get(..end).unwrap_or_default()
}

fn values<'a>(lines: &[Line<'a>], kind: u8) -> impl Iterator<Item = &'a [u8]> {
    lines.iter().filter(move |line| line.kind == kind).map(Line::value)
}
