//! Users and what they may do.

use super::grave::{self, Grave};
use super::me::Id;
use super::person::{self, UserView};
use super::proposals::{Handled, alone, together};
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Done, Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::{Grant, Role};
use crate::stored::found;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// GET /v1/users
pub async fn list(ask: Ask<Nothing, PageQuery>) -> Outcome<Page<UserView>> {
    let (limit, after) = (limit(ask.query.limit)?, after(ask.query.after.as_deref())?);
    let app = Arc::clone(&ask.app);
    let rows = app
        .work(move |store| {
            let mut rows = Vec::new();
            person::walk(store, after, |user| {
                if person::is_seen(store, &ask.caller, &user)? {
                    rows.push(user);
                }
                Ok(rows.len() <= limit)
            })?;
            Ok(rows)
        })
        .await?;
    Ok(Reply::new(Page::of(rows, limit, |user| user.login.clone(), UserView::from)))
}

/// GET /v1/users/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<UserView> {
    let app = Arc::clone(&ask.app);
    let user = app
        .work(move |store| {
            let user = found(store.user(&ask.path.id), "user")?;
            if person::is_seen(store, &ask.caller, &user)? {
                Ok(user)
            } else {
                Err(Refusal::NotFound("user"))
            }
        })
        .await?;
    let version = user.version;
    Ok(Reply::new(user.into()).version(version))
}

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What will be typed.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub grants: Vec<Grant>,
}

/// POST /v1/users
pub async fn make(ask: Ask<Nothing, Nothing, NewUser>) -> Outcome<Handled> {
    let NewUser { login, name, grants } = &ask.body;
    let grave = Grave::MakeUser {
        login: person::login(login)?,
        name: person::name(name)?,
        grants: grants.clone(),
    };
    let login = person::login(login)?;
    let ask = check(ask, grave.clone()).await?;
    let taken = ask.app.work(move |store| Ok(store.user_by_login(&login)?.is_some())).await?;
    if taken {
        return Err(Refusal::Conflict {
            code: "login_taken",
            message: "somebody has that login".into(),
            hint: "take another one",
        });
    }
    // Who only reads can do no harm with it.
    let reads = ask.body.grants.iter().all(|grant| grant.role == Role::Auditor);
    if reads { alone(&ask, grave).await } else { together(&ask, grave).await }
}

async fn check<P, Q, B>(ask: Ask<P, Q, B>, grave: Grave) -> Result<Ask<P, Q, B>, Refusal>
where
    P: Send + 'static,
    Q: Send + 'static,
    B: Send + 'static,
{
    let app = Arc::clone(&ask.app);
    app.work(move |store| {
        grave::may_propose(store, &ask.caller, &grave)?;
        Ok(ask)
    })
    .await
}

/// What somebody may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// All of it.
    pub grants: Vec<Grant>,
}

/// PUT /v1/users/{id}/grants
pub async fn change_grants(ask: Ask<Id, Nothing, Grants>) -> Outcome<Handled> {
    let version = ask.version()?;
    let grave = Grave::ChangeGrants { user: ask.path.id.clone(), grants: ask.body.grants.clone() };
    let ask = seen_at(ask, Some(version)).await?;
    let ask = check(ask, grave.clone()).await?;
    together(&ask, grave).await
}

/// POST /v1/users/{id}/reset
pub async fn reset(ask: Ask<Id>) -> Outcome<Handled> {
    let grave = Grave::ResetLogin { user: ask.path.id.clone() };
    let ask = check(seen_at(ask, None).await?, grave.clone()).await?;
    together(&ask, grave).await
}

/// Refuses when the user is not seen or, where one is given, has another version.
async fn seen_at<B: Send + 'static>(
    ask: Ask<Id, Nothing, B>,
    version: Option<i64>,
) -> Result<Ask<Id, Nothing, B>, Refusal> {
    let app = Arc::clone(&ask.app);
    app.work(move |store| {
        let user = found(store.user(&ask.path.id), "user")?;
        person::may_change(store, &ask.caller, &user)?;
        if version.is_some_and(|version| version != user.version) {
            return Err(Refusal::Outdated);
        }
        Ok(ask)
    })
    .await
}

/// What is changed of somebody; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// What people call them.
    pub name: Option<String>,
    /// Whether they may not log in; their sessions end at once.
    pub disabled: Option<bool>,
}

/// PATCH /v1/users/{id}
pub async fn change(ask: Ask<Id, Nothing, UserChange>) -> Outcome<UserView> {
    let version = ask.version()?;
    let name = ask.body.name.as_deref().map(person::name).transpose()?;
    let act = ask.act("user.change");
    let app = Arc::clone(&ask.app);
    let user = app
        .work(move |store| {
            let mut user = found(store.user(&ask.path.id), "user")?;
            person::may_change(store, &ask.caller, &user)?;
            user.version = version;
            user.name = name.unwrap_or(user.name);
            if ask.body.disabled == Some(true) && !user.disabled {
                person::keep_one_admin(store, &user, &[])?;
            }
            user.disabled = ask.body.disabled.unwrap_or(user.disabled);
            user.version = store.put_user(&act, &user)?;
            if user.disabled {
                store.close_sessions(&user.id, None)?;
            }
            Ok(user)
        })
        .await?;
    let version = user.version;
    Ok(Reply::new(user.into()).version(version))
}

/// DELETE /v1/users/{id}
pub async fn remove(ask: Ask<Id>) -> Outcome<Done> {
    let version = ask.version()?;
    let act = ask.act("user.remove");
    let app = Arc::clone(&ask.app);
    app.work(move |store| {
        let user = found(store.user(&ask.path.id), "user")?;
        person::may_change(store, &ask.caller, &user)?;
        if user.version != version {
            return Err(Refusal::Outdated);
        }
        person::keep_one_admin(store, &user, &[])?;
        Ok(store.remove_user(&act, &user.id)?)
    })
    .await?;
    Ok(Reply::new(Done))
}

/// DELETE /v1/users/{id}/sessions
pub async fn end_sessions(ask: Ask<Id>) -> Outcome<Done> {
    let act = ask.act("session.end_all");
    let ask = seen_at(ask, None).await?;
    let app = Arc::clone(&ask.app);
    app.work(move |store| {
        let user = found(store.user(&ask.path.id), "user")?;
        store.close_sessions(&user.id, None)?;
        let subject = format!("user {}", user.login);
        let about =
            ringfence_store::About { tenant: None, subject: &subject, before: None, after: None };
        store.record(&act, about)?;
        Ok(())
    })
    .await?;
    Ok(Reply::new(Done))
}
