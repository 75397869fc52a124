//! A request as handlers see it: who asks, what, under which conditions.

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;
use axum::http::{HeaderMap, Method, Uri, header};
use ringfence_model::WallTime;
use ringfence_store::Act;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{Object, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 500;

/// No path parameters, no query, or no body.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl IntoParams for Nothing {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        Object::new().into()
    }
}

impl ToSchema for Nothing {}

/// A request that was let in: path `P`, query `Q` and body `B` are read.
pub struct Ask<P = Nothing, Q = Nothing, B = Nothing> {
    /// The program.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// From where.
    pub from: IpAddr,
    /// When.
    pub at: WallTime,
    /// The method.
    pub method: Method,
    /// Path and query as they came.
    pub url: Uri,
    /// Header fields.
    pub headers: HeaderMap,
    /// Parameters in the path.
    pub path: P,
    /// Parameters after the question mark.
    pub query: Q,
    /// The body.
    pub body: B,
}

impl<P, Q, B> Ask<P, Q, B> {
    /// The same with another query.
    pub fn with_query<R>(self, query: R) -> Ask<P, R, B> {
        let Self { app, caller, from, at, method, url, headers, path, body, .. } = self;
        Ask { app, caller, from, at, method, url, headers, path, query, body }
    }

    /// The version the caller has read, of `If-Match`.
    pub fn version(&self) -> Result<i64, Refusal> {
        let given = self.headers.get(header::IF_MATCH).ok_or(Refusal::Unconditional)?;
        let version = given
            .to_str()
            .ok()
            .and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        // A tag that is not ours matches nothing (RFC 9110 §13.1.1).
        version.ok_or(Refusal::Outdated)
    }

    /// Why, in the caller's words: the header `X-Reason`.
    pub fn reason(&self) -> Option<String> {
        let given = self.headers.get("x-reason")?;
        let text = String::from_utf8_lossy(given.as_bytes());
        let text: String =
            text.trim().chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect();
        (!text.is_empty()).then_some(text)
    }

    /// The act `what` by the caller, for the audit log.
    pub fn act(&self, what: &str) -> Act {
        Act {
            who: self.caller.who(),
            what: what.to_owned(),
            why: self.reason().unwrap_or_default(),
            address: Some(self.from),
            at: self.at,
        }
    }

    /// The header `User-Agent`, cut to a sane length.
    pub fn agent(&self) -> String {
        let given = self.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        given.unwrap_or_default().chars().take(200).collect()
    }
}
