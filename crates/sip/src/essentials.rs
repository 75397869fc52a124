//! What every message must have, checked before anything is done with it.

use crate::name::first_of;
use crate::params::Params;
use crate::span::Span;
use crate::text::{is_space, number};
use crate::{CSeq, Fault, Message, Method, Name, NameAddr, Uri, Via};

/// What every message must have, read.
#[derive(Clone, Copy, Debug)]
pub struct Essentials<'m> {
    /// The topmost Via.
    pub via: Via<'m>,
    /// From.
    pub from: NameAddr<'m>,
    /// To.
    pub to: NameAddr<'m>,
    /// Call-ID.
    pub call_id: &'m [u8],
    /// CSeq.
    pub cseq: CSeq<'m>,
    /// Hops that are left; `None` when the sender does not count them (RFC 2543).
    pub max_forwards: Option<u32>,
}

/// The same by offsets: a message keeps it, and is read once however many ask.
#[derive(Clone, Copy, Debug)]
pub struct Essence {
    transport: Span,
    host: Span,
    port: Option<u16>,
    via_params: Span,
    from: Address,
    to: Address,
    call_id: Span,
    cseq: (u32, Method, Span),
    max_forwards: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Address {
    display: Span,
    uri: Span,
    params: Span,
}

impl Essence {
    fn new(whole: &[u8], read: &Essentials<'_>) -> Self {
        let span = |part: &[u8]| Span::within(whole, part);
        let address = |of: &NameAddr<'_>| Address {
            display: span(of.display),
            uri: span(of.uri),
            params: span(of.params.0),
        };
        Self {
            transport: span(read.via.transport),
            host: span(read.via.host),
            port: read.via.port,
            via_params: span(read.via.params.0),
            from: address(&read.from),
            to: address(&read.to),
            call_id: span(read.call_id),
            cseq: (read.cseq.number, read.cseq.method, span(read.cseq.method_text)),
            max_forwards: read.max_forwards,
        }
    }

    fn of<'m>(&self, whole: &'m [u8]) -> Essentials<'m> {
        let address = |of: Address| NameAddr {
            display: of.display.of(whole),
            uri: of.uri.of(whole),
            params: Params(of.params.of(whole)),
        };
        let (number, method, method_text) = self.cseq;
        Essentials {
            via: Via {
                transport: self.transport.of(whole),
                host: self.host.of(whole),
                port: self.port,
                params: Params(self.via_params.of(whole)),
            },
            from: address(self.from),
            to: address(self.to),
            call_id: self.call_id.of(whole),
            cseq: CSeq { number, method, method_text: method_text.of(whole) },
            max_forwards: self.max_forwards,
        }
    }
}

/// Fields that steer a call and may be there once (RFC 3261 §7.3.1 and the grammars). Those that only inform (Date,
/// Server, Subject, User-Agent ...) are sent twice by real phones and harm none.
const ONCE: u64 = set(&[
    Name::CallId,
    Name::ContentDisposition,
    Name::ContentLength,
    Name::ContentType,
    Name::CSeq,
    Name::Event,
    Name::Expires,
    Name::From,
    Name::Join,
    Name::MaxForwards,
    Name::MinExpires,
    Name::MinSe,
    Name::RAck,
    Name::ReferredBy,
    Name::ReferTo,
    Name::Replaces,
    Name::RetryAfter,
    Name::RSeq,
    Name::SessionExpires,
    Name::SubscriptionState,
    Name::TargetDialog,
    Name::To,
]);

const fn set(mut names: &[Name]) -> u64 {
    let mut set = 0;
    while let [name, rest @ ..] = names {
        set |= name.bit();
        names = rest;
    }
    set
}

impl Message {
    /// What every message must have.
    ///
    /// # Errors
    /// The first thing that is missing, repeated or cannot be read.
    pub fn essentials(&self) -> Result<Essentials<'_>, Fault> {
        let read = || Ok(Essence::new(self.bytes(), &self.read_essentials()?));
        self.essence.get_or_init(read).map(|essence| essence.of(self.bytes()))
    }

    /// The address in a field that holds one, such as From, To, Refer-To.
    #[must_use]
    pub fn address(&self, name: Name) -> Option<NameAddr<'_>> {
        match (name, self.essentials()) {
            (Name::From, Ok(essentials)) => Some(essentials.from),
            (Name::To, Ok(essentials)) => Some(essentials.to),
            _ => NameAddr::read(self.field(name)?),
        }
    }

    fn read_essentials(&self) -> Result<Essentials<'_>, Fault> {
        if !self.version_ok() {
            return Err(Fault::Version);
        }
        if let Some(name) = first_of(self.repeated() & ONCE) {
            return Err(Fault::Repeated(name));
        }
        let via = self.top_via()?;
        let from = self.party(Name::From)?;
        let to = self.party(Name::To)?;
        let call_id = self.field(Name::CallId).ok_or(Fault::Missing(Name::CallId))?;
        if call_id.is_empty() || call_id.iter().any(|b| is_space(*b)) {
            return Err(Fault::Unreadable(Name::CallId));
        }
        let cseq = self.field(Name::CSeq).ok_or(Fault::Missing(Name::CSeq))?;
        let cseq = CSeq::read(cseq).ok_or(Fault::Unreadable(Name::CSeq))?;
        let max_forwards = self.max_forwards()?;
        if self.method().is_some() {
            if cseq.method_text != self.method_text() {
                return Err(Fault::MethodMismatch);
            }
            self.check_uri()?;
        }
        if self.truncated() {
            return Err(Fault::Truncated);
        }
        Ok(Essentials { via, from, to, call_id, cseq, max_forwards })
    }

    /// All of them must be readable: a response carries every one back.
    fn top_via(&self) -> Result<Via<'_>, Fault> {
        let mut top = None;
        for text in self.values(Name::Via) {
            let via = Via::read(text).ok_or(Fault::Unreadable(Name::Via))?;
            top.get_or_insert(via);
        }
        top.ok_or(Fault::Missing(Name::Via))
    }

    fn max_forwards(&self) -> Result<Option<u32>, Fault> {
        let Some(text) = self.field(Name::MaxForwards) else { return Ok(None) };
        let hops = number(text).filter(|hops| *hops < 256);
        hops.map(Some).ok_or(Fault::Unreadable(Name::MaxForwards))
    }

    fn check_uri(&self) -> Result<(), Fault> {
        match self.uri() {
            Some(uri) if uri.headers.is_empty() => Ok(()),
            Some(_) => Err(Fault::Uri),
            None if Uri::is_foreign(self.uri_text()) => Err(Fault::Scheme),
            None => Err(Fault::Uri),
        }
    }

    fn party(&self, name: Name) -> Result<NameAddr<'_>, Fault> {
        let text = self.field(name).ok_or(Fault::Missing(name))?;
        let address = NameAddr::read(text).ok_or(Fault::Unreadable(name))?;
        let tags = address.params.iter().filter(|p| p.name.eq_ignore_ascii_case(b"tag")).count();
        if tags > 1 || !Uri::has_scheme(address.uri) {
            return Err(Fault::Unreadable(name));
        }
        Ok(address)
    }
}
