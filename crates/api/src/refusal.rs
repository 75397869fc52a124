//! Why a request is refused, and how that is told.

use crate::plan::Note;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// Why a request is refused. What it says is meant for the caller: no SQL, no path, no stack.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be read; says where.
    #[error("{0}")]
    Malformed(String),
    /// The request is understood and makes no sense; says why.
    #[error("{0}")]
    Invalid(String),
    /// Nobody is logged in, or no longer.
    #[error("nobody is logged in here")]
    Stranger,
    /// Login, password, code or passkey are not right. Never says which.
    #[error("that login is not right")]
    WrongLogin,
    /// The session has no second factor yet.
    #[error("the second factor is missing")]
    HalfLogin,
    /// The session is too old for changing how one logs in.
    #[error("this needs a login of the last minutes")]
    StaleLogin,
    /// An API key where a person is needed.
    #[error("only a person may do this, not an API key")]
    PersonsOnly,
    /// The caller has no right to it.
    #[error("you may not do this: it needs the right {0}")]
    NotAllowed(&'static str),
    /// The address or the hour is closed for this caller.
    #[error("access is closed from this address or at this hour")]
    NotFromHere,
    /// A change by cookie without the marks of the own page.
    #[error("this change did not come from the portal's own page")]
    ForeignPage,
    /// No such path.
    #[error("there is no such path")]
    NoSuchPath,
    /// The path exists, not with this method.
    #[error("this path does not take that method")]
    NoSuchMethod,
    /// No such thing, or none the caller may see.
    #[error("there is no {0} of that name")]
    NotFound(&'static str),
    /// The state of things forbids it; code, message and hint.
    #[error("{message}")]
    Conflict {
        /// One word for programs.
        code: &'static str,
        /// What stands against it.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// `If-Match` names another version.
    #[error("it was changed since you read it")]
    Outdated,
    /// `If-Match` is missing.
    #[error("the header If-Match is missing")]
    Unconditional,
    /// The body is over the limit, in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body is not JSON by its header.
    #[error("the body is not JSON: the header Content-Type is not application/json")]
    NotJson,
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// Too many tries; how long to wait.
    #[error("too many tries")]
    TooMany(Duration),
    /// Too much to do; try again.
    #[error("too much to do at the moment")]
    Busy,
    /// It took longer than the time limit; it may still come about.
    #[error("it takes too long; it may still come about")]
    TooSlow,
    /// The store cannot be used; says how.
    #[error("{0}")]
    StoreGone(&'static str),
    /// The provider people log in at cannot be used.
    #[error("the login provider does not answer as it should")]
    ProviderGone,
    /// Settings that would not work; all that is wrong with them.
    #[error("the settings do not work: {}", first(.0))]
    Unfit(Vec<Note>),
    /// The running node refused or failed; what, and what to do.
    #[error("{what}")]
    Node {
        /// What happened.
        what: String,
        /// What to do.
        mend: String,
    },
    /// A fault of ours. Its cause is in the log under the request id.
    #[error("something went wrong here")]
    Broken,
}

/// Longest text of a refusal: what was sent may be in it.
const TEXT_CHARS_MAX: usize = 500;
/// Most notes of a refusal; who has more to mend begins with these.
const NOTES_MAX: usize = 200;

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn briefly(note: &Note) -> Note {
    Note {
        section: note.section.clone(),
        tenant: note.tenant.as_deref().map(short),
        id: short(&note.id),
        field: note.field.as_deref().map(short),
        what: short(&note.what),
        mend: short(&note.mend),
    }
}

/// What is told of a refusal.
#[derive(Serialize, ToSchema)]
pub struct RefusalBody {
    /// The request, as it is named in the log and in the header `x-request-id`.
    pub request_id: String,
    /// One word for programs.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do now.
    pub hint: String,
    /// All that is wrong with settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

fn first(notes: &[Note]) -> String {
    match notes {
        [] => String::new(),
        [only] => only.to_string(),
        [first, more @ ..] => format!("{first} (and {} more)", more.len()),
    }
}

impl Refusal {
    /// Status, the word for programs, and what to do now.
    fn parts(&self) -> (StatusCode, &'static str, &str) {
        use StatusCode as S;
        match self {
            Self::Malformed(_) => (S::BAD_REQUEST, "malformed", "see the API reference"),
            Self::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid", "correct it and send again"),
            Self::Stranger => (S::UNAUTHORIZED, "not_logged_in", "log in, or send an API key"),
            Self::WrongLogin => {
                (S::UNAUTHORIZED, "wrong_login", "try again, or log in with a passkey")
            }
            Self::HalfLogin => {
                (S::FORBIDDEN, "second_factor", "give or set up the second factor of your login")
            }
            Self::StaleLogin => (S::FORBIDDEN, "stale_login", "log in again, then repeat this"),
            Self::PersonsOnly => (S::FORBIDDEN, "persons_only", "do it in the portal"),
            Self::NotAllowed(_) => {
                (S::FORBIDDEN, "not_allowed", "ask somebody who may, or for the right to")
            }
            Self::NotFromHere => {
                (S::FORBIDDEN, "not_from_here", "connect from an admitted address and hour")
            }
            Self::ForeignPage => (
                S::FORBIDDEN,
                "foreign_page",
                "send the header X-Ringfence: 1 from the same origin, or use an API key",
            ),
            Self::NoSuchPath => (S::NOT_FOUND, "no_such_path", "see /v1/openapi.json"),
            Self::NoSuchMethod => (S::METHOD_NOT_ALLOWED, "no_such_method", "see the header Allow"),
            Self::NotFound(_) => (S::NOT_FOUND, "not_found", "see the list"),
            Self::Conflict { code, hint, .. } => (S::CONFLICT, code, hint),
            Self::Outdated => (S::PRECONDITION_FAILED, "outdated", "read it again and decide anew"),
            Self::Unconditional => (
                S::PRECONDITION_REQUIRED,
                "unconditional",
                "send the ETag you have read in the header If-Match",
            ),
            Self::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, "too_large", "send less at once"),
            Self::NotJson => {
                (S::UNSUPPORTED_MEDIA_TYPE, "not_json", "send Content-Type: application/json")
            }
            Self::KeyReused => {
                (S::UNPROCESSABLE_ENTITY, "key_reused", "take a new key for a new request")
            }
            Self::TooMany(_) => {
                (S::TOO_MANY_REQUESTS, "too_many", "wait, or log in with a passkey")
            }
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "try again in a moment"),
            Self::TooSlow => (S::SERVICE_UNAVAILABLE, "too_slow", "look whether it came about"),
            Self::StoreGone(_) => {
                (S::SERVICE_UNAVAILABLE, "store_gone", "calls go on; see the log, then try again")
            }
            Self::ProviderGone => (
                S::SERVICE_UNAVAILABLE,
                "provider_gone",
                "log in with a passkey or a password; see the log",
            ),
            Self::Unfit(_) => (S::UNPROCESSABLE_ENTITY, "unfit", "correct what `notes` names"),
            Self::Node { mend, .. } => (S::CONFLICT, "refused_by_node", mend),
            Self::Broken => (S::INTERNAL_SERVER_ERROR, "broken", "report it with the request id"),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.parts().1
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self, request_id: &str) -> RefusalBody {
        let (_, code, hint) = self.parts();
        RefusalBody {
            request_id: request_id.to_owned(),
            code,
            message: short(&self.to_string()),
            hint: hint.to_owned(),
            notes: match self {
                Self::Unfit(notes) => notes.iter().take(NOTES_MAX).map(briefly).collect(),
                _ => Vec::new(),
            },
        }
    }

    fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
            Self::Busy | Self::TooSlow | Self::StoreGone(_) | Self::ProviderGone => {
                Some(Duration::from_secs(2))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    /// The body is written by `http::frame`, which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(wait) = self.wait() {
            let secs = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response.extensions_mut().insert(self);
        response
    }
}
