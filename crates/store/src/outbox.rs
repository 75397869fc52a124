//! What must be told to somebody, at least once: it stays here until it was.

use crate::link::{Durable, Link};
use crate::value::{Row, args};
use crate::{Result, Store};
use ringfence_model::{TenantId, WallTime};
use serde_json::Value as Json;

/// Something to be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Outgoing {
    /// Its id. The same id is put in once only.
    pub id: String,
    /// What sort: `alert`, `blocked`, `approval`.
    pub kind: String,
    /// Whose; `None`: the platform's.
    pub tenant: Option<TenantId>,
    /// What to tell.
    pub body: Json,
    /// Since when it waits.
    pub made: WallTime,
    /// When it is due.
    pub due: WallTime,
    /// How often it was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub trouble: Option<String>,
}

impl Store {
    /// Puts something in; nothing happens when that id is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn post(&self, outgoing: &Outgoing) -> Result<()> {
        self.change(|link| put(link, std::slice::from_ref(outgoing)))
    }

    /// Takes what is due, oldest first. Until `lease` nobody else gets it; then it is due again, unless it was
    /// [`Store::told`].
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn take_due(&self, now: WallTime, lease: WallTime, limit: u32) -> Result<Vec<Outgoing>> {
        self.write(Durable::Soon, |link| {
            let due = "SELECT id, kind, tenant, body, made, due, tries, trouble FROM outbox
                 WHERE due <= $1 ORDER BY due, id LIMIT $2";
            let rows = link.query(due, args![now, limit])?;
            let mut mine = Vec::new();
            for row in rows {
                let mut outgoing = outgoing(row)?;
                let taken = link.execute(
                    "UPDATE outbox SET due = $1, tries = tries + 1 WHERE id = $2 AND due = $3",
                    args![lease, &outgoing.id, outgoing.due],
                )?;
                if taken > 0 {
                    outgoing.due = lease;
                    outgoing.tries += 1;
                    mine.push(outgoing);
                }
            }
            Ok(mine)
        })
    }

    /// It was told.
    ///
    /// # Errors
    /// When it cannot be written; it is told again then.
    pub fn told(&self, id: &str) -> Result<()> {
        let sql = "DELETE FROM outbox WHERE id = $1";
        self.write(Durable::Soon, |link| link.execute(sql, args![id])).map(drop)
    }

    /// It could not be told; try again at `due`.
    ///
    /// # Errors
    /// When it cannot be written; it is due at the end of its lease then.
    pub fn tell_later(&self, id: &str, due: WallTime, trouble: &str) -> Result<()> {
        let sql = "UPDATE outbox SET due = $1, trouble = $2 WHERE id = $3";
        self.write(Durable::Soon, |link| link.execute(sql, args![due, trouble, id])).map(drop)
    }

    /// How many wait, and since when the oldest does.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting(&self) -> Result<(u64, Option<WallTime>)> {
        let row = self.look(|link| link.first("SELECT count(*), min(made) FROM outbox", &[]))?;
        let Some(row) = row else { return Ok((0, None)) };
        let mut cells = row.cells();
        Ok((cells.take()?, cells.take()?))
    }
}

/// Puts things in, in the transaction of what they tell of.
pub(crate) fn put(link: &mut Link, outgoing: &[Outgoing]) -> Result<()> {
    let row = |of: &Outgoing| {
        let tenant = of.tenant.as_ref().map_or("", TenantId::as_str);
        args![&of.id, &of.kind, tenant, &of.body, of.made, of.due, of.tries].to_vec()
    };
    let rows: Vec<_> = outgoing.iter().map(row).collect();
    link.insert(
        "INSERT INTO outbox (id, kind, tenant, body, made, due, tries)",
        "ON CONFLICT (id) DO NOTHING",
        &rows,
    )
}

fn outgoing(row: Row) -> Result<Outgoing> {
    let mut cells = row.cells();
    let (id, kind) = (cells.take()?, cells.take()?);
    let tenant: String = cells.take()?;
    Ok(Outgoing {
        id,
        kind,
        tenant: (!tenant.is_empty()).then(|| TenantId::new(&tenant)),
        body: cells.json()?,
        made: cells.take()?,
        due: cells.take()?,
        tries: cells.take()?,
        trouble: cells.take()?,
    })
}
