//! Invitations: a link with which somebody sets the first password.

use super::factors::strength;
use super::login::{self, LoginView};
use super::password;
use crate::app::App;
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::Outcome;
use crate::refusal::Refusal;
use crate::secret::hex;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ringfence_model::WallTime;
use ringfence_store::{Act, User};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use utoipa::ToSchema;

/// How long an invitation is good.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
const CONTEXT: &str = "invitation";

/// What the link holds, sealed: nothing of it is kept here.
#[derive(Serialize, Deserialize)]
struct Invitation {
    user: String,
    /// Of what the person logs in with: using the link changes it, and so it is used once.
    state: String,
    until: WallTime,
}

/// A link for `user` to set a password.
pub fn link(app: &App, user: &User, at: WallTime) -> Result<String, Refusal> {
    let invitation = Invitation { user: user.id.clone(), state: state(user), until: at + LIFE };
    let clear = serde_json::to_vec(&invitation).map_err(|_| Refusal::Broken)?;
    let sealed = BASE64.encode(app.seal().close(&clear, CONTEXT, app.chance()));
    Ok(format!("{}/invitation#{sealed}", app.origin()))
}

fn state(user: &User) -> String {
    let mut digest = Sha256::new();
    for part in [user.password.as_deref().unwrap_or_default(), &user.passkeys.to_string()] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.update(user.totp.as_deref().unwrap_or_default());
    hex(&digest.finalize())
}

/// Taking an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// What stands behind `#` in the link.
    pub token: String,
    /// At least 12 characters.
    pub password: String,
}

/// POST /v1/invitation
pub async fn take(ask: Ask<Nothing, Nothing, Taken>) -> Outcome<LoginView> {
    let (app, at, Taken { token, password }) = (&ask.app, ask.at, &ask.body);
    let sealed = BASE64.decode(token).map_err(|_| Refusal::WrongLogin)?;
    let clear = app.seal().open(&sealed, CONTEXT).ok_or(Refusal::WrongLogin)?;
    let invitation: Invitation = serde_json::from_slice(&clear).map_err(|_| Refusal::WrongLogin)?;
    if at >= invitation.until {
        return Err(Refusal::WrongLogin);
    }
    let found = app.work(move |store| match store.user(&invitation.user) {
        Ok(user) if !user.disabled && state(&user) == invitation.state => Ok(user),
        Ok(_) | Err(ringfence_store::StoreError::NotFound(_)) => Err(Refusal::WrongLogin),
        Err(error) => Err(error.into()),
    });
    let mut user = found.await?;
    password::check(password, &user.login)?;
    user.password = Some(app.passwords.hash(password.clone(), app.chance()).await?);
    let act = Act { who: user.login.clone(), ..ask.act("invitation.take") };
    let user = app
        .work(move |store| {
            user.version = store.put_user(&act, &user)?;
            Ok(user)
        })
        .await?;
    login::begin(&ask, user, strength::PASSWORD, None).await
}
