//! One route: where it is, what it needs, and the typed function that answers. Everything that must be checked of a
//! request is checked here, in one order, so that no handler can forget it.

use super::ask::{Ask, Nothing};
use super::document::{Parts, may_be_empty};
use super::{body, origin, repeat, reply::Answer};
use crate::app::App;
use crate::caller::{self, Caller};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::watch::Asked;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Path};
use axum::http::{Method, Request, StatusCode, header, request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::any::TypeId;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, ResponseBuilder, Schema};
use utoipa::{IntoParams, ToSchema};

/// Largest body that is read.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Largest body with a rate deck.
const DECK_BYTES_MAX: usize = 64 << 20;
/// After this the caller is told that it takes too long; the work itself is brought to its end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a request must bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing: setup, login, the reference.
    Nothing,
    /// A session, the second factor may be missing: giving or setting up the second factor.
    Login,
    /// A full session of a person: what concerns the own login.
    Person,
    /// A full session or an API key with this right somewhere; the handler asks for the right place.
    Right(Permission),
}

type Work = Pin<Box<dyn Future<Output = Response> + Send>>;
type Serve = dyn Fn(Arc<App>, Request<Body>, IpAddr, (StatusCode, usize)) -> Work + Send + Sync;
type Described = (Vec<Parameter>, Option<RefOr<Schema>>, ResponseBuilder);

/// A row of the table of routes.
pub struct Route {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: Method,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// What it does, one line.
    pub summary: &'static str,
    /// Of the answer when all is well.
    pub status: StatusCode,
    /// Whether `If-Match` must be given.
    pub conditional: bool,
    /// Whether it may become a proposal for a second person.
    pub grave: bool,
    /// Largest body, in bytes.
    pub body_bytes_max: usize,
    pub(crate) describe: fn(&mut Parts) -> Described,
    serve: Arc<Serve>,
}

impl Route {
    /// Answers requests of this kind with `handler`.
    pub fn new<P, Q, B, A, F, W>(
        method: Method,
        path: &'static str,
        needs: Needs,
        summary: &'static str,
        handler: F,
    ) -> Self
    where
        P: DeserializeOwned + IntoParams + Send + 'static,
        Q: DeserializeOwned + IntoParams + Send + 'static,
        B: DeserializeOwned + ToSchema + Send + 'static,
        A: Answer + 'static,
        F: Fn(Ask<P, Q, B>) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<A, Refusal>> + Send + 'static,
    {
        Self {
            method,
            path,
            needs,
            summary,
            status: StatusCode::OK,
            conditional: false,
            grave: false,
            body_bytes_max: BODY_BYTES_MAX,
            describe: describe::<P, Q, B, A>,
            serve: serve_with(needs, handler),
        }
    }

    /// With `If-Match`.
    #[must_use]
    pub const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Takes a rate deck.
    #[must_use]
    pub const fn large(mut self) -> Self {
        self.body_bytes_max = DECK_BYTES_MAX;
        self
    }

    /// Answers that something was made: 201.
    #[must_use]
    pub const fn making(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    /// Answers without a body: 204.
    #[must_use]
    pub const fn quiet(mut self) -> Self {
        self.status = StatusCode::NO_CONTENT;
        self
    }

    /// May answer 202 with a proposal.
    #[must_use]
    pub const fn grave(mut self) -> Self {
        self.grave = true;
        self
    }

    /// Whether an `Idempotency-Key` is heeded: only where the caller is known for longer than one session.
    pub(crate) const fn repeatable(&self) -> bool {
        matches!(self.needs, Needs::Right(_))
    }

    /// Carries out one request.
    pub(crate) fn answer(&self, app: Arc<App>, request: Request<Body>, from: IpAddr) -> Work {
        (self.serve)(app, request, from, (self.status, self.body_bytes_max))
    }
}

fn describe<P, Q, B, A>(parts: &mut Parts) -> Described
where
    P: IntoParams,
    Q: IntoParams,
    B: ToSchema + 'static,
    A: Answer,
{
    let mut parameters = P::into_params(|| Some(ParameterIn::Path));
    parameters.extend(Q::into_params(|| Some(ParameterIn::Query)).into_iter().map(may_be_empty));
    (parameters, parts.body::<B>(), A::document(parts))
}

fn serve_with<P, Q, B, A, F, W>(needs: Needs, handler: F) -> Arc<Serve>
where
    P: DeserializeOwned + IntoParams + Send + 'static,
    Q: DeserializeOwned + IntoParams + Send + 'static,
    B: DeserializeOwned + ToSchema + Send + 'static,
    A: Answer + 'static,
    F: Fn(Ask<P, Q, B>) -> W + Copy + Send + Sync + 'static,
    W: Future<Output = Result<A, Refusal>> + Send + 'static,
{
    Arc::new(move |app, request, from, (status, bytes_max)| {
        Box::pin(async move {
            // A task of its own: a panic ends it alone, and a caller who goes away does not end a change halfway.
            let work = tokio::spawn(async move {
                let opened = open::<P, Q>(&app, request, from, (needs, bytes_max)).await;
                let (ask, body) = match opened {
                    Ok(opened) => opened,
                    Err(refusal) => return refusal.into_response(),
                };
                let asked = Asked(ask.caller.role());
                let mut response = repeat::once(ask, body, needs, |ask, body| async move {
                    let ask = with_body::<P, Q, B>(ask, &body)?;
                    Ok(handler(ask).await?.respond(status))
                })
                .await
                .unwrap_or_else(IntoResponse::into_response);
                response.extensions_mut().insert(asked);
                response
            });
            match tokio::time::timeout(PATIENCE, work).await {
                Ok(Ok(response)) => response,
                Ok(Err(died)) => {
                    tracing::error!("a request was not carried out: {died}");
                    Refusal::Broken.into_response()
                }
                Err(_) => Refusal::TooSlow.into_response(),
            }
        })
    })
}

/// Who asks and what, in the order in which a stranger learns least.
async fn open<P, Q>(
    app: &Arc<App>,
    request: Request<Body>,
    from: IpAddr,
    (needs, bytes_max): (Needs, usize),
) -> Result<(Ask<P, Q>, Bytes), Refusal>
where
    P: DeserializeOwned + Send + 'static,
    Q: DeserializeOwned,
{
    let (mut head, body) = request.into_parts();
    let at = app.now();
    let caller = caller::identify(app, &head.headers, from, at, needs).await?;
    // Also before a login, whose cookie a foreign page would like to set.
    if !matches!(caller, Caller::Key(_)) {
        origin::check(&head.method, &head.headers, app.origin())?;
    }
    let path = path::<P>(&mut head).await?;
    // What is left empty, as forms do, is not given.
    let given = head.uri.query().unwrap_or_default().split('&');
    let given: Vec<_> = given.filter(|pair| !is_empty(pair)).collect();
    let query = serde_urlencoded::from_str(&given.join("&"))
        .map_err(|error| Refusal::Malformed(format!("the query: {error}")))?;
    // What comes with a GET means nothing (RFC 9110 §9.3.1).
    let body = match head.method {
        Method::GET => Bytes::new(),
        _ => to_bytes(body, bytes_max).await.map_err(|_| Refusal::TooLarge(bytes_max))?,
    };
    let url = head.uri;
    let ask = Ask {
        app: Arc::clone(app),
        caller,
        from,
        at,
        method: head.method,
        url,
        headers: head.headers,
        path,
        query,
        body: Nothing {},
    };
    Ok((ask, body))
}

fn is_empty(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(_, value)| value.is_empty())
}

async fn path<P: DeserializeOwned + Send + 'static>(
    head: &mut request::Parts,
) -> Result<P, Refusal> {
    if TypeId::of::<P>() == TypeId::of::<Nothing>() {
        return empty();
    }
    let path = Path::<P>::from_request_parts(head, &()).await;
    path.map(|Path(path)| path).map_err(|wrong| Refusal::Malformed(wrong.body_text()))
}

fn with_body<P, Q, B>(ask: Ask<P, Q>, bytes: &[u8]) -> Result<Ask<P, Q, B>, Refusal>
where
    B: DeserializeOwned + 'static,
{
    let body = if bytes.is_empty() && TypeId::of::<B>() == TypeId::of::<Nothing>() {
        empty()?
    } else {
        // Also keeps forms of foreign pages out, which cannot send this type.
        let kind = ask.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let json = kind
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(Refusal::NotJson);
        }
        body::read(bytes).map_err(|error| Refusal::Malformed(format!("the body: {error}")))?
    };
    Ok(Ask {
        app: ask.app,
        caller: ask.caller,
        from: ask.from,
        at: ask.at,
        method: ask.method,
        url: ask.url,
        headers: ask.headers,
        path: ask.path,
        query: ask.query,
        body,
    })
}

/// The one value of [`Nothing`], for a type that is known to be it.
fn empty<T: DeserializeOwned>() -> Result<T, Refusal> {
    serde_json::from_str("{}").map_err(|_| Refusal::Broken)
}
