//! Passkeys (WebAuthn): what is kept of them, and what must be remembered between the two halves of a ceremony.
//!
//! The browser keeps that itself, sealed, so that strangers can fill no table here and any node can take the second half.

use crate::app::App;
use crate::refusal::Refusal;
use crate::secret::hex;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ringfence_model::WallTime;
use ringfence_store::{Once, Store, User};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use webauthn_rs::prelude::{AuthenticationResult, Passkey, Uuid, WebauthnError};

/// How long a ceremony may take (WebAuthn Level 3 §15.1 recommends 5 to 10 minutes where it must be accessible).
const LIFE: Duration = Duration::from_secs(5 * 60);
/// Most passkeys of a person.
pub const COUNT_MAX: usize = 20;

/// A passkey as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Hash of the credential's id, in hex: how it is named in the API.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub added: WallTime,
    /// When it was last used.
    pub used: Option<WallTime>,
    /// The credential.
    pub credential: Passkey,
}

impl Kept {
    /// A new one.
    pub fn new(name: String, credential: Passkey, at: WallTime) -> Self {
        Self { id: id_of(credential.cred_id()), name, added: at, used: None, credential }
    }
}

/// What a browser made: its table has fields that the reference does not name.
///
/// # Errors
/// When no browser made it.
pub fn said<T: DeserializeOwned>(credential: &Json) -> Result<T, Refusal> {
    T::deserialize(credential).map_err(|error| Refusal::Invalid(format!("credential: {error}")))
}

/// Enough of a hash to be unique among one person's.
fn id_of(credential_id: &[u8]) -> String {
    let digest = Sha256::digest(credential_id);
    hex(digest.first_chunk::<8>().map_or(&[], |bytes| bytes.as_slice()))
}

/// The passkeys of a person.
pub fn of(user: &User) -> Result<Vec<Kept>, Refusal> {
    serde_json::from_value(user.passkeys.clone()).map_err(|error| {
        tracing::error!(login = user.login, "passkeys cannot be read: {error}");
        Refusal::Broken
    })
}

/// Puts them back.
pub fn put(user: &mut User, passkeys: &[Kept]) -> Result<(), Refusal> {
    user.passkeys = serde_json::to_value(passkeys).map_err(|_| Refusal::Broken)?;
    Ok(())
}

/// Notes the use of a passkey: when, and its counter, by which a copy would be found.
pub fn note(passkeys: &mut [Kept], result: &AuthenticationResult, at: WallTime) {
    for kept in passkeys {
        if kept.credential.update_credential(result).is_some() {
            kept.used = Some(at);
        }
    }
}

/// The person's id as WebAuthn wants it.
pub fn handle(user: &User) -> Result<Uuid, Refusal> {
    user.id.parse().map_err(|_| Refusal::Broken)
}

/// What WebAuthn says, for the log; the caller learns only that it is not right.
pub fn refused(error: &WebauthnError) -> Refusal {
    tracing::info!("a passkey is refused: {error}");
    Refusal::WrongLogin
}

#[derive(Serialize, Deserialize)]
struct Sealed<S> {
    until: WallTime,
    state: S,
}

/// Seals the state of a ceremony of `sort`, so that the browser can keep it.
pub fn begin<S: Serialize>(
    app: &App,
    sort: &str,
    state: S,
    at: WallTime,
) -> Result<String, Refusal> {
    let clear =
        serde_json::to_vec(&Sealed { until: at + LIFE, state }).map_err(|_| Refusal::Broken)?;
    Ok(BASE64.encode(app.seal().close(&clear, &context(sort), app.chance())))
}

/// Opens what [`begin`] sealed for the same sort.
pub fn resume<S: DeserializeOwned>(
    app: &App,
    sort: &str,
    ceremony: &str,
    at: WallTime,
) -> Result<S, Refusal> {
    let sealed = BASE64.decode(ceremony).map_err(|_| Refusal::WrongLogin)?;
    let clear = app.seal().open(&sealed, &context(sort)).ok_or(Refusal::WrongLogin)?;
    let sealed: Sealed<S> = serde_json::from_slice(&clear).map_err(|_| Refusal::WrongLogin)?;
    if at < sealed.until { Ok(sealed.state) } else { Err(Refusal::WrongLogin) }
}

/// Each ceremony ends once: a copied answer is worth nothing. Call it when the answer was found right, so that only
/// owners of passkeys fill the table.
pub fn end(store: &Store, ceremony: &str, at: WallTime) -> Result<(), Refusal> {
    let hash: [u8; 32] = Sha256::digest(ceremony).into();
    match store.begin_once(("ceremony", &hex(&hash)), &hash, (at, at + LIFE))? {
        Once::New => Ok(()),
        Once::Running | Once::Answered(_) | Once::Another => Err(Refusal::WrongLogin),
    }
}

fn context(sort: &str) -> String {
    format!("ceremony:{sort}")
}
