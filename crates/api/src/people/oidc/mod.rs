//! Logging in at an OpenID Connect provider (Core 1.0, authorization code flow with PKCE, RFC 7636).
//!
//! The provider says who somebody is; who may log in, and what they may do, is only said here. Between the two halves the
//! browser keeps state, nonce and verifier, sealed, as with a passkey.

mod provider;
mod token;

pub use provider::Provider;

use super::factors::strength;
use super::login::{self, LoginView};
use super::passkey;
use crate::app::App;
use crate::fetch::Oidc;
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::secret::{Token, draw};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

const SORT: &str = "oidc";

/// Whether there is a provider to log in at, and where.
#[derive(Serialize, ToSchema)]
pub struct OidcView {
    /// The provider; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// GET /v1/login/oidc
pub async fn offered(ask: Ask) -> Outcome<OidcView> {
    let issuer = ask.app.settings().oidc.as_ref().map(|oidc| oidc.issuer.clone());
    Ok(Reply::new(OidcView { issuer }))
}

/// What the browser keeps, sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
}

/// The first half: keep `ceremony` and go to `url`.
#[derive(Serialize, ToSchema)]
pub struct OidcBegun {
    /// Give it back with the second half.
    pub ceremony: String,
    /// Where the person logs in. It comes back to `/oidc` of the portal with `code` and `state`.
    pub url: String,
}

/// POST /v1/login/oidc/begin
pub async fn begin(ask: Ask) -> Outcome<OidcBegun> {
    let (app, at) = (&ask.app, ask.at);
    let oidc = set(app)?;
    let provider = app.oidc.provider(oidc, at).await?;
    let chance = || Token::of(draw(app.chance())).as_str().to_owned();
    let begun = Begun { state: chance(), nonce: chance(), verifier: chance() };
    let challenge = BASE64.encode(Sha256::digest(&begun.verifier));
    let scopes = std::iter::once("openid").chain(oidc.scopes.iter().map(String::as_str));
    let scope = scopes.collect::<Vec<_>>().join(" ");
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &oidc.client_id),
        ("redirect_uri", &redirect(app)),
        ("scope", &scope),
        ("state", &begun.state),
        ("nonce", &begun.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ])?;
    let joint = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}{query}", provider.authorization_endpoint);
    let ceremony = passkey::begin(app, SORT, begun, at)?;
    Ok(Reply::new(OidcBegun { ceremony, url }))
}

/// The second half.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcAnswer {
    /// Of the first half.
    pub ceremony: String,
    /// As the provider gave it to the browser.
    pub code: String,
    /// As the provider gave it back to the browser.
    pub state: String,
    /// Who the provider says it is, where it does (RFC 9207).
    pub iss: Option<String>,
}

/// POST /v1/login/oidc
pub async fn finish(ask: Ask<Nothing, Nothing, OidcAnswer>) -> Outcome<LoginView> {
    let (app, at) = (&ask.app, ask.at);
    let oidc = set(app)?;
    let OidcAnswer { ceremony, code, state, iss } = &ask.body;
    // Each is a request of ours to the provider. By address alone: nobody has named a login yet.
    let pace = format!("oidc:{}", ask.from);
    app.pace.try_once(&pace, ask.from, at)?;
    let begun: Begun = passkey::resume(app, SORT, ceremony, at)?;
    if *state != begun.state || iss.as_ref().is_some_and(|iss| *iss != oidc.issuer) {
        return Err(Refusal::WrongLogin);
    }
    let asked = ceremony.clone();
    app.work(move |store| passkey::end(store, &asked, at)).await?;
    let provider = app.oidc.provider(oidc, at).await?;
    let token = provider::redeem(oidc, &provider, code, &begun.verifier, &redirect(app)).await?;
    let claims = app.oidc.verified(oidc, &provider, &token, &begun.nonce, at).await?;
    let Some(login) = claims.login(&oidc.login_claim) else {
        tracing::warn!(claim = oidc.login_claim, "the provider's token names no login");
        return Err(Refusal::WrongLogin);
    };
    let login = ringfence_store::folded(&login);
    let asked = login.clone();
    let user = app.work(move |store| Ok(store.user_by_login(&asked)?)).await?;
    let Some(user) = user.filter(|user| !user.disabled) else {
        tracing::info!(login, from = %ask.from, "the provider knows them, and we do not");
        return Err(Refusal::WrongLogin);
    };
    app.pace.forgive(&pace, ask.from);
    let both = oidc.trusts_second_factor && claims.has_second_factor();
    let strength = if both { strength::PROVIDER } else { strength::PASSWORD };
    login::begin(&ask, user, strength, None).await
}

fn set(app: &App) -> Result<&Oidc, Refusal> {
    app.settings().oidc.as_ref().ok_or(Refusal::NotFound("provider"))
}

fn redirect(app: &App) -> String {
    format!("{}/oidc", app.origin())
}

fn form(pairs: &[(&str, &str)]) -> Result<String, Refusal> {
    serde_urlencoded::to_string(pairs).map_err(|_| Refusal::Broken)
}
