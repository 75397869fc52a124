//! Acts that need a second person: one proposes, another one approves.

use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{TenantId, WallTime};
use serde_json::{Value as Json, json};

/// How far a proposal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Waits for a second person.
    Open,
    /// Somebody else agreed; it may be done from its time on.
    Approved,
    /// Somebody said no, or its maker took it back.
    Refused,
    /// It was done.
    Done,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Open, Self::Approved, Self::Refused, Self::Done];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }
}

/// Something one person wants to do and may not do alone.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// At which tenant; `None`: on the platform.
    pub tenant: Option<TenantId>,
    /// What: `block.lift`, `policy.change`.
    pub what: String,
    /// All that is needed to do it.
    pub body: Json,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed: WallTime,
    /// It may not be done before.
    pub not_before: WallTime,
    /// Nor from then on.
    pub expires: WallTime,
    /// How far it is.
    pub standing: Standing,
    /// Who approved or refused it.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<WallTime>,
}

impl Store {
    /// Proposes; by [`Act::who`] and at [`Act::at`], whatever the proposal says of itself.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn propose(&self, act: &Act, proposal: &Proposal) -> Result<()> {
        let tenant = proposal.tenant.as_ref().map_or("", TenantId::as_str);
        let row = args![
            &proposal.id,
            tenant,
            &proposal.what,
            &proposal.body,
            &act.who,
            act.at,
            proposal.not_before,
            proposal.expires,
            Standing::Open.as_str(),
        ];
        self.change(|link| {
            link.insert(
                "INSERT INTO proposal
                   (id, tenant, what, body, proposed_by, proposed, not_before, expires, state)",
                "",
                &[row.to_vec()],
            )?;
            let after = json!({"what": proposal.what, "body": proposal.body});
            let subject = format!("proposal {}", proposal.id);
            let tenant = proposal.tenant.as_ref();
            let about = About { tenant, subject: &subject, before: None, after: Some(&after) };
            append(link, act, about).map(drop)
        })
    }

    /// Approves as [`Act::who`].
    ///
    /// # Errors
    /// When there is none that is open, it is theirs, or it has expired.
    pub fn approve(&self, act: &Act, id: &str) -> Result<Proposal> {
        self.decide(act, id, Standing::Approved, |proposal| {
            if proposal.proposed_by == act.who {
                return Err(StoreError::Refused("a second person must approve this".into()));
            }
            expect(proposal, Standing::Open)?;
            in_time(proposal, act.at)
        })
    }

    /// Says no, or takes back.
    ///
    /// # Errors
    /// When there is none, or it was done.
    pub fn refuse(&self, act: &Act, id: &str) -> Result<Proposal> {
        self.decide(act, id, Standing::Refused, |proposal| match proposal.standing {
            Standing::Done | Standing::Refused => expect(proposal, Standing::Open),
            Standing::Open | Standing::Approved => Ok(()),
        })
    }

    /// Says that it is done now. Only one of several who try is told so.
    ///
    /// # Errors
    /// When it is not approved, or it is not its time.
    pub fn carry_out(&self, act: &Act, id: &str) -> Result<Proposal> {
        self.decide(act, id, Standing::Done, |proposal| {
            expect(proposal, Standing::Approved)?;
            if act.at < proposal.not_before {
                return Err(StoreError::Refused("it is too early to do this".into()));
            }
            in_time(proposal, act.at)
        })
    }

    fn decide(
        &self,
        act: &Act,
        id: &str,
        standing: Standing,
        may: impl FnOnce(&Proposal) -> Result<()>,
    ) -> Result<Proposal> {
        self.change(|link| {
            let before = one(link, id)?;
            may(&before)?;
            let was = before.standing.as_str();
            let changed = match standing {
                // Who approved stays on record.
                Standing::Done => link.execute(
                    "UPDATE proposal SET state = $1 WHERE id = $2 AND state = $3",
                    args![standing.as_str(), id, was],
                ),
                _ => link.execute(
                    "UPDATE proposal SET state = $1, decided_by = $2, decided = $3
                     WHERE id = $4 AND state = $5",
                    args![standing.as_str(), &act.who, act.at, id, was],
                ),
            };
            if changed? == 0 {
                return Err(StoreError::Busy("somebody else decides the same".into()));
            }
            let subject = format!("proposal {id}");
            let (was, is) = (json!({"state": was}), json!({"state": standing.as_str()}));
            let tenant = before.tenant.as_ref();
            let about = About { tenant, subject: &subject, before: Some(&was), after: Some(&is) };
            append(link, act, about)?;
            one(link, id)
        })
    }

    /// A proposal.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn proposal(&self, id: &str) -> Result<Proposal> {
        self.look(|link| one(link, id))
    }

    /// Proposals of a tenant, or all, that are that far, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn proposals(
        &self,
        tenant: Option<&TenantId>,
        standing: Option<Standing>,
        limit: u32,
    ) -> Result<Vec<Proposal>> {
        let mut query = crate::sql::Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", tenant);
        query.add_some("AND state = ?", standing.map(Standing::as_str));
        query.add("ORDER BY proposed DESC, id LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(proposal).collect()
    }
}

fn expect(proposal: &Proposal, standing: Standing) -> Result<()> {
    if proposal.standing == standing {
        return Ok(());
    }
    let (is, wanted) = (proposal.standing.as_str(), standing.as_str());
    Err(StoreError::Refused(format!("the proposal is {is}, not {wanted}")))
}

fn in_time(proposal: &Proposal, at: WallTime) -> Result<()> {
    if at < proposal.expires {
        return Ok(());
    }
    Err(StoreError::Refused("the proposal has expired".into()))
}

const SELECT: &str =
    "SELECT id, tenant, what, body, proposed_by, proposed, not_before, expires, state,
    decided_by, decided FROM proposal";

fn one(link: &mut Link, id: &str) -> Result<Proposal> {
    let row = link.first(&format!("{SELECT} WHERE id = $1"), args![id])?;
    proposal(row.ok_or_else(|| StoreError::NotFound(format!("proposal {id}")))?)
}

fn proposal(row: Row) -> Result<Proposal> {
    let mut cells = row.cells();
    let id = cells.take()?;
    let tenant: String = cells.take()?;
    Ok(Proposal {
        id,
        tenant: (!tenant.is_empty()).then(|| TenantId::new(&tenant)),
        what: cells.take()?,
        body: cells.json()?,
        proposed_by: cells.take()?,
        proposed: cells.take()?,
        not_before: cells.take()?,
        expires: cells.take()?,
        standing: cells.parse(Standing::of)?,
        decided_by: cells.take()?,
        decided: cells.take()?,
    })
}
