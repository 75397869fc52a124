//! Metrics and health over HTTP.

use crate::running::Running;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves `/metrics`, `/healthz` and `/readyz` until it is dropped.
pub(crate) async fn serve(listener: TcpListener, running: Arc<Running>) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .with_state(running);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!("metrics are no longer served: {error}");
    }
}

async fn metrics(State(running): State<Arc<Running>>) -> Response {
    match crate::metrics::text(&running).await {
        Ok(text) => {
            let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, form)], text).into_response()
        }
        Err(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n")).into_response(),
    }
}

/// Every shard answers.
async fn healthy(State(running): State<Arc<Running>>) -> Response {
    match running.shards.each(|_, _| ()).await {
        Ok(_) => "ok\n".into_response(),
        Err(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n")).into_response(),
    }
}

/// New calls are taken.
async fn ready(State(running): State<Arc<Running>>) -> Response {
    if running.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    "ready\n".into_response()
}
