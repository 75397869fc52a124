//! Responses built from a request alone: nothing is kept, and the same request gets the same bytes again.

use crate::Token;
use bytes::Bytes;
use ringfence_sip::{Builder, Flow, Message, Name, NameAddr, ShortText, Via, split_commas};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::fmt;
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

/// Answers requests without a transaction.
#[derive(Clone)]
pub struct Responder {
    keyed: SipHasher24,
    shard: u8,
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

impl Responder {
    /// One whose tags nobody can guess without `secret`.
    #[must_use]
    pub fn new(secret: &[u8; 32], shard: u8) -> Self {
        let (key, rest) =
            secret.split_last_chunk::<16>().map_or((&[0; 16], &[][..]), |(a, b)| (b, a));
        let mut keyed = SipHasher24::new_with_key(key);
        keyed.write(rest);
        Self { keyed, shard }
    }

    /// A finished response: what RFC 3261 §8.2.6 asks for, then `extra`. `None` when the request has no Via that can
    /// be read, or `extra` cannot be written.
    #[must_use]
    pub fn respond(
        &self,
        request: &Message,
        flow: &Flow,
        code: u16,
        extra: &[(Name, &[u8])],
    ) -> Option<Bytes> {
        let mut builder = self.begin(request, flow, code)?;
        for (name, value) in extra {
            builder.field(*name, &[value]);
        }
        builder.finish(b"").ok()
    }

    /// The same, for who wants to add fields of its own.
    #[must_use]
    pub fn begin(&self, request: &Message, flow: &Flow, code: u16) -> Option<Builder> {
        begin(request, flow, code, phrase(code).as_bytes(), &self.tag(request))
    }

    /// The To tag of our stateless responses to this request. A retransmission has the same one (RFC 3261 §8.2.7).
    #[must_use]
    pub fn tag(&self, request: &Message) -> Token {
        let mut hash = self.keyed;
        for name in [Name::CallId, Name::From, Name::Via, Name::CSeq] {
            let value = request.field(name).unwrap_or_default();
            hash.write(value);
            hash.write_usize(value.len());
        }
        Token::word(self.shard, hash.finish128().as_u128())
    }
}

/// The beginning of a response: status line, every Via with what RFC 3261 §18.2.1 and RFC 3581 add to the topmost,
/// From, To with `to_tag` when it has none and the code is not 100, Call-ID, CSeq. `None` when no Via can be read.
#[must_use]
pub fn begin(
    request: &Message,
    flow: &Flow,
    code: u16,
    phrase: &[u8],
    to_tag: &[u8],
) -> Option<Builder> {
    let mut builder = Builder::response(code, phrase);
    vias(&mut builder, request, flow)?;
    let copy = |builder: &mut Builder, name| {
        if let Some(field) = request.fields().find(|field| field.name == name) {
            builder.copy(field);
        }
    };
    copy(&mut builder, Name::From);
    match request.field(Name::To) {
        Some(to) if code > 100 && !to_tag.is_empty() && wants_tag(to) => {
            builder.field(Name::To, &[to, b";tag=", to_tag]);
        }
        _ => copy(&mut builder, Name::To),
    }
    copy(&mut builder, Name::CallId);
    copy(&mut builder, Name::CSeq);
    if code == 100 {
        // RFC 3261 §8.2.6.1
        copy(&mut builder, Name::Timestamp);
    }
    Some(builder)
}

fn wants_tag(to: &[u8]) -> bool {
    NameAddr::read(to).is_some_and(|to| to.params.get("tag").is_none())
}

fn vias(builder: &mut Builder, request: &Message, flow: &Flow) -> Option<()> {
    let mut lines = request.lines(Name::Via);
    let first = lines.next()?;
    let top = split_commas(first).next()?;
    let via = Via::read(top)?;
    let marks = marks(&via, flow.remote);
    let mut pieces: Vec<&[u8]> = Vec::with_capacity(16);
    let params = via.params.0;
    pieces.push(top.get(..top.len().saturating_sub(params.len()))?);
    for param in via.params.iter() {
        // The sender cannot say these (RFC 3261 §18.2.1).
        let said =
            ["received", "rport"].iter().any(|n| param.name.eq_ignore_ascii_case(n.as_bytes()));
        if !said {
            pieces.extend([b";", param.name]);
            pieces.extend(param.value.iter().flat_map(|value| [&b"="[..], *value]));
        }
    }
    pieces.push(&marks);
    for below in split_commas(first).skip(1) {
        pieces.extend([b", ", below]);
    }
    builder.field(Name::Via, &pieces);
    for line in lines {
        builder.field(Name::Via, &[line]);
    }
    Some(())
}

fn marks(via: &Via<'_>, remote: SocketAddr) -> ShortText {
    let ip = remote.ip().to_canonical();
    let received = ShortText::new().text(b";received=").address(ip);
    if via.wants_rport() {
        received.text(b";rport=").number(remote.port().into())
    } else if said_ip(via) != Some(ip) {
        received
    } else {
        ShortText::new()
    }
}

fn said_ip(via: &Via<'_>) -> Option<IpAddr> {
    let host =
        via.host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(via.host);
    std::str::from_utf8(host).ok()?.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Where responses to a request go. Always the address it came from, `maddr` and names count for nothing; the port too,
/// but for a sender over UDP that does not ask for that (RFC 3581) and is not behind an address translator: it listens
/// on the port in its Via (RFC 3261 §18.2.2).
#[must_use]
pub fn reply_flow(flow: &Flow, via: &Via<'_>) -> Flow {
    let mut reply = *flow;
    let direct = || said_ip(via) == Some(flow.remote.ip().to_canonical());
    if !flow.transport.is_reliable() && !via.wants_rport() && direct() {
        let port = via.port.filter(|port| *port != 0);
        reply.remote.set_port(port.unwrap_or(flow.transport.default_port()));
    }
    reply
}

/// What a response code means, in the words of the RFC that defines it; of its class when it is not known.
#[must_use]
pub const fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        199 => "Early Dialog Terminated",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        428 => "Use Identity Header",
        429 => "Provide Referrer Identity",
        430 => "Flow Failed",
        433 => "Anonymity Disallowed",
        436 => "Bad Identity Info",
        437 => "Unsupported Credential",
        438 => "Invalid Identity Header",
        439 => "First Hop Lacks Outbound Support",
        440 => "Max-Breadth Exceeded",
        469 => "Bad Info Package",
        470 => "Consent Needed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        607 => "Unwanted",
        608 => "Rejected",
        _ => match code / 100 {
            1 => "Progress",
            2 => "Success",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}
