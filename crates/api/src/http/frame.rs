//! What every request and answer has: an id, an admitted address, and header fields that keep browsers safe.

use crate::app::App;
use crate::refusal::Refusal;
use crate::secret;
use crate::watch::{Asked, Seen};
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The address a request came from.
#[derive(Clone, Copy)]
pub struct From(pub IpAddr);

/// Around every request.
pub async fn dress(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = request_id(&app, &request);
    let (watch, began) = (app.settings().watch.clone(), app.now());
    let told = watch.as_ref().map(|_| Told::of(&request));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let mut response = match peer.map(|ip| ip.to_canonical()) {
        Some(from) if app.admits(from) => {
            request.extensions_mut().insert(From(from));
            next.run(request).await
        }
        Some(_) => Refusal::NotFromHere.into_response(),
        None => {
            tracing::error!("a request without the address of its sender: serve with connect info");
            Refusal::Broken.into_response()
        }
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        tell(&mut response, &refusal, &id);
    }
    let fields = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        fields.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        fields.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.tls() {
        let year = HeaderValue::from_static("max-age=31536000");
        fields.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if let Some((watch, told)) = watch.zip(told) {
        let Asked(role) = response.extensions().get().copied().unwrap_or(Asked("nobody"));
        watch.saw(&Seen {
            method: told.method.as_str(),
            route: &told.route,
            status: response.status().as_u16(),
            role,
            request_id: &id,
            traceparent: told.traceparent.as_deref(),
            began,
            ended: app.now(),
        });
    }
    response
}

/// What is told of a request, kept while it is answered.
struct Told {
    method: Method,
    route: String,
    traceparent: Option<String>,
}

impl Told {
    fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let given = request.headers().get("traceparent").and_then(|given| given.to_str().ok());
        Self {
            method: request.method().clone(),
            // A path that is no route may say anything.
            route: route.map_or("none", MatchedPath::as_str).to_owned(),
            traceparent: given.filter(|given| given.len() <= 256).map(str::to_owned),
        }
    }
}

/// Taken over from the caller when it is a sane token, so that one id runs through several systems.
fn request_id(app: &App, request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(sane).map_or_else(
        || {
            let mut bytes = [0; 8];
            app.chance().fill(&mut bytes);
            secret::hex(&bytes)
        },
        str::to_owned,
    )
}

fn tell(response: &mut Response, refusal: &Refusal, id: &str) {
    if response.status().is_server_error() {
        tracing::warn!(request_id = id, code = refusal.code(), "refused: {refusal}");
    }
    let body = serde_json::to_vec(&refusal.body(id)).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    let fields = response.headers_mut();
    fields.remove(header::CONTENT_LENGTH);
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
}
