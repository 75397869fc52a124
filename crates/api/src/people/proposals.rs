//! The two-person rule: one proposes, another approves. Where there is no other, time takes their place: all who are to
//! be told are told, and anybody with the right may revoke it until then.

use super::grave::{self, Deed, Grave};
use super::me::Id;
use super::person;
use crate::app::App;
use crate::caller::Caller;
use crate::http::ask::Ask;
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::secret::new_id;
use crate::stored;
use crate::time::Time;
use axum::http::StatusCode;
use ringfence_model::WallTime;
use ringfence_store::{Act, Outgoing, Proposal, Standing, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// A proposal that nobody answered ends after this, or this long after it could have been carried out.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most proposals of a list; they are few.
const LIST_MAX: u32 = 1000;

/// What is kept of a proposal.
#[derive(Serialize, Deserialize)]
struct Body {
    grave: Grave,
    /// Whether there was nobody who could approve it: then it is due when its time comes.
    alone: bool,
    /// In what words.
    why: String,
}

/// What came of an act that may need a second person.
#[derive(Serialize, ToSchema)]
pub struct Handled {
    /// What was done; absent while a second person is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Deed>,
    /// What was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
}

/// Something one person wants to do and may not do alone.
#[derive(Serialize, ToSchema)]
pub struct ProposalView {
    /// Names it.
    pub id: String,
    /// What is to be done.
    pub what: Grave,
    /// In what words.
    pub why: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed: Time,
    /// It is not carried out before.
    pub not_before: Time,
    /// Nor from then on.
    pub expires: Time,
    /// Whether it is carried out at `not_before` unless somebody refuses it, for want of a second person.
    pub alone: bool,
    /// `open`, `approved`, `refused` or `done`.
    pub state: String,
    /// Who approved or refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Time>,
}

impl ProposalView {
    fn of(proposal: Proposal) -> Result<Self, Refusal> {
        let body: Body = serde_json::from_value(proposal.body).map_err(|_| Refusal::Broken)?;
        Ok(Self {
            id: proposal.id,
            what: body.grave,
            why: body.why,
            proposed_by: proposal.proposed_by,
            proposed: proposal.proposed.into(),
            not_before: proposal.not_before.into(),
            expires: proposal.expires.into(),
            alone: body.alone,
            state: proposal.standing.as_str().to_owned(),
            decided_by: proposal.decided_by,
            decided: proposal.decided.map(Time::from),
        })
    }
}

/// Does what one may do alone.
pub async fn alone<P, Q, B>(ask: &Ask<P, Q, B>, grave: Grave) -> Outcome<Handled> {
    let done = grave::carry_out(&ask.app, ask.act(grave.what()), grave).await?;
    Ok(Reply::new(Handled { done: Some(done), proposal: None }))
}

/// Proposes; when nothing is there yet to be guarded (the first day of the first person), does it.
pub async fn together<P, Q, B>(ask: &Ask<P, Q, B>, grave: Grave) -> Outcome<Handled> {
    // A program can neither approve nor answer for it later.
    ask.caller.person()?;
    let (who, at) = (ask.caller.who(), ask.at);
    let delay = ask.app.settings().alone_delay;
    let (asked, first) = (grave.clone(), who.clone());
    let (second, young) = ask
        .app
        .work(move |store| {
            let second = grave::has_second(store, &asked, &first)?;
            Ok((second, !second && is_young(store, at, delay)?))
        })
        .await?;
    if young {
        return alone(ask, grave).await;
    }
    let not_before = if second { at } else { at + delay };
    let act = ask.act("proposal.make");
    let (id, note) = (new_id(ask.app.chance()), new_id(ask.app.chance()));
    let body = Body { grave, alone: !second, why: act.why.clone() };
    let view = ask
        .app
        .work(move |store| {
            let tenant = body.grave.tenant(store)?;
            let proposal = Proposal {
                id: id.clone(),
                tenant: tenant.clone(),
                what: body.grave.what().to_owned(),
                body: serde_json::to_value(&body).map_err(|_| Refusal::Broken)?,
                proposed_by: who,
                proposed: at,
                not_before,
                expires: not_before + LIFE,
                standing: Standing::Open,
                decided_by: None,
                decided: None,
            };
            store.propose(&act, &proposal)?;
            let body = serde_json::json!({ "proposal": id, "what": proposal.what,
                "proposed_by": proposal.proposed_by, "not_before": Time(not_before) });
            store.post(&Outgoing {
                id: note,
                kind: "proposal".into(),
                tenant,
                body,
                made: at,
                due: at,
                tries: 0,
                trouble: None,
            })?;
            ProposalView::of(store.proposal(&id)?)
        })
        .await?;
    let handled = Handled { done: None, proposal: Some(view) };
    Ok(Reply::new(handled).status(StatusCode::ACCEPTED))
}

/// Whether the first person was set up less than `delay` ago.
fn is_young(store: &Store, at: WallTime, delay: Duration) -> Result<bool, Refusal> {
    let what = Some("setup".to_owned());
    let filter = ringfence_store::AuditFilter { what, ..Default::default() };
    let setup = store.audit(&filter, 1)?;
    Ok(setup.first().is_some_and(|row| at - row.act.at < delay))
}

/// Which proposals are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProposalQuery {
    /// `open` (unless said otherwise), `approved`, `refused` or `done`.
    pub state: Option<String>,
}

/// GET /v1/proposals
pub async fn list(
    ask: Ask<crate::http::ask::Nothing, ProposalQuery>,
) -> Outcome<Page<ProposalView>> {
    let standing = match ask.query.state.as_deref().unwrap_or("open") {
        "open" => Standing::Open,
        "approved" => Standing::Approved,
        "refused" => Standing::Refused,
        "done" => Standing::Done,
        _ => return Err(Refusal::Malformed("state is open, approved, refused or done".into())),
    };
    let app = Arc::clone(&ask.app);
    let items = app
        .work(move |store| {
            let mut items = Vec::new();
            for proposal in store.proposals(None, Some(standing), LIST_MAX)? {
                let view = ProposalView::of(proposal)?;
                if is_seen(store, &ask.caller, &view)? {
                    items.push(view);
                }
            }
            Ok(items)
        })
        .await?;
    Ok(Reply::new(Page::whole(items)))
}

/// Who proposed it, who may approve it, and who may read about people or blocks there.
fn is_seen(store: &Store, caller: &Caller, view: &ProposalView) -> Result<bool, Refusal> {
    if caller.who() == view.proposed_by {
        return Ok(true);
    }
    let read = match view.what.permission() {
        Permission::Unblock => Permission::ReadBlocks,
        Permission::ChangeSettings => Permission::ReadSettings,
        _ => Permission::ReadPeople,
    };
    match view.what.places(store) {
        Ok(places) => Ok(places.iter().all(|place| caller.holds(read, place))),
        // Whom it was about is gone.
        Err(Refusal::NotFound(_)) => Ok(caller.holds(read, &crate::rights::Place::Platform)),
        Err(refusal) => Err(refusal),
    }
}

/// POST /v1/proposals/{id}/approve
pub async fn approve(ask: Ask<Id>) -> Outcome<Handled> {
    let (app, at) = (Arc::clone(&ask.app), ask.at);
    let grants = ask.caller.person()?.grants.clone();
    let act = ask.act("proposal.approve");
    let proposal = app
        .work(move |store| {
            let view = seen(store, &ask.caller, &ask.path.id)?;
            grave::may(store, &grants, &view.what)?;
            Ok(store.approve(&act, &ask.path.id)?)
        })
        .await?;
    if at < proposal.not_before {
        let handled = Handled { done: None, proposal: Some(ProposalView::of(proposal)?) };
        return Ok(Reply::new(handled).status(StatusCode::ACCEPTED));
    }
    let done = finish(&app, proposal, at).await?;
    Ok(Reply::new(Handled { done: Some(done), proposal: None }))
}

/// POST /v1/proposals/{id}/refuse: by whoever may approve it, or by who made it.
pub async fn refuse(ask: Ask<Id>) -> Outcome<Done> {
    let app = Arc::clone(&ask.app);
    let person = ask.caller.person()?;
    let (grants, login) = (person.grants.clone(), person.user.login.clone());
    let act = ask.act("proposal.refuse");
    app.work(move |store| {
        let view = seen(store, &ask.caller, &ask.path.id)?;
        if view.proposed_by != login {
            grave::may(store, &grants, &view.what)?;
        }
        store.refuse(&act, &ask.path.id)?;
        Ok(())
    })
    .await?;
    Ok(Reply::new(Done))
}

fn seen(store: &Store, caller: &Caller, id: &str) -> Result<ProposalView, Refusal> {
    let view = ProposalView::of(stored::found(store.proposal(id), "proposal")?)?;
    if is_seen(store, caller, &view)? { Ok(view) } else { Err(Refusal::NotFound("proposal")) }
}

/// Carries an approved proposal out, in the names of both, if who proposed it still may.
async fn finish(app: &Arc<App>, proposal: Proposal, at: WallTime) -> Result<Deed, Refusal> {
    let by = proposal.decided_by.clone().unwrap_or_default();
    let body: Body = serde_json::from_value(proposal.body).map_err(|_| Refusal::Broken)?;
    let act = Act {
        who: format!("{} with {by}", proposal.proposed_by),
        what: body.grave.what().to_owned(),
        why: body.why,
        address: None,
        at,
    };
    let (id, first, grave, done) =
        (proposal.id, proposal.proposed_by, body.grave.clone(), act.clone());
    app.work(move |store| {
        let proposer = store.user_by_login(&first)?.filter(|user| !user.disabled);
        let grants = proposer.map(|user| stored::grants(&user)).unwrap_or_default();
        if let Err(refusal) = grave::may(store, &grants, &grave) {
            tracing::warn!(proposal = id, "refused: {first} may no longer do it: {refusal}");
            store.refuse(&Act { who: person::OURSELVES.into(), ..done }, &id)?;
            return Err(Refusal::Conflict {
                code: "proposer_may_not",
                message: format!("{first}, who proposed it, may no longer do it"),
                hint: "propose it anew",
            });
        }
        // First, so that of two who try only one does it.
        store.carry_out(&done, &id)?;
        Ok(())
    })
    .await?;
    grave::carry_out(app, act, body.grave).await
}

/// Carries out what is due: what was approved for later, and what had nobody to approve it. Call it every minute or so.
pub async fn tend(app: &Arc<App>) -> Result<(), Refusal> {
    let at = app.now();
    let due = app
        .work(move |store| {
            let mut due = Vec::new();
            for standing in [Standing::Open, Standing::Approved] {
                for proposal in store.proposals(None, Some(standing), LIST_MAX)? {
                    if at < proposal.not_before || at >= proposal.expires {
                        continue;
                    }
                    if standing == Standing::Open {
                        let body: Body = serde_json::from_value(proposal.body.clone())
                            .map_err(|_| Refusal::Broken)?;
                        if !body.alone {
                            continue;
                        }
                        let act = Act {
                            who: person::OURSELVES.into(),
                            what: "proposal.approve".into(),
                            why: "nobody was there to approve it, and its time has come".into(),
                            address: None,
                            at,
                        };
                        due.push(store.approve(&act, &proposal.id)?);
                    } else {
                        due.push(proposal);
                    }
                }
            }
            Ok(due)
        })
        .await?;
    for proposal in due {
        let id = proposal.id.clone();
        if let Err(refusal) = finish(app, proposal, at).await {
            tracing::warn!(proposal = id, "not carried out: {refusal}");
        }
    }
    Ok(())
}
