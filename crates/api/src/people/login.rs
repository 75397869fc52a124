//! Logging in: password and second factor, or a passkey alone; and logging out.

use super::factors::{self, Factor, strength};
use super::passkey;
use super::recovery;
use super::totp::Codes;
use crate::app::App;
use crate::caller::Person;
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Done, Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::{Grant, Permission};
use crate::secret::{Token, draw};
use ringfence_model::WallTime;
use ringfence_store::{About, Act, Session, Store, User};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PublicKeyCredential,
};

/// Login and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordLogin {
    /// The login, in whatever letters.
    pub login: String,
    /// The password.
    pub password: String,
}

/// A code of an authenticator app or a recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As it is shown or printed.
    pub code: String,
}

/// The first half of a ceremony with a passkey: give `public_key` to `navigator.credentials`.
#[derive(Serialize, ToSchema)]
pub struct Ceremony {
    /// Give it back with the second half.
    pub ceremony: String,
    /// What the browser's function wants as `publicKey`.
    #[schema(value_type = Object)]
    pub public_key: serde_json::Value,
}

/// The second half.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// Of the first half.
    pub ceremony: String,
    /// What `navigator.credentials.get` gave.
    #[schema(value_type = Object)]
    pub credential: Json,
}

/// What must be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Nothing: all is open.
    Done,
    /// Give the second factor.
    SecondFactor,
    /// Set up a second factor: your roles ask for one.
    Enrol,
}

/// How far somebody is with logging in.
#[derive(Serialize, ToSchema)]
pub struct LoginView {
    /// What must be done next.
    pub next: Next,
    /// What can be given as second factor.
    pub factors: Vec<Factor>,
    /// Who.
    pub login: String,
    /// What people call them.
    pub name: String,
}

/// POST /v1/login
pub async fn password(ask: Ask<Nothing, Nothing, PasswordLogin>) -> Outcome<LoginView> {
    let PasswordLogin { login, password } = &ask.body;
    let login = ringfence_store::folded(login);
    let (app, from, at) = (&ask.app, ask.from, ask.at);
    let pace = format!("login:{login}");
    app.pace.try_once(&pace, from, at)?;
    let asked = login.clone();
    let user = app.work(move |store| Ok(store.user_by_login(&asked)?)).await?;
    let kept = user.as_ref().and_then(|user| user.password.clone());
    let right = app.passwords.is(password.clone(), kept).await?;
    let Some(user) = user.filter(|user| right && !user.disabled) else {
        tracing::info!(login, %from, "a login failed");
        failed(app, login, at).await?;
        return Err(Refusal::WrongLogin);
    };
    app.pace.forgive(&pace, from);
    begin(&ask, user, strength::PASSWORD, None).await
}

/// POST /v1/login/totp
pub async fn totp(ask: Ask<Nothing, Nothing, Code>) -> Outcome<LoginView> {
    let person = ask.caller.person()?;
    let (app, at) = (&ask.app, ask.at);
    let pace = format!("second:{}", person.user.login);
    app.pace.try_once(&pace, ask.from, at)?;
    let mut user = person.user.clone();
    let sealed = user.totp.as_deref().ok_or(Refusal::WrongLogin)?;
    let mut codes = Codes::open(sealed, app.seal(), &user.id).ok_or_else(sealed_elsewhere)?;
    if !codes.take(&ask.body.code, at) {
        failed(app, user.login, at).await?;
        return Err(Refusal::WrongLogin);
    }
    user.totp = Some(codes.seal(app.seal(), &user.id, app.chance()));
    // Kept before the session: of two who send one code at once, the version lets in one.
    let (act, changed) = (ask.act("login.totp"), user.clone());
    user.version = app.work(move |store| Ok(store.put_user(&act, &changed)?)).await?;
    app.pace.forgive(&pace, ask.from);
    begin(&ask, user, strength::TOTP, Some(person.session.token)).await
}

/// The data folder was lost or is another node's: the secret that seals second factors with it.
fn sealed_elsewhere() -> Refusal {
    Refusal::Conflict {
        code: "sealed_elsewhere",
        message: "this node cannot read your authenticator's secret".into(),
        hint: "log in with a recovery code or a passkey, or have somebody reset your second factor",
    }
}

/// POST /v1/login/recovery
pub async fn recovery_code(ask: Ask<Nothing, Nothing, Code>) -> Outcome<LoginView> {
    let person = ask.caller.person()?;
    let (app, at) = (&ask.app, ask.at);
    let pace = format!("second:{}", person.user.login);
    app.pace.try_once(&pace, ask.from, at)?;
    let (act, id) = (ask.act("login.recovery"), person.user.id.clone());
    let hash = recovery::hash(&ask.body.code);
    let taken = app.work(move |store| Ok(store.use_recovery(&act, &id, &hash)?)).await?;
    if !taken {
        failed(app, person.user.login.clone(), at).await?;
        return Err(Refusal::WrongLogin);
    }
    app.pace.forgive(&pace, ask.from);
    let id = person.user.id.clone();
    let user = app.work(move |store| Ok(store.user(&id)?)).await?;
    begin(&ask, user, strength::RECOVERY, Some(person.session.token)).await
}

const ALONE: &str = "login";
const SECOND: &str = "second";

/// POST /v1/login/passkey/begin: without a login; the authenticator knows whose it is.
pub async fn passkey_begin(ask: Ask) -> Outcome<Ceremony> {
    let begun = ask.app.webauthn().start_discoverable_authentication();
    let (options, state) = begun.map_err(|error| passkey::refused(&error))?;
    let ceremony = passkey::begin(&ask.app, ALONE, state, ask.at)?;
    let public_key = serde_json::to_value(options.public_key).map_err(|_| Refusal::Broken)?;
    Ok(Reply::new(Ceremony { ceremony, public_key }))
}

/// POST /v1/login/passkey
pub async fn passkey_finish(ask: Ask<Nothing, Nothing, Assertion>) -> Outcome<LoginView> {
    let (app, at) = (&ask.app, ask.at);
    let Assertion { ceremony, credential } = &ask.body;
    let credential: PublicKeyCredential = passkey::said(credential)?;
    let state: DiscoverableAuthentication = passkey::resume(app, ALONE, ceremony, at)?;
    let webauthn = app.webauthn();
    let (id, credential_id) = webauthn
        .identify_discoverable_authentication(&credential)
        .map_err(|error| passkey::refused(&error))?;
    let found = app.work(move |store| match store.user(&id.to_string()) {
        Ok(user) => Ok(user),
        Err(ringfence_store::StoreError::NotFound(_)) => Err(Refusal::WrongLogin),
        Err(error) => Err(error.into()),
    });
    let mut user = found.await?;
    if user.disabled {
        return Err(Refusal::WrongLogin);
    }
    let mut passkeys = passkey::of(&user)?;
    let key = passkeys.iter().find(|kept| kept.credential.cred_id() == credential_id);
    let key = &key.ok_or(Refusal::WrongLogin)?.credential;
    let result = webauthn
        .finish_discoverable_authentication_v2(&credential, state, key)
        .map_err(|error| passkey::refused(&error))?;
    passkey::note(&mut passkeys, &result, at);
    passkey::put(&mut user, &passkeys)?;
    let user = taken(&ask, user).await?;
    begin(&ask, user, strength::PASSKEY, None).await
}

/// POST /v1/login/second/passkey/begin
pub async fn second_passkey_begin(ask: Ask) -> Outcome<Ceremony> {
    let person = ask.caller.person()?;
    let keys: Vec<_> = passkey::of(&person.user)?.into_iter().map(|kept| kept.credential).collect();
    if keys.is_empty() {
        return Err(Refusal::Invalid("you have no passkey".into()));
    }
    let begun = ask.app.webauthn().start_passkey_authentication(&keys);
    let (options, state) = begun.map_err(|error| passkey::refused(&error))?;
    let ceremony = passkey::begin(&ask.app, &sort(person), state, ask.at)?;
    let public_key = serde_json::to_value(options.public_key).map_err(|_| Refusal::Broken)?;
    Ok(Reply::new(Ceremony { ceremony, public_key }))
}

/// POST /v1/login/second/passkey
pub async fn second_passkey_finish(ask: Ask<Nothing, Nothing, Assertion>) -> Outcome<LoginView> {
    let person = ask.caller.person()?;
    let Assertion { ceremony, credential } = &ask.body;
    let credential: PublicKeyCredential = passkey::said(credential)?;
    let state: PasskeyAuthentication = passkey::resume(&ask.app, &sort(person), ceremony, ask.at)?;
    let result = ask
        .app
        .webauthn()
        .finish_passkey_authentication(&credential, &state)
        .map_err(|error| passkey::refused(&error))?;
    let mut user = person.user.clone();
    let mut passkeys = passkey::of(&user)?;
    passkey::note(&mut passkeys, &result, ask.at);
    passkey::put(&mut user, &passkeys)?;
    let user = taken(&ask, user).await?;
    begin(&ask, user, strength::PASSKEY, Some(person.session.token)).await
}

/// A ceremony begun for one person is of no use to another.
fn sort(person: &Person) -> String {
    format!("{SECOND}:{}", person.user.id)
}

/// Ends the ceremony and keeps the passkey's counter.
async fn taken(ask: &Ask<Nothing, Nothing, Assertion>, mut user: User) -> Result<User, Refusal> {
    let act = Act { who: user.login.clone(), ..ask.act("login.passkey") };
    let (ceremony, at) = (ask.body.ceremony.clone(), ask.at);
    let put = ask.app.work(move |store| {
        passkey::end(store, &ceremony, at)?;
        user.version = store.put_user(&act, &user)?;
        Ok(user)
    });
    put.await
}

/// Opens a session; a weaker one of the same browser ends, so that a stolen old token is worth nothing.
pub(super) async fn begin<P, Q, B>(
    ask: &Ask<P, Q, B>,
    user: User,
    strength: &str,
    old: Option<[u8; 32]>,
) -> Outcome<LoginView> {
    let (app, at) = (&ask.app, ask.at);
    let token = Token::of(draw(app.chance()));
    let settings = app.settings();
    let session = Session {
        token: token.hash(),
        user: user.id.clone(),
        created: at,
        seen: at,
        expires: at + settings.session_idle.min(settings.session_life),
        address: Some(ask.from),
        agent: ask.agent(),
        strength: strength.to_owned(),
    };
    let view = view(&user, strength);
    let done = view.next == Next::Done;
    let act = Act { who: user.login.clone(), ..ask.act("session.begin") };
    app.work(move |store| {
        if let Some(old) = old {
            store.close_session(&old)?;
        }
        store.open_session(&session)?;
        if done {
            record(store, &act, &user, &session.strength)?;
            store.note_login(&user.id, true, act.at)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::new(view).begin(token, app.tls()))
}

fn record(store: &Store, act: &Act, user: &User, strength: &str) -> Result<(), Refusal> {
    let after = serde_json::json!({ "strength": strength });
    let subject = format!("user {}", user.login);
    store.record(
        act,
        About { tenant: None, subject: &subject, before: None, after: Some(&after) },
    )?;
    Ok(())
}

/// How far somebody is with a session of that strength.
pub fn view(user: &User, strength: &str) -> LoginView {
    let next = if factors::is_full(strength, user) {
        Next::Done
    } else if factors::has_second(user) {
        Next::SecondFactor
    } else {
        Next::Enrol
    };
    LoginView {
        next,
        factors: factors::of(user),
        login: user.login.clone(),
        name: user.name.clone(),
    }
}

async fn failed(app: &App, login: String, at: WallTime) -> Result<(), Refusal> {
    app.work(move |store| {
        if let Some(user) = store.user_by_login(&login)? {
            store.note_login(&user.id, false, at)?;
        }
        Ok(())
    })
    .await
}

/// POST /v1/logout
pub async fn logout(ask: Ask) -> Outcome<Done> {
    let token = ask.caller.person()?.session.token;
    let act = ask.act("session.end");
    let user = ask.caller.person()?.user.clone();
    ask.app
        .work(move |store| {
            store.close_session(&token)?;
            record(store, &act, &user, "none")
        })
        .await?;
    Ok(Reply::new(Done).end(ask.app.tls()))
}

/// GET /v1/me
pub async fn me(ask: Ask) -> Outcome<Me> {
    let person = ask.caller.person()?;
    let LoginView { next, factors, login, name } = view(&person.user, &person.session.strength);
    Ok(Reply::new(Me {
        id: person.user.id.clone(),
        next,
        factors,
        login,
        name,
        permissions: Permission::ALL
            .iter()
            .copied()
            .filter(|of| person.grants.iter().any(|grant| grant.role.holds(*of)))
            .collect(),
        grants: person.grants.clone(),
        recovery_codes: person.user.recovery.len(),
    }))
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Never changes.
    pub id: String,
    /// What is typed.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// What must be done before all is open.
    pub next: Next,
    /// What can be given as second factor.
    pub factors: Vec<Factor>,
    /// What they may do, from this address at this hour.
    pub grants: Vec<Grant>,
    /// What these let them do somewhere.
    pub permissions: Vec<Permission>,
    /// Recovery codes that are left.
    pub recovery_codes: usize,
}
