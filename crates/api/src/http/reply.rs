//! What handlers give back.

use super::cookie;
use super::document::Parts;
use crate::refusal::Refusal;
use crate::secret::Token;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ContentBuilder, ResponseBuilder};

/// An answer, or why there is none.
pub type Outcome<T> = Result<Reply<T>, Refusal>;

/// An answer with a JSON body.
pub struct Reply<T> {
    body: T,
    status: Option<StatusCode>,
    version: Option<i64>,
    session: Session,
}

/// What becomes of the browser's session.
enum Session {
    Stays,
    Begins(Token, bool),
    Ends(bool),
}

/// Nothing to say but that it is done: 204.
#[derive(Serialize, ToSchema)]
pub struct Done;

impl<T> Reply<T> {
    /// With the status of its route.
    pub const fn new(body: T) -> Self {
        Self { body, status: None, version: None, session: Session::Stays }
    }

    /// With another status than its route has.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// With the version that a change must name.
    #[must_use]
    pub const fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// Gives the browser this session.
    #[must_use]
    pub fn begin(mut self, token: Token, tls: bool) -> Self {
        self.session = Session::Begins(token, tls);
        self
    }

    /// The body.
    pub const fn body(&self) -> &T {
        &self.body
    }

    /// The body, to be added to.
    pub const fn body_mut(&mut self) -> &mut T {
        &mut self.body
    }

    /// With another body.
    pub fn map<U>(self, made: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { body, status, version, session } = self;
        Reply { body: made(body), status, version, session }
    }

    /// Takes the browser's session away.
    #[must_use]
    pub fn end(mut self, tls: bool) -> Self {
        self.session = Session::Ends(tls);
        self
    }
}

/// What a handler can give back.
pub trait Answer: Send {
    /// As HTTP, with the route's status unless it has its own.
    fn respond(self, status: StatusCode) -> Response;
    /// For the reference.
    fn document(parts: &mut Parts) -> ResponseBuilder;
}

impl<T: Serialize + ToSchema + Send + 'static> Answer for Reply<T> {
    fn respond(self, status: StatusCode) -> Response {
        let status = self.status.unwrap_or(status);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        if status != StatusCode::NO_CONTENT {
            match serde_json::to_vec(&self.body) {
                Ok(bytes) => *response.body_mut() = Body::from(bytes),
                Err(error) => {
                    tracing::error!("an answer cannot be written: {error}");
                    return axum::response::IntoResponse::into_response(Refusal::Broken);
                }
            }
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        if let Some(version) = self.version
            && let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\""))
        {
            response.headers_mut().insert(header::ETAG, tag);
        }
        let line = match &self.session {
            Session::Stays => None,
            Session::Begins(token, tls) => cookie::set(token, *tls),
            Session::Ends(tls) => cookie::clear(*tls),
        };
        if let Some(line) = line {
            response.headers_mut().insert(header::SET_COOKIE, line);
        }
        response
    }

    fn document(parts: &mut Parts) -> ResponseBuilder {
        let response = ResponseBuilder::new();
        if std::any::TypeId::of::<T>() == std::any::TypeId::of::<Done>() {
            return response.description("Done");
        }
        let content = ContentBuilder::new().schema(Some(parts.schema::<T>())).build();
        response.description("The answer").content("application/json", content)
    }
}
