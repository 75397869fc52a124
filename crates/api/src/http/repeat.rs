//! A POST with an `Idempotency-Key` is carried out once within a day, however often it comes.
//!
//! What was answered is kept sealed: it may hold a new API key.

use super::ask::Ask;
use super::route::Needs;
use crate::app::App;
use crate::refusal::Refusal;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use ringfence_store::Once;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Longest key.
const KEY_CHARS_MAX: usize = 128;
/// Largest answer that is kept; larger ones are lists, which no POST gives.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    etag: Option<String>,
    body: String,
}

/// Carries out `work`, unless it is known under its key: then gives the answer of the first time.
pub async fn once<P, Q, F, W>(
    ask: Ask<P, Q>,
    body: Bytes,
    needs: Needs,
    work: F,
) -> Result<Response, Refusal>
where
    F: FnOnce(Ask<P, Q>, Bytes) -> W,
    W: Future<Output = Result<Response, Refusal>>,
{
    let heeded = ask.method == Method::POST && matches!(needs, Needs::Right(_));
    let key = match ask.headers.get("idempotency-key") {
        Some(key) if heeded => key.to_str().ok().filter(|key| is_sane(key)).map(str::to_owned),
        _ => return work(ask, body).await,
    };
    let wrong = || {
        Refusal::Malformed(format!(
            "Idempotency-Key is not 1 to {KEY_CHARS_MAX} visible characters"
        ))
    };
    let (app, at) = (Arc::clone(&ask.app), ask.at);
    let name = (ask.caller.who(), key.ok_or_else(wrong)?);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(ask.url.to_string())
        .chain_update([0])
        .chain_update(&body)
        .finalize()
        .into();
    let begun = name.clone();
    let known =
        app.work(move |store| Ok(store.begin_once(pair(&begun), &hash, (at, at + KEPT))?)).await?;
    match known {
        Once::New => {}
        Once::Another => return Err(Refusal::KeyReused),
        Once::Running => {
            return Err(Refusal::Conflict {
                code: "running",
                message: "the first request with this Idempotency-Key is not finished".into(),
                hint: "try again in a moment; if it stays so, look whether it came about",
            });
        }
        Once::Answered(sealed) => return again(&app, &name, &sealed),
    }
    match work(ask, body).await {
        Ok(response) => keep(&app, name, response).await,
        Err(refusal) => {
            app.work(move |store| Ok(store.abandon_once(pair(&name))?)).await?;
            Err(refusal)
        }
    }
}

fn is_sane(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn pair(name: &(String, String)) -> (&str, &str) {
    (&name.0, &name.1)
}

fn context(name: &(String, String)) -> String {
    format!("once:{}:{}", name.0, name.1)
}

async fn keep(app: &App, name: (String, String), response: Response) -> Result<Response, Refusal> {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|_| Refusal::Broken)?;
    let etag = head.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let kept = Kept {
        status: head.status.as_u16(),
        etag: etag.map(str::to_owned),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let clear = serde_json::to_vec(&kept).map_err(|_| Refusal::Broken)?;
    let sealed = BASE64.encode(app.seal().close(&clear, &context(&name), app.chance()));
    app.work(move |store| Ok(store.finish_once(pair(&name), &sealed)?)).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(app: &App, name: &(String, String), sealed: &str) -> Result<Response, Refusal> {
    let sealed = BASE64.decode(sealed).map_err(|_| Refusal::Broken)?;
    let clear = app.seal().open(&sealed, &context(name)).ok_or(Refusal::Broken)?;
    let kept: Kept = serde_json::from_slice(&clear).map_err(|_| Refusal::Broken)?;
    let empty = kept.body.is_empty();
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).map_err(|_| Refusal::Broken)?;
    let fields = response.headers_mut();
    if !empty {
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(tag) = kept.etag.and_then(|tag| tag.parse().ok()) {
        fields.insert(header::ETAG, tag);
    }
    fields.insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}
