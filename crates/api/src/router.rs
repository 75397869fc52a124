//! From the table of routes to what a server serves.

use crate::app::App;
use crate::approve::page;
use crate::http::document::document;
use crate::http::frame::{self, From};
use crate::http::route::Route;
use crate::refusal::Refusal;
use crate::routes::routes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, get, on};
use axum::{Extension, Router, middleware};
use std::sync::Arc;

/// The API as a router. Serve it with connect info (`into_make_service_with_connect_info::<SocketAddr>`): it must know
/// who asks.
pub fn router(app: Arc<App>) -> Router {
    router_with(app, Router::new().fallback(|| async { Refusal::NoSuchPath }))
}

/// The API, and `rest` for all paths outside `/v1`: answers of both have an id and the same header fields.
pub fn router_with(app: Arc<App>, rest: Router) -> Router {
    let mut router: Router<Arc<App>> = Router::new();
    for route in routes() {
        let Ok(method) = MethodFilter::try_from(route.method.clone()) else { continue };
        let (path, route) = (route.path, Arc::new(route));
        router = router.route(
            path,
            on(
                method,
                move |State(app): State<Arc<App>>, Extension(From(from)), request: Request| {
                    let route: Arc<Route> = Arc::clone(&route);
                    async move { route.answer(app, request, from).await }
                },
            ),
        );
    }
    router
        .route("/v1/openapi.json", get(served_reference))
        .route("/approve/{token}", get(page::show).post(page::answer))
        .route("/v1/{*path}", any(|| async { Refusal::NoSuchPath }))
        .fallback_service(rest)
        .method_not_allowed_fallback(|| async { Refusal::NoSuchMethod })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), frame::dress))
        .with_state(app)
}

/// The reference (OpenAPI 3.1) as JSON, as it is committed in `docs/reference/openapi.json`.
#[must_use]
pub fn reference() -> String {
    let mut text = document(&routes()).to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

async fn served_reference() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], reference()).into_response()
}
