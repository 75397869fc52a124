//! Moving media to another address, line by line; every other byte stays.

use super::fields::{Rtcp, connection};
use super::line::Line;
use super::media::Media;
use super::{Address, Session, values};
use memchr::memrchr2;
use std::net::IpAddr;

/// Attributes that name addresses of the old place or only work there (RFC 8839).
const ICE: [&str; 9] = [
    "candidate",
    "remote-candidates",
    "end-of-candidates",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ice-lite",
    "ice-pacing",
    "ice-mismatch",
];

/// What a medium without a `c=` of its own takes from the session's, after the edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inherited {
    /// There is none.
    Nothing,
    /// The old address stays, since a medium that does not move needs it.
    Old,
    /// It says "send nothing", and stays.
    Hold,
    /// The new address.
    New(IpAddr),
}

impl Session<'_> {
    /// The description with media moved: `place` says for each medium, by index, to which address and port,
    /// or `None` to leave it alone. With `None` for all, the same bytes come back.
    ///
    /// For a medium that moves: port and addresses (`m=`, `c=`, `a=rtcp`, with RTCP on the port above unless
    /// it shared the port) are replaced, a `c=` is added where needed, and ICE is taken out, since whoever
    /// sends through another address must do it anew. The address in `o=` becomes the first new one.
    /// Hold stays hold: neither a port 0 nor, without ICE, an address 0.0.0.0 is replaced. To hide all old addresses,
    /// move all media, refused ones too.
    #[must_use]
    pub fn rewrite(&self, place: impl FnMut(usize) -> Option<(IpAddr, u16)>) -> Vec<u8> {
        let places: Vec<_> = (0..self.media.len()).map(place).collect();
        let Some((first, _)) = places.iter().flatten().next() else {
            return self.text.to_vec();
        };
        let inherited = self.inherited(&places, *first);
        let all = places.iter().all(Option::is_some);
        let mut out = Vec::with_capacity(self.text.len() + 64);
        for line in self.head() {
            write_head_line(&mut out, line, *first, inherited, all);
        }
        for (media, place) in self.media().zip(places) {
            match place {
                Some((ip, port)) => write_media(&mut out, &media, ip, port, inherited),
                None => media.lines().iter().for_each(|line| keep(&mut out, line)),
            }
        }
        out
    }

    fn inherited(&self, places: &[Option<(IpAddr, u16)>], first: IpAddr) -> Inherited {
        let mut lines = values(self.head(), b'c').map(connection).peekable();
        if lines.peek().is_none() {
            return Inherited::Nothing;
        }
        if lines.all(is_nowhere) && !self.media().any(|media| media.has_ice()) {
            return Inherited::Hold;
        }
        let needs_old = |(media, place): (Media<'_, '_>, &Option<_>)| {
            place.is_none() && media.port() != 0 && media.own_connection().is_none()
        };
        if self.media().zip(places).any(needs_old) { Inherited::Old } else { Inherited::New(first) }
    }
}

fn write_head_line(
    out: &mut Vec<u8>,
    line: &Line<'_>,
    first: IpAddr,
    inherited: Inherited,
    all: bool,
) {
    match (line.kind, inherited) {
        (b'o', _) => write_origin(out, line, first),
        (b'c', Inherited::New(ip)) => write(out, &connection_line(ip), line),
        _ if all && (is_ice(line) || line.is_attribute("rtcp")) => {}
        _ => keep(out, line),
    }
}

fn write_media(
    out: &mut Vec<u8>,
    media: &Media<'_, '_>,
    ip: IpAddr,
    port: u16,
    inherited: Inherited,
) {
    let needs_own = media.own_connection().is_none()
        && !matches!(inherited, Inherited::Hold)
        && inherited != Inherited::New(ip);
    // `c=` comes after `m=` and `i=` (RFC 8866 §5).
    let titles = media.lines().iter().skip(1).take_while(|line| line.kind == b'i').count();
    let has_ice = media.has_ice();
    for (index, line) in media.lines().iter().enumerate() {
        match line.kind {
            b'm' if media.port() != 0 => write_port(out, line, port),
            b'c' if has_ice || !is_nowhere(connection(line.value())) => {
                write(out, &connection_line(ip), line);
            }
            _ if line.is_attribute("rtcp") => {
                if let Some(rtcp) = moved_rtcp(line, media.port(), (ip, port), has_ice) {
                    write(out, &rtcp, line);
                }
            }
            _ if is_ice(line) => {}
            _ => keep(out, line),
        }
        if needs_own && index == titles {
            insert_after(out, &connection_line(ip), line);
        }
    }
}

/// `None` when the line cannot be read, or there is no port to name: RTCP is then on its usual port.
fn moved_rtcp(
    line: &Line<'_>,
    old_port: u16,
    (ip, port): (IpAddr, u16),
    has_ice: bool,
) -> Option<String> {
    let (_, value) = line.attribute()?;
    let old = Rtcp::parse(value).filter(|_| old_port != 0)?;
    let port = if old.port == old_port { port } else { port.checked_add(1)? };
    Some(match old.address {
        None => format!("a=rtcp:{port}"),
        Some(Address::Ip(old)) if old.is_unspecified() && !has_ice => {
            format!("a=rtcp:{port} {}", internet(old))
        }
        Some(_) => format!("a=rtcp:{port} {}", internet(ip)),
    })
}

fn write_origin(out: &mut Vec<u8>, line: &Line<'_>, ip: IpAddr) {
    let before_address = without_last_word(line.content);
    let before_family = without_last_word(before_address);
    let before_net = without_last_word(before_family);
    if before_net.len() <= 2 {
        return keep(out, line);
    }
    out.extend_from_slice(before_net);
    out.extend_from_slice(internet(ip).as_bytes());
    out.extend_from_slice(line.ending);
}

/// Up to and with the spaces before the last word.
fn without_last_word(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_end();
    let end = memrchr2(b' ', b'\t', bytes).map_or(0, |space| space + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Replaces the second word of the `m=` line, up to the number of ports if one is given.
fn write_port(out: &mut Vec<u8>, line: &Line<'_>, port: u16) {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t');
    let mut rest = line.value();
    let mut take = |wanted: &dyn Fn(&u8) -> bool| {
        let end = rest.iter().position(|b| !wanted(b)).unwrap_or(rest.len());
        let (taken, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after;
        taken
    };
    out.extend_from_slice(b"m=");
    out.extend_from_slice(take(&is_space));
    out.extend_from_slice(take(&|b| !is_space(b)));
    out.extend_from_slice(take(&is_space));
    take(&u8::is_ascii_digit);
    out.extend_from_slice(port.to_string().as_bytes());
    out.extend_from_slice(rest);
    out.extend_from_slice(line.ending);
}

fn connection_line(ip: IpAddr) -> String {
    format!("c={}", internet(ip))
}

fn internet(ip: IpAddr) -> String {
    format!("IN IP{} {ip}", if ip.is_ipv4() { 4 } else { 6 })
}

fn is_nowhere(connection: Option<Address<'_>>) -> bool {
    connection.is_some_and(|address| address.is_unspecified())
}

fn is_ice(line: &Line<'_>) -> bool {
    ICE.iter().any(|name| line.is_attribute(name))
}

fn keep(out: &mut Vec<u8>, line: &Line<'_>) {
    out.extend_from_slice(line.content);
    out.extend_from_slice(line.ending);
}

/// New content in the place of a line.
fn write(out: &mut Vec<u8>, content: &str, line: &Line<'_>) {
    out.extend_from_slice(content.as_bytes());
    out.extend_from_slice(line.ending);
}

/// A new line after one just written. The last line of a text may have no ending; then it gets one.
fn insert_after(out: &mut Vec<u8>, content: &str, line: &Line<'_>) {
    if line.ending.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    write(out, content, line);
}
