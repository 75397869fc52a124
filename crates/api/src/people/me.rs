//! What somebody logs in with: the own password, authenticator, passkeys, recovery codes and sessions.

use super::factors::{self, strength};
use super::login::{self, Ceremony, LoginView};
use super::totp::Codes;
use super::{passkey, password, recovery};
use crate::caller::Person;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::refusal::Refusal;
use crate::secret::hex;
use crate::time::Time;
use ringfence_store::User;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};
use webauthn_rs_proto::ResidentKeyRequirement;

/// Longest name of a passkey, in characters.
const NAME_CHARS_MAX: usize = 60;

/// Who may add a factor: whoever has just logged in with all they have.
fn may_enrol<P, Q, B>(ask: &Ask<P, Q, B>) -> Result<&Person, Refusal> {
    let person = ask.caller.person()?;
    if person.full {
        ask.caller.fresh(ask.at)
    } else if factors::has_second(&person.user) {
        Err(Refusal::HalfLogin)
    } else {
        Ok(person)
    }
}

/// A new secret for an authenticator app.
#[derive(Serialize, ToSchema)]
pub struct NewTotp {
    /// Give it back with the first code.
    pub ceremony: String,
    /// For typing.
    pub secret: String,
    /// For a QR code.
    pub url: String,
}

/// The first code of a new authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCode {
    /// Of the new secret.
    pub ceremony: String,
    /// What the app shows.
    pub code: String,
}

/// A factor was added.
#[derive(Serialize, ToSchema)]
pub struct Enrolled {
    /// With the first factor: codes to print and keep, shown once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
    /// How far the login is now.
    pub login: LoginView,
}

/// POST /v1/me/totp/begin
pub async fn totp_begin(ask: Ask) -> Outcome<NewTotp> {
    let person = may_enrol(&ask)?;
    let codes = Codes::new(ask.app.chance());
    let (secret, url) = (codes.secret_text(), codes.url(&person.user.login));
    let ceremony = passkey::begin(&ask.app, &totp_sort(person), codes, ask.at)?;
    Ok(Reply::new(NewTotp { ceremony, secret, url }))
}

fn totp_sort(person: &Person) -> String {
    format!("totp:{}", person.user.id)
}

/// POST /v1/me/totp
pub async fn totp_finish(ask: Ask<Nothing, Nothing, FirstCode>) -> Outcome<Enrolled> {
    let person = may_enrol(&ask)?;
    let FirstCode { ceremony, code } = &ask.body;
    let mut codes: Codes = passkey::resume(&ask.app, &totp_sort(person), ceremony, ask.at)?;
    let pace = format!("second:{}", person.user.login);
    ask.app.pace.try_once(&pace, ask.from, ask.at)?;
    if !codes.take(code, ask.at) {
        return Err(Refusal::Invalid(
            "that is not the code of now: is the phone's clock right?".into(),
        ));
    }
    ask.app.pace.forgive(&pace, ask.from);
    let mut user = person.user.clone();
    user.totp = Some(codes.seal(ask.app.seal(), &user.id, ask.app.chance()));
    enrolled(&ask, user, strength::TOTP, "totp.add").await
}

/// DELETE /v1/me/totp
pub async fn totp_remove(ask: Ask) -> Outcome<Done> {
    let mut user = ask.caller.fresh(ask.at)?.user.clone();
    if user.totp.take().is_none() {
        return Err(Refusal::NotFound("authenticator"));
    }
    removed(&ask, user, "totp.remove").await
}

/// POST /v1/me/passkeys/begin
pub async fn passkey_begin(ask: Ask) -> Outcome<Ceremony> {
    let person = may_enrol(&ask)?;
    let passkeys = passkey::of(&person.user)?;
    if passkeys.len() >= passkey::COUNT_MAX {
        return Err(Refusal::Invalid(format!("you have {} passkeys; remove one", passkeys.len())));
    }
    let known = passkeys.iter().map(|kept| kept.credential.cred_id().clone()).collect();
    let handle = passkey::handle(&person.user)?;
    let (login, name) = (&person.user.login, &person.user.name);
    let begun = ask.app.webauthn().start_passkey_registration(handle, login, name, Some(known));
    let (mut options, state) = begun.map_err(|error| passkey::refused(&error))?;
    // So that it works without typing a login; keys that have no room for that still work as second factor.
    if let Some(wanted) = &mut options.public_key.authenticator_selection {
        wanted.resident_key = Some(ResidentKeyRequirement::Preferred);
    }
    let ceremony = passkey::begin(&ask.app, &passkey_sort(person), state, ask.at)?;
    let public_key = serde_json::to_value(options.public_key).map_err(|_| Refusal::Broken)?;
    Ok(Reply::new(Ceremony { ceremony, public_key }))
}

fn passkey_sort(person: &Person) -> String {
    format!("passkey:{}", person.user.id)
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// Of the first half.
    pub ceremony: String,
    /// What its owner calls it.
    pub name: String,
    /// What `navigator.credentials.create` gave.
    #[schema(value_type = Object)]
    pub credential: Json,
}

/// POST /v1/me/passkeys
pub async fn passkey_finish(ask: Ask<Nothing, Nothing, NewPasskey>) -> Outcome<Enrolled> {
    let person = may_enrol(&ask)?;
    let NewPasskey { ceremony, name, credential } = &ask.body;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::Invalid(format!(
            "give the passkey a name of 1 to {NAME_CHARS_MAX} letters"
        )));
    }
    let credential: RegisterPublicKeyCredential = passkey::said(credential)?;
    let state: PasskeyRegistration =
        passkey::resume(&ask.app, &passkey_sort(person), ceremony, ask.at)?;
    let made = ask.app.webauthn().finish_passkey_registration(&credential, &state);
    let made = made.map_err(|error| {
        tracing::info!("a new passkey is refused: {error}");
        Refusal::Invalid("the browser's answer is not right: begin again".into())
    })?;
    let mut user = person.user.clone();
    let mut passkeys = passkey::of(&user)?;
    if passkeys.iter().any(|kept| kept.credential.cred_id() == made.cred_id()) {
        return Err(Refusal::Invalid("you have this passkey already".into()));
    }
    passkeys.push(passkey::Kept::new(name.to_owned(), made, ask.at));
    passkey::put(&mut user, &passkeys)?;
    enrolled(&ask, user, strength::PASSKEY, "passkey.add").await
}

/// A passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyView {
    /// Names it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub added: Time,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Time>,
}

/// GET /v1/me/passkeys
pub async fn passkeys(ask: Ask) -> Outcome<Page<PasskeyView>> {
    let passkeys = passkey::of(&ask.caller.person()?.user)?;
    let show = |kept: passkey::Kept| PasskeyView {
        id: kept.id,
        name: kept.name,
        added: kept.added.into(),
        used: kept.used.map(Time::from),
    };
    Ok(Reply::new(Page::whole(passkeys.into_iter().map(show).collect())))
}

/// One of several.
#[derive(Deserialize, IntoParams)]
pub struct Id {
    /// As the list names it.
    pub id: String,
}

/// DELETE /v1/me/passkeys/{id}
pub async fn passkey_remove(ask: Ask<Id>) -> Outcome<Done> {
    let mut user = ask.caller.fresh(ask.at)?.user.clone();
    let mut passkeys = passkey::of(&user)?;
    let before = passkeys.len();
    passkeys.retain(|kept| kept.id != ask.path.id);
    if passkeys.len() == before {
        return Err(Refusal::NotFound("passkey"));
    }
    passkey::put(&mut user, &passkeys)?;
    removed(&ask, user, "passkey.remove").await
}

/// New codes, shown once; the old ones are void.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each works once.
    pub recovery_codes: Vec<String>,
}

/// POST /v1/me/recovery-codes
pub async fn recovery_codes(ask: Ask) -> Outcome<RecoveryCodes> {
    let mut user = ask.caller.fresh(ask.at)?.user.clone();
    let codes = recovery::draw(ask.app.chance());
    user.recovery = codes.iter().map(|code| recovery::hash(code)).collect();
    put(&ask, user, "recovery_codes.draw").await?;
    Ok(Reply::new(RecoveryCodes { recovery_codes: codes }))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The one until now.
    pub old: String,
    /// The one from now on.
    pub new: String,
}

/// POST /v1/me/password: all other sessions end.
pub async fn change_password(ask: Ask<Nothing, Nothing, NewPassword>) -> Outcome<Done> {
    let person = ask.caller.person()?;
    let (app, NewPassword { old, new }) = (&ask.app, &ask.body);
    let mut user = person.user.clone();
    let pace = format!("login:{}", user.login);
    app.pace.try_once(&pace, ask.from, ask.at)?;
    if !app.passwords.is(old.clone(), user.password.clone()).await? {
        return Err(Refusal::WrongLogin);
    }
    app.pace.forgive(&pace, ask.from);
    password::check(new, &user.login)?;
    user.password = Some(app.passwords.hash(new.clone(), app.chance()).await?);
    let (id, token) = (user.id.clone(), person.session.token);
    put(&ask, user, "password.change").await?;
    app.work(move |store| Ok(store.close_sessions(&id, Some(&token))?)).await?;
    Ok(Reply::new(Done))
}

/// Where somebody is logged in.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Names it.
    pub id: String,
    /// Since when.
    pub created: Time,
    /// When it was last used, to the minute.
    pub seen: Time,
    /// When it ends unless it is used.
    pub expires: Time,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With which browser.
    pub agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// GET /v1/me/sessions
pub async fn sessions(ask: Ask) -> Outcome<Page<SessionView>> {
    let person = ask.caller.person()?;
    let (id, at, own) = (person.user.id.clone(), ask.at, person.session.token);
    let all = ask.app.work(move |store| Ok(store.sessions(&id, at)?)).await?;
    let show = |session: ringfence_store::Session| SessionView {
        id: session_id(&session.token),
        created: session.created.into(),
        seen: session.seen.into(),
        expires: session.expires.into(),
        address: session.address.map(|ip| ip.to_string()),
        agent: session.agent,
        current: session.token == own,
    };
    Ok(Reply::new(Page::whole(all.into_iter().map(show).collect())))
}

/// Of a hash that is of no use to who reads it.
fn session_id(hash: &[u8; 32]) -> String {
    hex(hash.first_chunk::<8>().map_or(&[], |bytes| bytes.as_slice()))
}

/// DELETE /v1/me/sessions/{id}
pub async fn session_end(ask: Ask<Id>) -> Outcome<Done> {
    let person = ask.caller.person()?;
    let (id, at, wanted) = (person.user.id.clone(), ask.at, ask.path.id.clone());
    ask.app
        .work(move |store| {
            let all = store.sessions(&id, at)?;
            let found = all.iter().find(|session| session_id(&session.token) == wanted);
            let found = found.ok_or(Refusal::NotFound("session"))?;
            store.close_session(&found.token)?;
            Ok(())
        })
        .await?;
    Ok(Reply::new(Done))
}

/// Keeps the new factor. With the first one come recovery codes; a login that waited for it is complete.
async fn enrolled<P, Q, B>(
    ask: &Ask<P, Q, B>,
    mut user: User,
    strength: &str,
    what: &str,
) -> Outcome<Enrolled> {
    let person = ask.caller.person()?;
    let first = user.recovery.is_empty();
    let recovery_codes = if first { recovery::draw(ask.app.chance()) } else { Vec::new() };
    if first {
        user.recovery = recovery_codes.iter().map(|code| recovery::hash(code)).collect();
    }
    let user = put(ask, user, what).await?;
    if person.full {
        let login = login::view(&user, &person.session.strength);
        return Ok(Reply::new(Enrolled { recovery_codes, login }));
    }
    let begun = login::begin(ask, user, strength, Some(person.session.token)).await?;
    Ok(begun.map(|login| Enrolled { recovery_codes, login }))
}

/// Keeps the user without a factor, unless it was the last one and their roles ask for one.
async fn removed<P, Q, B>(ask: &Ask<P, Q, B>, user: User, what: &str) -> Outcome<Done> {
    if !factors::has_second(&user) && factors::needs_second(&crate::stored::grants(&user)) {
        return Err(Refusal::Conflict {
            code: "last_factor",
            message: "it is your last second factor, and your roles ask for one".into(),
            hint: "add another one first",
        });
    }
    put(ask, user, what).await?;
    Ok(Reply::new(Done))
}

async fn put<P, Q, B>(ask: &Ask<P, Q, B>, mut user: User, what: &str) -> Result<User, Refusal> {
    let act = ask.act(what);
    ask.app
        .work(move |store| {
            user.version = store.put_user(&act, &user)?;
            Ok(user)
        })
        .await
}
