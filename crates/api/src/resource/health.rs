//! For those who watch over the program: whether it lives, and whether it should be given work.

use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// It lives.
#[derive(Serialize, ToSchema)]
pub struct Alive {
    /// Always true: who is not alive does not answer.
    pub alive: bool,
}

/// Whether it should be given work.
#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// Whether all of these are well.
    pub ready: bool,
    /// Whether the database answers, and takes what happens.
    pub store: bool,
    /// Whether the shards answer.
    pub shards: bool,
    /// Whether new calls are taken.
    pub takes_calls: bool,
}

/// GET /v1/healthz
pub async fn alive(_: Ask) -> Outcome<Alive> {
    Ok(Reply::new(Alive { alive: true }))
}

/// GET /v1/readyz: 503 when it is not.
pub async fn ready(ask: Ask) -> Outcome<Ready> {
    let app = Arc::clone(&ask.app);
    let status = app.node().status().await;
    // One that hangs is not asked as well.
    let takes = status
        .as_ref()
        .is_ok_and(|status| !status.troubles.iter().any(|trouble| trouble.starts_with("store: ")));
    let store = takes && app.work(|store| Ok(store.ping()?)).await.is_ok();
    let takes_calls = status.as_ref().is_ok_and(|status| !status.draining);
    let shards = status.is_ok();
    let ready = store && shards && takes_calls;
    let reply = Reply::new(Ready { ready, store, shards, takes_calls });
    Ok(if ready { reply } else { reply.status(StatusCode::SERVICE_UNAVAILABLE) })
}
