//! What every message must have, checked before anything is done with it.

use crate::text::{is_space, number, split_commas};
use crate::{CSeq, Fault, Message, Name, NameAddr, Start, Uri, Via};

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

impl Message {
    /// What every message must have.
    ///
    /// # Errors
    /// The first thing that is missing, repeated or cannot be read.
    pub fn essentials(&self) -> Result<Essentials<'_>, Fault> {
        if !self.version_ok() {
            return Err(Fault::Version);
        }
        for name in
            [Name::CallId, Name::CSeq, Name::From, Name::To, Name::MaxForwards, Name::ContentType]
        {
            if self.repeated() & name.bit() != 0 {
                return Err(Fault::Repeated(name));
            }
        }
        let via = self.field(Name::Via).ok_or(Fault::Missing(Name::Via))?;
        let via =
            split_commas(via).next().and_then(Via::read).ok_or(Fault::Unreadable(Name::Via))?;
        let from = self.address(Name::From)?;
        let to = self.address(Name::To)?;
        let call_id = self.field(Name::CallId).ok_or(Fault::Missing(Name::CallId))?;
        if call_id.is_empty() || call_id.iter().any(|b| is_space(*b)) {
            return Err(Fault::Unreadable(Name::CallId));
        }
        let cseq = self.field(Name::CSeq).ok_or(Fault::Missing(Name::CSeq))?;
        let cseq = CSeq::read(cseq).ok_or(Fault::Unreadable(Name::CSeq))?;
        let max_forwards = match self.field(Name::MaxForwards) {
            Some(text) => Some(
                number(text).filter(|n| *n < 256).ok_or(Fault::Unreadable(Name::MaxForwards))?,
            ),
            None => None,
        };
        if matches!(self.start(), Start::Request(_)) {
            if cseq.method_text != self.method_text() {
                return Err(Fault::MethodMismatch);
            }
            if self.uri().is_none() {
                let foreign =
                    Uri::has_scheme(self.uri_text()) && !begins_as_served(self.uri_text());
                return Err(if foreign { Fault::Scheme } else { Fault::Uri });
            }
        }
        if self.truncated() {
            return Err(Fault::Truncated);
        }
        Ok(Essentials { via, from, to, call_id, cseq, max_forwards })
    }

    fn address(&self, name: Name) -> Result<NameAddr<'_>, Fault> {
        let text = self.field(name).ok_or(Fault::Missing(name))?;
        let address = NameAddr::read(text).ok_or(Fault::Unreadable(name))?;
        let tags = address.params.iter().filter(|p| p.name.eq_ignore_ascii_case(b"tag")).count();
        if tags > 1 || !Uri::has_scheme(address.uri) {
            return Err(Fault::Unreadable(name));
        }
        Ok(address)
    }
}

fn begins_as_served(uri: &[u8]) -> bool {
    let scheme = uri.split(|b| *b == b':').next().unwrap_or_default();
    [&b"sip"[..], b"sips", b"tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}
