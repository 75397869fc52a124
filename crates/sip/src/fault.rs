//! What can be wrong with a message.

use crate::Name;
use thiserror::Error;

/// Why bytes are no SIP message at all. Such bytes get no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FrameError {
    /// Longer than allowed, or too many fields.
    #[error("{what} is over the limit of {limit}")]
    TooBig {
        /// What is too big.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The first line is neither a request nor a response.
    #[error("the first line is no SIP request or status line")]
    StartLine,
    /// A carriage return or line feed that ends no line (a way to smuggle header fields).
    #[error("a bare CR or LF at byte {0}")]
    BareLineBreak(usize),
    /// A NUL that is not quoted, at which some peers stop reading.
    #[error("a NUL at byte {0}")]
    Nul(usize),
    /// A header field without colon or with a name that is no token.
    #[error("no header field at byte {0}")]
    Field(usize),
    /// The header does not end.
    #[error("the header has no end")]
    NoEnd,
    /// More than one Content-Length, or one that is no number: where the message ends is a matter of opinion.
    #[error("Content-Length is repeated or no number")]
    ContentLength,
    /// On a stream every message must say its length (RFC 3261 §18.3).
    #[error("no Content-Length on a stream")]
    NoContentLength,
    /// Bytes cut from a stream are not exactly one message.
    #[error("Content-Length is not the length of the body")]
    BodyLength,
}

/// Why a message that could be read is still no good. A request with a fault may be answered with [`Fault::code`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Fault {
    /// A field that every message needs is missing.
    #[error("{} is missing", .0.as_str())]
    Missing(Name),
    /// A field that may be there once is there twice.
    #[error("{} is there more than once", .0.as_str())]
    Repeated(Name),
    /// A field that cannot be read.
    #[error("{} cannot be read", .0.as_str())]
    Unreadable(Name),
    /// The request URI cannot be read, or carries header fields (RFC 3261 §19.1.1).
    #[error("the request URI cannot be read")]
    Uri,
    /// A request URI that is not `sip`, `sips` or `tel`.
    #[error("the request URI has a scheme that is not served")]
    Scheme,
    /// Not SIP/2.0.
    #[error("not SIP/2.0")]
    Version,
    /// The CSeq names another method than the first line.
    #[error("CSeq names another method than the first line")]
    MethodMismatch,
    /// The body is shorter than Content-Length says.
    #[error("the body is shorter than Content-Length says")]
    Truncated,
}

impl Fault {
    /// The response code for a request with this fault (RFC 3261 §21.4).
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::Scheme => 416,
            _ => 400,
        }
    }
}
