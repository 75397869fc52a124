//! Refused calls that somebody is asked to approve: each is answered once.

use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::sql::Query;
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{Money, TenantId, WallTime};
use serde_json::{Value as Json, json};

/// Most that wait for an answer at one tenant: a thief who tries many numbers shall not wear out who is asked.
const OPEN_MAX: u64 = 5;

/// What somebody answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// This number may be called, today.
    Number,
    /// This country may be called, today.
    Country,
    /// No.
    No,
    /// No, and who called is blocked.
    Block,
}

impl Answer {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Number, Self::Country, Self::No, Self::Block];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Country => "country",
            Self::No => "no",
            Self::Block => "block",
        }
    }

    /// The answer of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == text)
    }
}

/// A refused call that somebody is asked to approve.
#[derive(Clone, PartialEq, Debug)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Whose call.
    pub tenant: TenantId,
    /// Which extension's.
    pub extension: Option<String>,
    /// The refused call.
    pub call: Option<String>,
    /// Whom it called, in E.164.
    pub number: String,
    /// Where that is.
    pub country: String,
    /// What sort of line.
    pub kind: String,
    /// What a minute costs.
    pub per_minute: Money,
    /// Why it was refused.
    pub reasons: Json,
    /// The case it belongs to.
    pub case: Option<String>,
    /// When it was asked.
    pub made: WallTime,
    /// Until when it can be answered.
    pub expires: WallTime,
    /// What somebody answered, when, and who.
    pub answer: Option<(Answer, WallTime, String)>,
}

/// Which approvals are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct ApprovalFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// That can still be answered at this time.
    pub open_at: Option<WallTime>,
    /// Older than this one: when it was made, and id, of the last of the page before.
    pub after: Option<(WallTime, String)>,
}

impl Store {
    /// Asks for an approval, unless the same is asked already or too much is. Whether it was.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ask_approval(&self, of: &Approval) -> Result<bool> {
        self.change(|link| {
            if link.first("SELECT id FROM approval WHERE id = $1", args![&of.id])?.is_some() {
                return Ok(true);
            }
            let open = "SELECT number, extension FROM approval
                 WHERE tenant = $1 AND expires > $2 AND answer IS NULL";
            let mut count = 0;
            for row in link.query(open, args![&of.tenant, of.made])? {
                let mut cells = row.cells();
                let (number, extension): (String, Option<String>) = (cells.take()?, cells.take()?);
                if number == of.number && extension == of.extension {
                    return Ok(false);
                }
                count += 1;
            }
            if count >= OPEN_MAX {
                return Ok(false);
            }
            put(link, of).map(|()| true)
        })
    }

    /// An approval.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn approval(&self, id: &str) -> Result<Approval> {
        self.look(|link| one(link, id))
    }

    /// Approvals, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn approvals(&self, filter: &ApprovalFilter, limit: u32) -> Result<Vec<Approval>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND answer IS NULL AND expires > ?", filter.open_at);
        if let Some((made, id)) = &filter.after {
            query.add("AND (made, id) < (?, ?)", [(*made).into(), id.into()]);
        }
        query.add("ORDER BY made DESC, id DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(approval).collect()
    }

    /// Answers it, by [`Act::who`] at [`Act::at`].
    ///
    /// # Errors
    /// When there is none, it was answered or its time is over ([`StoreError::Refused`]), or it cannot be written.
    pub fn answer_approval(&self, act: &Act, id: &str, answer: Answer) -> Result<()> {
        self.change(|link| {
            let before = one(link, id)?;
            if let Some((_, _, who)) = &before.answer {
                return Err(StoreError::Refused(format!("it was answered by {who}")));
            }
            if before.expires <= act.at {
                return Err(StoreError::Refused("the time to answer is over".to_owned()));
            }
            let made = link.execute(
                "UPDATE approval SET answer = $1, answered = $2, answered_by = $3
                 WHERE id = $4 AND answer IS NULL",
                args![answer.as_str(), act.at, &act.who, id],
            )?;
            if made == 0 {
                return Err(StoreError::Refused("it was answered a moment ago".to_owned()));
            }
            note(link, act, &before, json!({"number": before.number, "answer": answer.as_str()}))
        })
    }

    /// What was answered could not be done: it may be answered again.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub fn reopen_approval(&self, act: &Act, id: &str) -> Result<()> {
        self.change(|link| {
            let before = one(link, id)?;
            link.execute(
                "UPDATE approval SET answer = NULL, answered = NULL, answered_by = NULL
                 WHERE id = $1",
                args![id],
            )?;
            note(link, act, &before, json!({"number": before.number, "answer": null}))
        })
    }
}

const SELECT: &str = "SELECT id, tenant, extension, call, number, country, kind, per_minute,
    reasons, case_id, made, expires, answer, answered, answered_by FROM approval";

fn one(link: &mut Link, id: &str) -> Result<Approval> {
    let row = link.first(&format!("{SELECT} WHERE id = $1"), args![id])?;
    approval(row.ok_or_else(|| StoreError::NotFound(format!("approval {id}")))?)
}

fn note(link: &mut Link, act: &Act, of: &Approval, after: Json) -> Result<()> {
    let subject = format!("approval {}", of.id);
    let (tenant, after) = (Some(&of.tenant), Some(&after));
    append(link, act, About { tenant, subject: &subject, before: None, after }).map(drop)
}

fn put(link: &mut Link, of: &Approval) -> Result<()> {
    let row = args![
        &of.id,
        &of.tenant,
        of.extension.as_ref(),
        of.call.as_ref(),
        &of.number,
        &of.country,
        &of.kind,
        of.per_minute,
        &of.reasons,
        of.case.as_ref(),
        of.made,
        of.expires,
    ];
    link.insert(
        "INSERT INTO approval (id, tenant, extension, call, number, country, kind, per_minute,
           reasons, case_id, made, expires)",
        "ON CONFLICT (id) DO NOTHING",
        &[row.to_vec()],
    )
}

fn approval(row: Row) -> Result<Approval> {
    let mut cells = row.cells();
    let mut approval = Approval {
        id: cells.take()?,
        tenant: cells.take()?,
        extension: cells.take()?,
        call: cells.take()?,
        number: cells.take()?,
        country: cells.take()?,
        kind: cells.take()?,
        per_minute: cells.take()?,
        reasons: cells.json()?,
        case: cells.take()?,
        made: cells.take()?,
        expires: cells.take()?,
        answer: None,
    };
    let answer: Option<String> = cells.take()?;
    let (at, who): (Option<WallTime>, Option<String>) = (cells.take()?, cells.take()?);
    let answer = answer.as_deref().and_then(Answer::of);
    approval.answer = answer.zip(at).zip(who).map(|((answer, at), who)| (answer, at, who));
    Ok(approval)
}
