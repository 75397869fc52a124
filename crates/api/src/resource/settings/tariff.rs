//! The tariff of a tenant: its operator's rate deck.

use super::change::{Changed, Way, row, settle};
use super::show::{SettingView, one as shown};
use super::tenants::Which;
use crate::deck::{DeckAsk, DeckReport};
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::plan::{TARIFF, WantedRow};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::stored::found;
use ringfence_store::{Expected, Section, SettingKey, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use utoipa::ToSchema;

fn key(_: &Store, path: &Which) -> Result<SettingKey, Refusal> {
    Ok(SettingKey::new(Section::Tariff, Some(&path.tenant), TARIFF))
}

/// GET /v1/tenants/{tenant}/tariff
pub async fn one(ask: Ask<Which>) -> Outcome<SettingView> {
    shown(ask, key, |_| None).await
}

/// A rate deck.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deck {
    /// The deck, as CSV.
    pub csv: String,
    /// Its columns, by name or position, when their headings do not say it: `{"prefix": 1, "per_minute": "Price"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub columns: Option<serde_json::Map<String, Json>>,
}

/// GET /v1/tenants/{tenant}/tariff/deck
pub async fn deck(ask: Ask<Which>) -> Outcome<Deck> {
    let app = Arc::clone(&ask.app);
    let (deck, version) = app
        .work(move |store| {
            ask.caller.may(store, Permission::ReadSettings, &ask.path.tenant)?;
            let key = key(store, &ask.path)?;
            let setting = found(store.setting(&key), "tariff")?;
            let bytes = store.attachment(&key)?.ok_or(Refusal::NotFound("tariff"))?;
            let csv = String::from_utf8_lossy(&bytes).into_owned();
            let columns = setting.body.get("columns").and_then(Json::as_object).cloned();
            Ok((Deck { csv, columns }, setting.version))
        })
        .await?;
    Ok(Reply::new(deck).version(version))
}

/// PUT /v1/tenants/{tenant}/tariff
pub async fn put(ask: Ask<Which, Nothing, Deck>) -> Outcome<Changed> {
    let (app, version) = (Arc::clone(&ask.app), ask.version()?);
    let mut ask = app
        .work(move |store| {
            ask.caller.may(store, Permission::ChangeSettings, &ask.path.tenant)?;
            Ok(ask)
        })
        .await?;
    let key = SettingKey::new(Section::Tariff, Some(&ask.path.tenant), TARIFF);
    let body =
        ask.body.columns.take().map_or_else(|| json!({}), |columns| json!({"columns": columns}));
    let attachment = Some(std::mem::take(&mut ask.body.csv).into_bytes());
    let expected = if version == 0 { Expected::New } else { Expected::Version(version) };
    settle(&ask, vec![WantedRow { key, body: Some(body), attachment, expected }]).await
}

/// POST /v1/tenants/{tenant}/tariff/check
pub async fn check(ask: Ask<Which, Nothing, Deck>) -> Outcome<DeckReport> {
    let (app, tenant) = (Arc::clone(&ask.app), ask.path.tenant.clone());
    let ask = app
        .work(move |store| {
            ask.caller.may(store, Permission::ReadSettings, &ask.path.tenant)?;
            Ok(ask)
        })
        .await?;
    let Deck { csv, columns } = ask.body;
    let columns = columns.unwrap_or_default();
    Ok(Reply::new(app.node().read_deck(DeckAsk { tenant, csv, columns }).await?))
}

/// DELETE /v1/tenants/{tenant}/tariff: the default tariff holds, an estimate.
pub async fn remove(ask: Ask<Which>) -> Outcome<Changed> {
    row(ask, key, Way::Remove).await
}
