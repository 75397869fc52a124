//! The first person: whoever has the link that the console shows.

use super::factors::strength;
use super::login::{self, LoginView};
use super::{password, person};
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::{Grant, Reach, Role};
use crate::secret::{Token, new_id};
use crate::stored;
use ringfence_store::{Act, User};
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;
use utoipa::ToSchema;

/// The first person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstPerson {
    /// What stands behind `#` in the link.
    pub token: String,
    /// What will be typed.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// At least 12 characters.
    pub password: String,
}

/// Whether anybody was set up.
#[derive(Serialize, ToSchema)]
pub struct SetupView {
    /// Whether the first person is still to be set up.
    pub needed: bool,
}

/// GET /v1/setup
pub async fn needed(ask: Ask) -> Outcome<SetupView> {
    let people = ask.app.work(|store| Ok(store.users(None, 1)?)).await?;
    Ok(Reply::new(SetupView { needed: people.is_empty() }))
}

/// POST /v1/setup: a platform admin who must set up a second factor next.
pub async fn first_person(ask: Ask<Nothing, Nothing, FirstPerson>) -> Outcome<LoginView> {
    let (app, first) = (&ask.app, &ask.body);
    app.pace.try_once("setup", ask.from, ask.at)?;
    let given = Token::parse(&first.token).ok_or(Refusal::WrongLogin)?.hash();
    let right = || {
        let setup = app.setup.lock().unwrap_or_else(PoisonError::into_inner);
        setup.is_some_and(|(hash, until)| hash == given && ask.at < until)
    };
    if !right() {
        return Err(Refusal::WrongLogin);
    }
    let login = person::login(&first.login)?;
    let name = person::name(&first.name)?;
    password::check(&first.password, &login)?;
    let hash = app.passwords.hash(first.password.clone(), app.chance()).await?;
    let grant = Grant { role: Role::PlatformAdmin, reach: Reach::Platform };
    let mut user = User {
        id: new_id(app.chance()),
        login: login.clone(),
        name,
        password: Some(hash),
        totp: None,
        passkeys: serde_json::json!([]),
        recovery: Vec::new(),
        grants: stored::to_store(&[grant]),
        disabled: false,
        version: 0,
    };
    // Spent before it is used: of two at once, one gets in.
    let spent =
        right() && app.setup.lock().unwrap_or_else(PoisonError::into_inner).take().is_some();
    if !spent {
        return Err(Refusal::WrongLogin);
    }
    let act = Act { who: login, ..ask.act("setup") };
    let user = app
        .work(move |store| {
            if !store.users(None, 1)?.is_empty() {
                return Err(Refusal::Conflict {
                    code: "set_up",
                    message: "the first person is set up already".into(),
                    hint: "log in, or ask them",
                });
            }
            user.version = store.put_user(&act, &user)?;
            Ok(user)
        })
        .await?;
    app.pace.forgive("setup", ask.from);
    login::begin(&ask, user, strength::PASSWORD, None).await
}
