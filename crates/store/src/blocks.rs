//! Blocks on record: those in force and those that ended. The engine has its own; this is what people see of them.

use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::sql::Query;
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{ExtensionId, Level, TenantId, WallTime};
use serde_json::{Value as Json, json};

/// A block on record.
#[derive(Clone, PartialEq, Debug)]
pub struct BlockRow {
    /// Its name among operators: `0-17`, shard and number; on another node than the first `n1:0-17`.
    pub id: String,
    /// Whose calls.
    pub tenant: TenantId,
    /// Only this extension's.
    pub extension: Option<ExtensionId>,
    /// How far it goes.
    pub level: Level,
    /// Since when.
    pub since: WallTime,
    /// When it ends by itself.
    pub until: Option<WallTime>,
    /// Who made it.
    pub made_by: String,
    /// Whether that was the engine.
    pub by_engine: bool,
    /// Whether it only says what would have been blocked.
    pub shadow: bool,
    /// The engine's reasons, strongest first.
    pub reasons: Json,
    /// The same in words, or what its maker said.
    pub why: String,
    /// The case it belongs to.
    pub case: Option<String>,
    /// When it ended before its time.
    pub lifted: Option<WallTime>,
    /// By whom; empty when the engine did.
    pub lifted_by: Option<String>,
}

/// Which blocks are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct BlockFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this extension.
    pub extension: Option<ExtensionId>,
    /// In force at this time.
    pub in_force: Option<WallTime>,
    /// Older than this one: since when, and id, of the last of the page before.
    pub after: Option<(WallTime, String)>,
}

impl Store {
    /// Puts a person's block on record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_block(&self, act: &Act, block: &BlockRow) -> Result<()> {
        self.change(|link| {
            put(link, block, true)?;
            let after = json!({"extension": block.extension, "level": block.level,
                "until": block.until, "shadow": block.shadow});
            let subject = format!("block {}", block.id);
            let tenant = Some(&block.tenant);
            append(
                link,
                act,
                About { tenant, subject: &subject, before: None, after: Some(&after) },
            )
            .map(drop)
        })
    }

    /// Puts on record that a person lifted a block.
    ///
    /// # Errors
    /// When there is none that was not lifted, or it cannot be written.
    pub fn record_lift(&self, act: &Act, id: &str) -> Result<()> {
        self.change(|link| {
            let row = link.first(
                "UPDATE block SET lifted = $1, lifted_by = $2 WHERE id = $3 AND lifted_by IS NULL
                 RETURNING tenant",
                args![act.at, &act.who, id],
            )?;
            let tenant: TenantId = match row {
                Some(row) => row.only()?,
                None => return Err(StoreError::NotFound(format!("block {id} to be lifted"))),
            };
            let (before, after) = (json!({"lifted": false}), json!({"lifted": true}));
            let subject = format!("block {id}");
            let (tenant, before, after) = (Some(&tenant), Some(&before), Some(&after));
            append(link, act, About { tenant, subject: &subject, before, after }).map(drop)
        })
    }

    /// A block.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn block(&self, id: &str) -> Result<BlockRow> {
        let sql = format!("{SELECT} WHERE id = $1");
        let row = self.look(|link| link.first(&sql, args![id]))?;
        block(row.ok_or_else(|| StoreError::NotFound(format!("block {id}")))?)
    }

    /// Blocks, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn blocks(&self, filter: &BlockFilter, limit: u32) -> Result<Vec<BlockRow>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND extension = ?", filter.extension.as_ref().map(ExtensionId::as_str));
        if let Some(at) = filter.in_force {
            query.add("AND lifted IS NULL AND (until IS NULL OR until > ?)", [at.into()]);
        }
        if let Some((since, id)) = &filter.after {
            query.add("AND (since, id) < (?, ?)", [(*since).into(), id.into()]);
        }
        query.add("ORDER BY since DESC, id DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(block).collect()
    }
}

const SELECT: &str =
    "SELECT id, tenant, extension, level, since, until, made_by, by_engine, shadow,
    reasons, why, case_id, lifted, lifted_by FROM block";

/// Puts a block on record. One that is there stays as it is, unless a person now says more of it (`over`) or an older
/// one had its name.
pub(crate) fn put(link: &mut Link, block: &BlockRow, over: bool) -> Result<()> {
    let level = serde_json::to_value(block.level)?;
    let row = args![
        &block.id,
        &block.tenant,
        block.extension.as_ref().map(ExtensionId::as_str),
        level.as_str().unwrap_or_default(),
        block.since,
        block.until,
        &block.made_by,
        block.by_engine,
        block.shadow,
        &block.reasons,
        &block.why,
        block.case.as_ref(),
        block.lifted,
        block.lifted_by.as_ref(),
    ];
    let keep = if over { "" } else { "WHERE block.since <> excluded.since" };
    let tail = format!(
        "ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, extension = excluded.extension,
           level = excluded.level, since = excluded.since, until = excluded.until,
           made_by = excluded.made_by, by_engine = excluded.by_engine, shadow = excluded.shadow,
           reasons = excluded.reasons, why = excluded.why, case_id = excluded.case_id,
           lifted = excluded.lifted, lifted_by = excluded.lifted_by {keep}"
    );
    link.insert(
        "INSERT INTO block (id, tenant, extension, level, since, until, made_by, by_engine, shadow,
           reasons, why, case_id, lifted, lifted_by)",
        &tail,
        &[row.to_vec()],
    )
}

/// The engine says that it is over, and who lifted it when a person did.
pub(crate) fn ended(link: &mut Link, id: &str, at: WallTime, by: Option<&String>) -> Result<()> {
    let sql = "UPDATE block SET lifted = COALESCE(lifted, $1), lifted_by = $2
               WHERE id = $3 AND lifted_by IS NULL";
    link.execute(sql, args![at, by, id]).map(drop)
}

fn block(row: Row) -> Result<BlockRow> {
    let mut cells = row.cells();
    let (id, tenant) = (cells.take()?, cells.take()?);
    let extension: Option<String> = cells.take()?;
    let level: String = cells.take()?;
    let level = serde_json::from_value(Json::from(level))?;
    Ok(BlockRow {
        id,
        tenant,
        extension: extension.map(|text| ExtensionId::new(&text)),
        level,
        since: cells.take()?,
        until: cells.take()?,
        made_by: cells.take()?,
        by_engine: cells.take()?,
        shadow: cells.take()?,
        reasons: cells.json()?,
        why: cells.take()?,
        case: cells.take()?,
        lifted: cells.take()?,
        lifted_by: cells.take()?,
    })
}
