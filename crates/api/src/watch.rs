//! Who is told of every request, once it is answered: for traces. The server implements it.

use ringfence_model::WallTime;
use std::fmt;

/// A request that was answered: no number, no secret, nobody's name.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// GET, POST ...
    pub method: &'a str,
    /// The route, such as `/v1/trunks/{id}`; `/v1/{*path}` when there is none.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The caller's first role, `key` for an API key, `nobody` when nobody was let in.
    pub role: &'static str,
    /// The request's id, as in the log.
    pub request_id: &'a str,
    /// The header `traceparent` (W3C Trace Context) as it came.
    pub traceparent: Option<&'a str>,
    /// When it came.
    pub began: WallTime,
    /// When the answer was ready.
    pub ended: WallTime,
}

/// Is told of requests.
pub trait Watch: Send + Sync + fmt::Debug {
    /// A request was answered. Nobody waits for what is done about it.
    fn saw(&self, seen: &Seen<'_>);
}

/// Left with an answer: who asked.
#[derive(Clone, Copy)]
pub struct Asked(pub &'static str);
