//! Keys of programs that use the API.

use crate::audit::{About, Act, append};
use crate::link::Durable;
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{TenantId, WallTime};
use serde_json::json;

/// A program's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Its public part.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The hash of its secret part.
    pub hash: [u8; 32],
    /// What it may do.
    pub scopes: Vec<String>,
    /// At which tenant; `None`: everywhere.
    pub tenant: Option<TenantId>,
    /// From which networks; empty: from everywhere.
    pub nets: Vec<String>,
    /// The user who made it.
    pub made_by: String,
    /// When.
    pub created: WallTime,
    /// When it ends by itself.
    pub expires: Option<WallTime>,
    /// When it was last used.
    pub used: Option<WallTime>,
    /// When it was taken back.
    pub revoked: Option<WallTime>,
}

impl Store {
    /// Makes a key.
    ///
    /// # Errors
    /// When there is one with that id, or it cannot be written.
    pub fn make_key(&self, act: &Act, key: &ApiKey) -> Result<()> {
        let tenant = key.tenant.as_ref().map_or("", TenantId::as_str);
        let scopes = serde_json::Value::from(key.scopes.clone());
        let nets = serde_json::Value::from(key.nets.clone());
        let row = args![
            &key.id,
            &key.name,
            key.hash,
            &scopes,
            tenant,
            &nets,
            &key.made_by,
            key.created,
            key.expires
        ];
        let after =
            json!({"name": key.name, "scopes": scopes, "nets": nets, "expires": key.expires});
        let subject = format!("key {}", key.id);
        let tenant = key.tenant.as_ref();
        let about = About { tenant, subject: &subject, before: None, after: Some(&after) };
        self.change(|link| {
            link.insert(
                "INSERT INTO api_key (id, name, hash, scopes, tenant, nets, made_by, created, expires)",
                "",
                &[row.to_vec()],
            )?;
            append(link, act, about).map(drop)
        })
    }

    /// The key with that hash, if it may still be used.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn key(&self, hash: &[u8; 32], now: WallTime) -> Result<Option<ApiKey>> {
        let sql = format!(
            "{SELECT} WHERE hash = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)"
        );
        self.look(|link| link.first(&sql, args![hash, now]))?.map(key).transpose()
    }

    /// Keys of a tenant, or all, revoked ones too, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn keys(&self, tenant: Option<&TenantId>) -> Result<Vec<ApiKey>> {
        let mut query = crate::sql::Query::new(SELECT);
        query.add_some("WHERE tenant = ?", tenant);
        query.add("ORDER BY created DESC, id", []);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(key).collect()
    }

    /// Takes a key back.
    ///
    /// # Errors
    /// When there is none in use with that id, or it cannot be written.
    pub fn revoke_key(&self, act: &Act, id: &str) -> Result<()> {
        self.change(|link| {
            let row = link.first(
                "UPDATE api_key SET revoked = $1 WHERE id = $2 AND revoked IS NULL
                 RETURNING tenant",
                args![act.at, id],
            )?;
            let tenant: TenantId = match row {
                Some(row) => row.only()?,
                None => return Err(StoreError::NotFound(format!("key {id} in use"))),
            };
            let tenant = (!tenant.as_str().is_empty()).then_some(&tenant);
            let (before, after) = (json!({"revoked": false}), json!({"revoked": true}));
            let subject = format!("key {id}");
            let (before, after) = (Some(&before), Some(&after));
            append(link, act, About { tenant, subject: &subject, before, after }).map(drop)
        })
    }

    /// It was used. Call it every minute or so, not for each request.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_key_used(&self, id: &str, at: WallTime) -> Result<()> {
        let sql = "UPDATE api_key SET used = $1 WHERE id = $2";
        self.write(Durable::Soon, |link| link.execute(sql, args![at, id])).map(drop)
    }
}

const SELECT: &str =
    "SELECT id, name, hash, scopes, tenant, nets, made_by, created, expires, used, revoked
    FROM api_key";

fn key(row: Row) -> Result<ApiKey> {
    let mut cells = row.cells();
    let (id, name, hash) = (cells.take()?, cells.take()?, cells.take()?);
    let scopes = cells.json()?;
    let tenant: String = cells.take()?;
    Ok(ApiKey {
        id,
        name,
        hash,
        scopes,
        tenant: (!tenant.is_empty()).then(|| TenantId::new(&tenant)),
        nets: cells.json()?,
        made_by: cells.take()?,
        created: cells.take()?,
        expires: cells.take()?,
        used: cells.take()?,
        revoked: cells.take()?,
    })
}
