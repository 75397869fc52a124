//! What is told to whom: for each contact and each program its own row, so that one who cannot be reached delays nobody.
//!
//! Rows of one `batch` go together. Which of them make up a message is settled, and durable, before it is tried; so a
//! message that may have arrived is tried again as it was, and its receiver can see that it is the same.

use crate::link::Link;
use crate::sql::Query;
use crate::value::{Row, args};
use crate::{Result, Store};
use ringfence_model::{TenantId, WallTime};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// Most rows of one message.
const BATCH_MAX: u32 = 200;

/// How far telling somebody got.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NoticeState {
    /// It waits, or is tried again.
    Waiting,
    /// It arrived, as far as that can be known.
    Sent,
    /// It never will.
    GivenUp,
}

impl NoticeState {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::GivenUp];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Something to tell one contact or program.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    /// Its id. The same id is put in once only.
    pub id: String,
    /// Whose contact or program it is; `None`: the platform's.
    pub tenant: Option<TenantId>,
    /// Whom: `contact:anna`, `notification:siem`.
    pub channel: String,
    /// What is told together.
    pub batch: String,
    /// What to tell.
    pub body: Json,
    /// Since when it waits.
    pub made: WallTime,
    /// When it is due.
    pub due: WallTime,
    /// How often it was tried.
    pub tries: u32,
    /// How far it got.
    pub state: NoticeState,
    /// When it was sent or given up.
    pub done: Option<WallTime>,
    /// Why the last try failed.
    pub trouble: Option<String>,
}

/// What goes to one receiver as one message.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Names the message; the same for each try that may have arrived.
    pub letter: String,
    /// What it says, oldest first; never empty.
    pub notices: Vec<Notice>,
}

/// What waits for one contact or program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backlog {
    /// Whose it is; `None`: the platform's.
    pub tenant: Option<TenantId>,
    /// Whom.
    pub channel: String,
    /// How much.
    pub count: u64,
    /// Since when.
    pub oldest: WallTime,
    /// What went wrong with it, if something did.
    pub trouble: Option<String>,
}

/// Which notices are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct NoticeFilter {
    /// To contacts and programs of this tenant.
    pub tenant: Option<TenantId>,
    /// In this state.
    pub state: Option<NoticeState>,
    /// Older than this one: when it was made, and id, of the last of the page before.
    pub after: Option<(WallTime, String)>,
}

impl Store {
    /// What was in the outbox under this id is told to these: it leaves the outbox as they come in.
    ///
    /// # Errors
    /// When it cannot be written; it is still in the outbox then.
    pub fn spread(&self, outgoing: &str, notices: &[Notice]) -> Result<()> {
        self.change(|link| {
            put(link, notices)?;
            link.execute("DELETE FROM outbox WHERE id = $1", args![outgoing]).map(drop)
        })
    }

    /// Puts in what nobody put into the outbox.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn notify(&self, notices: &[Notice]) -> Result<()> {
        self.change(|link| put(link, notices))
    }

    /// Takes messages that are due, the oldest first. Until `lease` nobody else gets them; then they are due again,
    /// unless they were [`Store::noticed`].
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn take_notices(&self, now: WallTime, lease: WallTime, limit: u32) -> Result<Vec<Batch>> {
        // Durable: what a message is made of must be known after a loss of power too.
        self.change(|link| {
            let due = "SELECT tenant, channel, batch, min(due) FROM notice
                 WHERE state = 'waiting' AND due <= $1
                 GROUP BY tenant, channel, batch ORDER BY min(due), tenant, channel, batch LIMIT $2";
            let mut taken = Vec::new();
            for row in link.query(due, args![now, limit])? {
                let mut cells = row.cells();
                let key: [String; 3] = [cells.take()?, cells.take()?, cells.take()?];
                taken.extend(take(link, &key, now, lease)?);
            }
            Ok(taken)
        })
    }

    /// A message arrived.
    ///
    /// # Errors
    /// When it cannot be written; it is tried again then, as it was.
    pub fn noticed(&self, batch: &Batch, at: WallTime) -> Result<()> {
        self.done(batch, NoticeState::Sent, at, None)
    }

    /// A message never will arrive.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn give_up(&self, batch: &Batch, at: WallTime, trouble: &str) -> Result<()> {
        self.done(batch, NoticeState::GivenUp, at, Some(trouble))
    }

    fn done(
        &self,
        batch: &Batch,
        state: NoticeState,
        at: WallTime,
        trouble: Option<&str>,
    ) -> Result<()> {
        self.change(|link| {
            for notice in &batch.notices {
                link.execute(
                    "UPDATE notice SET state = $1, done = $2, trouble = $3 WHERE id = $4",
                    args![state.as_str(), at, trouble, &notice.id],
                )?;
            }
            Ok(())
        })
    }

    /// A message did not arrive; try again at `due`, and nothing else for the same receiver before that. When it may
    /// have arrived, it stays the same message; else what came meanwhile may join it.
    ///
    /// # Errors
    /// When it cannot be written; it is due at the end of its lease then.
    pub fn notice_later(
        &self,
        batch: &Batch,
        due: WallTime,
        (trouble, may_have_arrived): (&str, bool),
    ) -> Result<()> {
        self.change(|link| {
            for notice in &batch.notices {
                let letter = may_have_arrived.then_some(batch.letter.as_str());
                link.execute(
                    "UPDATE notice SET due = $1, trouble = $2, letter = $3 WHERE id = $4",
                    args![due, trouble, letter, &notice.id],
                )?;
            }
            let Some(first) = batch.notices.first() else { return Ok(()) };
            link.execute(
                "UPDATE notice SET due = $1 WHERE tenant = $2 AND channel = $3
                   AND state = 'waiting' AND letter IS NULL AND due < $1",
                args![due, owner(first.tenant.as_ref()), &first.channel],
            )
            .map(drop)
        })
    }

    /// When somebody was last told something of this batch.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_noticed(
        &self,
        tenant: Option<&TenantId>,
        channel: &str,
        batch: &str,
    ) -> Result<Option<WallTime>> {
        let sql = "SELECT max(done) FROM notice WHERE tenant = $1 AND channel = $2
             AND batch = $3 AND state = 'sent'";
        let row = self.look(|link| link.first(sql, args![owner(tenant), channel, batch]))?;
        row.map_or(Ok(None), Row::only)
    }

    /// Notices, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn notices(&self, filter: &NoticeFilter, limit: u32) -> Result<Vec<Notice>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND state = ?", filter.state.map(NoticeState::as_str));
        if let Some((made, id)) = &filter.after {
            query.add("AND (made, id) < (?, ?)", [(*made).into(), id.into()]);
        }
        query.add("ORDER BY made DESC, id DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(|row| notice(row).map(|(notice, _)| notice)).collect()
    }

    /// What waits, by receiver, the longest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn backlog(&self, limit: u32) -> Result<Vec<Backlog>> {
        let sql = "SELECT tenant, channel, count(*), min(made), max(trouble) FROM notice
             WHERE state = 'waiting' GROUP BY tenant, channel
             ORDER BY min(made), tenant, channel LIMIT $1";
        let rows = self.look(|link| link.query(sql, args![limit]))?;
        let backlog = |row: Row| {
            let mut cells = row.cells();
            let tenant: String = cells.take()?;
            Ok(Backlog {
                tenant: owned(&tenant),
                channel: cells.take()?,
                count: cells.take()?,
                oldest: cells.take()?,
                trouble: cells.take()?,
            })
        };
        rows.into_iter().map(backlog).collect()
    }
}

const SELECT: &str = "SELECT id, tenant, channel, batch, body, made, due, tries, state, done,
    trouble, letter FROM notice";

/// One message of a batch, unless somebody has it, or an earlier one is on its way.
fn take(
    link: &mut Link,
    [tenant, channel, batch]: &[String; 3],
    now: WallTime,
    lease: WallTime,
) -> Result<Option<Batch>> {
    let sql = format!(
        "{SELECT} WHERE tenant = $1 AND channel = $2 AND batch = $3 AND state = 'waiting'
         ORDER BY made, id LIMIT $4"
    );
    let rows = link.query(&sql, args![tenant, channel, batch, BATCH_MAX])?;
    let rows: Vec<_> = rows.into_iter().map(notice).collect::<Result<_>>()?;
    let begun = rows.iter().find_map(|(_, letter)| letter.clone());
    let mut notices: Vec<Notice> =
        rows.into_iter().filter(|(_, letter)| *letter == begun).map(|(notice, _)| notice).collect();
    if let (Some(_), Some(later)) = (&begun, notices.iter().map(|of| of.due).max())
        && later > now
    {
        // What came since waits as long, or it would stand in the way of others' turn.
        link.execute(
            "UPDATE notice SET due = $1 WHERE tenant = $2 AND channel = $3 AND batch = $4
               AND state = 'waiting' AND letter IS NULL AND due < $1",
            args![later, tenant, channel, batch],
        )?;
        return Ok(None);
    }
    let letter = begun.unwrap_or_else(|| named(&notices));
    for (at, notice) in notices.iter_mut().enumerate() {
        let taken = link.execute(
            "UPDATE notice SET letter = $1, due = $2, tries = tries + 1
             WHERE id = $3 AND due = $4 AND state = 'waiting'",
            args![&letter, lease, &notice.id, notice.due],
        )?;
        // Another node was faster with the first, so it has them all.
        if at == 0 && taken == 0 {
            return Ok(None);
        }
        (notice.due, notice.tries) = (lease, notice.tries + 1);
    }
    Ok((!notices.is_empty()).then_some(Batch { letter, notices }))
}

/// The same notices, the same name.
fn named(notices: &[Notice]) -> String {
    let mut hash = Sha256::new();
    for notice in notices {
        hash.update(&notice.id);
        hash.update([0]);
    }
    crate::settings::hex(hash.finalize().get(..16).unwrap_or_default())
}

fn put(link: &mut Link, notices: &[Notice]) -> Result<()> {
    let row = |of: &Notice| {
        args![
            &of.id,
            owner(of.tenant.as_ref()),
            &of.channel,
            &of.batch,
            &of.body,
            of.made,
            of.due,
            of.tries,
            of.state.as_str()
        ]
        .to_vec()
    };
    let rows: Vec<_> = notices.iter().map(row).collect();
    link.insert(
        "INSERT INTO notice (id, tenant, channel, batch, body, made, due, tries, state)",
        "ON CONFLICT (id) DO NOTHING",
        &rows,
    )
}

fn owner(tenant: Option<&TenantId>) -> &str {
    tenant.map_or("", TenantId::as_str)
}

fn owned(tenant: &str) -> Option<TenantId> {
    (!tenant.is_empty()).then(|| TenantId::new(tenant))
}

fn notice(row: Row) -> Result<(Notice, Option<String>)> {
    let mut cells = row.cells();
    let id = cells.take()?;
    let tenant: String = cells.take()?;
    let notice = Notice {
        id,
        tenant: owned(&tenant),
        channel: cells.take()?,
        batch: cells.take()?,
        body: cells.json()?,
        made: cells.take()?,
        due: cells.take()?,
        tries: cells.take()?,
        state: cells.parse(NoticeState::of)?,
        done: cells.take()?,
        trouble: cells.take()?,
    };
    Ok((notice, cells.take()?))
}
