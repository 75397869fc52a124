//! The provider: where it is asked what, and its keys, remembered for a while.

use super::form;
use super::token::{self, Claims, Key, Wrong};
use crate::fetch::{Oidc, Request};
use crate::refusal::Refusal;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ringfence_model::WallTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// A key we do not know may be a new one: keys are asked for again, this often at most.
const AGAIN: Duration = Duration::from_secs(60);

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3).
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// A provider as it was found.
pub struct Known {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    keys: Vec<Key>,
    at: WallTime,
}

/// One that fails is left alone for this long, so that those who try to log in do not queue up for it.
const PAUSE: Duration = Duration::from_secs(10);

/// The provider, as far as it is remembered.
#[derive(Default)]
pub struct Provider(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    known: Option<Arc<Known>>,
    failed: Option<WallTime>,
}

impl Provider {
    /// What it said of itself within the hour.
    pub async fn provider(&self, oidc: &Oidc, at: WallTime) -> Result<Arc<Known>, Refusal> {
        self.no_older(oidc, at, FRESH).await
    }

    async fn no_older(
        &self,
        oidc: &Oidc,
        at: WallTime,
        age: Duration,
    ) -> Result<Arc<Known>, Refusal> {
        // Held while it is asked: many who log in at once ask once.
        let mut memory = self.0.lock().await;
        if let Some(known) = &memory.known
            && at - known.at < age
        {
            return Ok(Arc::clone(known));
        }
        if memory.failed.is_some_and(|failed| at - failed < PAUSE) {
            return Err(Refusal::ProviderGone);
        }
        match discover(oidc, at).await {
            Ok(new) => {
                let new = Arc::new(new);
                *memory = Memory { known: Some(Arc::clone(&new)), failed: None };
                Ok(new)
            }
            Err(refusal) => {
                memory.failed = Some(at);
                Err(refusal)
            }
        }
    }

    /// The claims of an ID token that is the provider's, for us, for this login, and still good.
    pub async fn verified(
        &self,
        oidc: &Oidc,
        known: &Known,
        token: &str,
        nonce: &str,
        at: WallTime,
    ) -> Result<Claims, Refusal> {
        let checked = |keys: &[Key]| {
            let claims = token::verify(token, keys)?;
            claims.check(&oidc.issuer, &oidc.client_id, nonce, at)?;
            Ok(claims)
        };
        let first = checked(&known.keys);
        let result = match first {
            Err(Wrong::UnknownKey) => checked(&self.no_older(oidc, at, AGAIN).await?.keys),
            other => other,
        };
        result.map_err(|wrong| {
            tracing::warn!("an ID token of {} is refused: {wrong}", oidc.issuer);
            Refusal::WrongLogin
        })
    }
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

async fn discover(oidc: &Oidc, at: WallTime) -> Result<Known, Refusal> {
    let issuer = oidc.issuer.trim_end_matches('/');
    let url = format!("{issuer}/.well-known/openid-configuration");
    let found: Discovered = read(oidc, get(url)).await?;
    // Discovery §4.3: else anybody could speak for it.
    if found.issuer != oidc.issuer {
        return Err(gone(oidc, &format!("it names itself {:?}", found.issuer)));
    }
    let keys: Keys = read(oidc, get(found.jwks_uri)).await?;
    Ok(Known {
        authorization_endpoint: found.authorization_endpoint,
        token_endpoint: found.token_endpoint,
        // Those of sorts we do not know are no fault.
        keys: keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect(),
        at,
    })
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

/// Gives the code for the ID token (Core §3.1.3), with the proof that we began this (RFC 7636).
pub async fn redeem(
    oidc: &Oidc,
    known: &Known,
    code: &str,
    verifier: &str,
    redirect: &str,
) -> Result<String, Refusal> {
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ])?;
    // Encoded as a form first (RFC 6749 §2.3.1).
    let encoded =
        |text: &str| form(&[("", text)]).map(|pair| pair.trim_start_matches('=').to_owned());
    let pair = format!("{}:{}", encoded(&oidc.client_id)?, encoded(&oidc.client_secret)?);
    let request = Request {
        url: known.token_endpoint.clone(),
        authorization: Some(format!("Basic {}", BASE64_STANDARD.encode(pair))),
        form: Some(body),
    };
    let answer = oidc.fetch.fetch(request).await.map_err(|why| gone(oidc, &why))?;
    if (400..500).contains(&answer.status) {
        let said = String::from_utf8_lossy(&answer.body);
        let said: String = said.chars().take(200).collect();
        tracing::warn!("{} does not take a code: {} {said:?}", oidc.issuer, answer.status);
        return Err(Refusal::WrongLogin);
    }
    let redeemed: Redeemed = parsed(oidc, &answer.body, answer.status)?;
    Ok(redeemed.id_token)
}

const fn get(url: String) -> Request {
    Request { url, authorization: None, form: None }
}

async fn read<T: DeserializeOwned>(oidc: &Oidc, request: Request) -> Result<T, Refusal> {
    let answer = oidc.fetch.fetch(request).await.map_err(|why| gone(oidc, &why))?;
    parsed(oidc, &answer.body, answer.status)
}

fn parsed<T: DeserializeOwned>(oidc: &Oidc, body: &[u8], status: u16) -> Result<T, Refusal> {
    if status != 200 {
        return Err(gone(oidc, &format!("it answers {status}")));
    }
    serde_json::from_slice(body).map_err(|error| gone(oidc, &error.to_string()))
}

fn gone(oidc: &Oidc, why: &str) -> Refusal {
    tracing::error!("the login provider {} cannot be used: {why}", oidc.issuer);
    Refusal::ProviderGone
}
