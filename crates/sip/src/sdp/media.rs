//! Media sections: an `m=` line and what belongs to it.

use super::fields::{Address, Direction, Rtcp, RtpMap, connection, direction};
use super::line::{Line, number, words};
use super::{MEDIA_MAX, SdpError, Session};
use std::ops::Range;

/// What the `m=` line says, and which lines belong to it.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    /// The `m=` line and those after it, as indices.
    pub lines: Range<usize>,
    kind: &'a [u8],
    pub port: u16,
    protocol: &'a [u8],
}

/// One medium of a session.
#[derive(Clone, Copy, Debug)]
pub struct Media<'s, 'a> {
    session: &'s Session<'a>,
    section: &'s Section<'a>,
}

pub(super) fn sections<'a>(lines: &[Line<'a>]) -> Result<Vec<Section<'a>>, SdpError> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == b'm') {
        if let Some(previous) = sections.last_mut() {
            previous.lines.end = index;
        }
        if sections.len() == MEDIA_MAX {
            return Err(SdpError::TooManyMedia);
        }
        let section = section(line.value(), index..lines.len());
        sections.push(section.ok_or(SdpError::Media { line: index + 1 })?);
    }
    Ok(sections)
}

fn section(value: &[u8], lines: Range<usize>) -> Option<Section<'_>> {
    let mut words = words(value);
    let (kind, ports, protocol) = (words.next()?, words.next()?, words.next()?);
    let mut ports = ports.splitn(2, |b| *b == b'/');
    let port = number(ports.next()?)?;
    if let Some(count) = ports.next() {
        number::<u16>(count)?;
    }
    Some(Section { lines, kind, port, protocol })
}

impl<'s, 'a> Media<'s, 'a> {
    pub(super) const fn new(session: &'s Session<'a>, section: &'s Section<'a>) -> Self {
        Self { session, section }
    }

    /// `audio`, `video`, `image`, `application`, ...
    #[must_use]
    pub const fn kind(&self) -> &'a [u8] {
        self.section.kind
    }

    /// The port; 0 when the medium is refused or ended (RFC 3264 §6, §8.2).
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.section.port
    }

    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, `udptl`, ...
    #[must_use]
    pub const fn protocol(&self) -> &'a [u8] {
        self.section.protocol
    }

    /// The formats, in order of preference; payload types where the protocol is RTP.
    pub fn formats(&self) -> impl Iterator<Item = &'a [u8]> {
        let line = self.lines().first().map(Line::value).unwrap_or_default();
        words(line).skip(3)
    }

    /// Where the medium is to be sent: its own address, else the session's. `None` if missing or unreadable;
    /// an unreadable own address does not fall back on the session's.
    #[must_use]
    pub fn connection(&self) -> Option<Address<'a>> {
        match self.own_connection() {
            Some(line) => connection(line.value()),
            None => self.session.connection(),
        }
    }

    /// Which way it flows; the session's word where the medium says nothing.
    #[must_use]
    pub fn direction(&self) -> Direction {
        let said = direction(self.lines()).or(self.session.direction);
        said.unwrap_or(Direction::SendRecv)
    }

    /// Whether an offer with this medium puts it on hold: it is in use, and the maker will not listen
    /// (RFC 3264 §8.4) or names no address. With ICE no address means "not known yet" (trickle ICE, RFC 8840).
    #[must_use]
    pub fn is_hold(&self) -> bool {
        let deaf = matches!(self.direction(), Direction::SendOnly | Direction::Inactive);
        let nowhere = || self.connection().is_some_and(|c| c.is_unspecified()) && !self.has_ice();
        self.port() != 0 && (deaf || nowhere())
    }

    /// Where RTCP goes, if said.
    #[must_use]
    pub fn rtcp(&self) -> Option<Rtcp<'a>> {
        self.attribute("rtcp").and_then(Rtcp::parse)
    }

    /// Whether RTP and RTCP may share a port (RFC 5761).
    #[must_use]
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    /// Whether SRTP keys are given in the description (RFC 4568).
    #[must_use]
    pub fn has_crypto(&self) -> bool {
        self.attribute("crypto").is_some()
    }

    /// Whether ICE is offered (RFC 8839).
    #[must_use]
    pub fn has_ice(&self) -> bool {
        let says =
            |line: &Line<'_>| line.is_attribute("candidate") || line.is_attribute("ice-ufrag");
        self.session.has_ice || self.lines().iter().any(says)
    }

    /// What the payload types stand for; unreadable maps are passed over.
    pub fn rtpmaps(&self) -> impl Iterator<Item = RtpMap<'a>> {
        self.attributes("rtpmap").filter_map(RtpMap::parse)
    }

    /// The first payload type for keys pressed (RFC 4733). More are possible, one per clock rate.
    #[must_use]
    pub fn telephone_event(&self) -> Option<u8> {
        let is_event = |map: &RtpMap<'_>| map.encoding.eq_ignore_ascii_case(b"telephone-event");
        self.rtpmaps().find(is_event).map(|map| map.payload)
    }

    /// How much audio a packet should hold, in whole milliseconds.
    #[must_use]
    pub fn ptime_ms(&self) -> Option<u32> {
        let whole = self.attribute("ptime")?.split(|b| *b == b'.').next()?;
        number(whole).filter(|ms| *ms > 0)
    }

    /// The value of the medium's own first attribute of this name, empty for one without value. Names are
    /// compared ignoring case.
    #[must_use]
    pub fn attribute(&self, name: &'static str) -> Option<&'a [u8]> {
        self.attributes(name).next()
    }

    /// The values of the medium's own attributes of this name, in order.
    pub fn attributes(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(n, value): (&[u8], &'a [u8])| {
            n.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
        };
        self.lines().iter().filter_map(move |line| line.attribute().and_then(named))
    }

    pub(super) fn own_connection(&self) -> Option<&'s Line<'a>> {
        self.lines().iter().find(|line| line.kind == b'c')
    }

    pub(super) fn lines(&self) -> &'s [Line<'a>] {
        self.session.lines.get(self.section.lines.clone()).unwrap_or_default()
    }
}
