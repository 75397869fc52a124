//! Blocks: those in force and those that ended; setting and lifting.

use super::gather::page;
use crate::caller::Caller;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::node::{BlockOrder, SetBlock};
use crate::people::grave::Grave;
use crate::people::me::Id;
use crate::people::proposals::{Handled, alone, together};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place, Reach};
use crate::stored;
use crate::time::Time;
use ringfence_model::{ExtensionId, Level, Money, TenantId, WallTime};
use ringfence_store::{Act, BlockFilter, BlockRow, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How far a block goes; the words of the ladder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LevelName {
    /// All but premium, satellite and high-risk destinations.
    Guarded,
    /// National numbers only; no premium ones.
    National,
    /// National geographic numbers only.
    Geographic,
    /// Calls inside the tenant.
    Internal,
    /// Nothing; registrations are refused.
    Suspended,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Guarded => Self::Guarded,
            LevelName::National => Self::National,
            LevelName::Geographic => Self::Geographic,
            LevelName::Internal => Self::Internal,
            LevelName::Suspended => Self::Suspended,
        }
    }
}

/// Which blocks are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct BlockQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Of this extension.
    #[param(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// Only those in force now.
    #[serde(default)]
    pub in_force: bool,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A block on record.
#[derive(Serialize, ToSchema)]
pub struct BlockView {
    /// Names it.
    pub id: String,
    /// Whose calls.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Only this extension's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// How far it goes.
    #[schema(value_type = String)]
    pub level: Level,
    /// Since when.
    pub since: Time,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Who made it.
    pub made_by: String,
    /// Whether that was the engine.
    pub by_engine: bool,
    /// Whether it only says what would have been blocked (`observe`).
    pub shadow: bool,
    /// Why, in words.
    pub why: String,
    /// The engine's reasons with their figures, strongest first.
    #[schema(value_type = Vec<Object>)]
    pub reasons: serde_json::Value,
    /// The case it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Whether it is in force now.
    pub in_force: bool,
    /// When it ended before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Time>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
}

impl BlockView {
    /// As it is at a time.
    pub fn at(row: BlockRow, at: WallTime) -> Self {
        Self {
            in_force: row.lifted.is_none() && row.until.is_none_or(|until| until > at),
            id: row.id,
            tenant: row.tenant,
            extension: row.extension,
            level: row.level,
            since: row.since.into(),
            until: row.until.map(Time::from),
            made_by: row.made_by,
            by_engine: row.by_engine,
            shadow: row.shadow,
            why: row.why,
            reasons: row.reasons,
            case: row.case,
            lifted: row.lifted.map(Time::from),
            lifted_by: row.lifted_by,
        }
    }
}

/// GET /v1/blocks
pub async fn list(ask: Ask<Nothing, BlockQuery>) -> Outcome<Page<BlockView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, String)>(ask.query.after.as_deref())?;
    let at = ask.at;
    let find = move |store: &Store, query: &BlockQuery, tenant, wanted| {
        let filter = BlockFilter {
            tenant,
            extension: query.extension.clone(),
            in_force: query.in_force.then_some(at),
            after: after.clone(),
        };
        store.blocks(&filter, wanted)
    };
    let whose = (Permission::ReadBlocks, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, move |row| BlockView::at(row, at)).await
}

fn key(row: &BlockRow) -> (WallTime, String) {
    (row.since, row.id.clone())
}

fn seen(
    store: &Store,
    caller: &Caller,
    permission: Permission,
    id: &str,
) -> Result<BlockRow, Refusal> {
    let row = stored::found(store.block(id), "block")?;
    caller.may_at(permission, &stored::place_of(store, &row.tenant)?, "block")?;
    Ok(row)
}

/// GET /v1/blocks/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<BlockView> {
    let (app, at) = (Arc::clone(&ask.app), ask.at);
    let row = app
        .work(move |store| seen(store, &ask.caller, Permission::ReadBlocks, &ask.path.id))
        .await?;
    Ok(Reply::new(BlockView::at(row, at)))
}

/// A block to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// Whose calls.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Only this extension's.
    #[schema(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// How far it goes.
    pub level: LevelName,
    /// When it ends by itself; absent: when somebody lifts it.
    pub until: Option<Time>,
}

/// The record of a block that somebody set.
pub fn row_of(order: BlockOrder, set: SetBlock, act: &Act, case: Option<String>) -> BlockRow {
    BlockRow {
        id: set.id,
        tenant: order.tenant,
        extension: order.extension,
        level: order.level,
        since: set.since,
        until: order.until,
        made_by: order.by,
        by_engine: false,
        shadow: false,
        reasons: serde_json::json!([]),
        why: act.why.clone(),
        case,
        lifted: None,
        lifted_by: None,
    }
}

/// POST /v1/blocks
pub async fn set(ask: Ask<Nothing, Nothing, NewBlock>) -> Outcome<BlockView> {
    let (app, at, act) = (Arc::clone(&ask.app), ask.at, ask.act("block.set"));
    let order = BlockOrder {
        tenant: ask.body.tenant.clone(),
        extension: ask.body.extension.clone(),
        level: ask.body.level.into(),
        until: ask.body.until.map(|time| time.0),
        by: ask.caller.who(),
    };
    if order.until.is_some_and(|until| until <= at) {
        return Err(Refusal::Invalid("until is not in the future".into()));
    }
    let tenant = order.tenant.clone();
    app.work(move |store| ask.caller.may(store, Permission::Block, &tenant)).await?;
    // The node first: a block that is acknowledged stops calls.
    let set = app.node().block(order.clone()).await?;
    let row = row_of(order, set, &act, None);
    let row = app
        .work(move |store| {
            store.record_block(&act, &row)?;
            Ok(row)
        })
        .await?;
    Ok(Reply::new(BlockView::at(row, at)))
}

/// POST /v1/blocks/{id}/lift
pub async fn lift(ask: Ask<Id>) -> Outcome<Handled> {
    let app = Arc::clone(&ask.app);
    let above = app.settings().two_person_above;
    let (ask, grave) = app
        .work(move |store| {
            let row = seen(store, &ask.caller, Permission::Unblock, &ask.path.id)?;
            if row.lifted.is_some() || row.until.is_some_and(|until| until <= ask.at) {
                return Err(Refusal::Conflict {
                    code: "over",
                    message: "the block is over".into(),
                    hint: "see the list of those in force",
                });
            }
            if is_platforms(store, &row)?
                && !ask.caller.holds(Permission::Unblock, &Place::Platform)
            {
                return Err(Refusal::NotAllowed("unblock of what the platform blocked"));
            }
            let grave = at_stake(store, &row)? > above;
            Ok((ask, grave))
        })
        .await?;
    let act = Grave::LiftBlock { block: ask.path.id.clone() };
    if grave { together(&ask, act).await } else { alone(&ask, act).await }
}

/// Whether somebody of the platform set it.
fn is_platforms(store: &Store, row: &BlockRow) -> Result<bool, Refusal> {
    if row.by_engine {
        return Ok(false);
    }
    let maker = store.user_by_login(&row.made_by)?;
    let grants = maker.map(|user| stored::grants(&user)).unwrap_or_default();
    Ok(grants.iter().any(|grant| grant.reach == Reach::Platform))
}

/// What got through before the block: what may get through again.
fn at_stake(store: &Store, row: &BlockRow) -> Result<Money, Refusal> {
    match row.case.as_deref().map(|case| store.case(case)) {
        None | Some(Err(StoreError::NotFound(_))) => Ok(Money::ZERO),
        Some(case) => Ok(case?.let_through),
    }
}
