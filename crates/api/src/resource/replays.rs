//! Trying a draft of a policy on stored call records before it is switched on.

use crate::app::App;
use crate::backtests::{self, Job, Order, State};
use crate::caller::Caller;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::inquire::{BacktestAsk, BacktestFound};
use crate::node::Fault;
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::resource::live::TenantQuery;
use crate::resource::settings::stakes::declared;
use crate::rights::Permission;
use crate::secret::{draw, hex};
use crate::stored;
use crate::time::Time;
use ringfence_model::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A draft, and the records it is tried on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplay {
    /// Whose policy and records.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// The draft, with the fields of a policy file; what is absent has its default.
    #[schema(value_type = Object)]
    pub policy: Json,
    /// Records not older.
    pub from: Time,
    /// Records older than this; at most 300,000 records in all.
    pub until: Time,
    /// Until then calls are only learned from; absent: a fifth of the time span, at most 14 days.
    pub learn_until: Option<Time>,
}

/// How far a replay is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayState {
    /// It waits for another one to end.
    Waiting,
    /// It runs.
    Running,
    /// It is done.
    Done,
    /// It cannot be done.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

/// A replay. It is forgotten when the program restarts.
#[derive(Serialize, ToSchema)]
pub struct ReplayView {
    /// Names it.
    pub id: String,
    /// Whose.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Records not older.
    pub from: Time,
    /// Records older.
    pub until: Time,
    /// Who asked.
    pub made_by: String,
    /// When.
    pub made: Time,
    /// How far it is.
    pub state: ReplayState,
    /// Records that are judged, by both policies.
    pub judged: u64,
    /// Records to be judged, by both policies; 0 while they are read.
    pub of: u64,
    /// What it found, when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<BacktestFound>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl From<&Job> for ReplayView {
    fn from(job: &Job) -> Self {
        let (state, found, trouble) = match job.state() {
            State::Waiting => (ReplayState::Waiting, None, None),
            State::Running => (ReplayState::Running, None, None),
            State::Done(found) => (ReplayState::Done, Some(*found), None),
            State::Failed(why) => (ReplayState::Failed, None, Some(why)),
            State::Cancelled => (ReplayState::Cancelled, None, None),
        };
        let ((judged, of), order) = (job.progress.told(), job.order.clone());
        Self {
            id: order.id,
            tenant: order.tenant,
            from: order.from.into(),
            until: order.until.into(),
            made_by: order.made_by,
            made: order.made.into(),
            state,
            judged,
            of,
            found,
            trouble,
        }
    }
}

/// POST /v1/replays
pub async fn begin(ask: Ask<Nothing, Nothing, NewReplay>) -> Outcome<ReplayView> {
    let NewReplay { tenant, policy, from, until, learn_until } = ask.body;
    if until <= from {
        return Err(Refusal::Invalid("until is not after from".into()));
    }
    let policy = declared(policy)?;
    let app = Arc::clone(&ask.app);
    let (made_by, whose) = (ask.caller.who(), tenant.clone());
    app.work(move |store| {
        ask.caller.may(store, Permission::ChangeSettings, &whose)?;
        ask.caller.may(store, Permission::ReadCalls, &whose)
    })
    .await?;
    let learn_until = learn_until.map(|time| time.0);
    let asked = BacktestAsk { tenant: tenant.clone(), policy, learn_until };
    let backtest = app.node().backtest(asked).await.map_err(|fault| match fault {
        // What is wrong is the draft, not the state of the node.
        Fault::Refused { what, mend } => Refusal::Invalid(format!("{what}; {mend}")),
        other => other.into(),
    })?;
    let id = hex(&draw(app.chance())).chars().take(16).collect();
    let (from, until) = (from.0, until.0);
    let job = app.backtests.take(Order { id, tenant, from, until, made_by, made: ask.at })?;
    let view = ReplayView::from(&*job);
    tokio::spawn(backtests::run(app, job, backtest));
    Ok(Reply::new(view))
}

/// GET /v1/replays
pub async fn list(ask: Ask<Nothing, TenantQuery>) -> Outcome<Page<ReplayView>> {
    let all = ask.app.backtests.all();
    super::live::keep_seen(
        ask,
        Permission::ReadSettings,
        all.iter().map(|job| ReplayView::from(&**job)).collect(),
        |view| Some(&view.tenant),
    )
    .await
}

/// GET /v1/replays/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<ReplayView> {
    let job = seen(&ask.app, ask.caller, Permission::ReadSettings, &ask.path.id).await?;
    Ok(Reply::new(ReplayView::from(&*job)))
}

/// POST /v1/replays/{id}/cancel
pub async fn cancel(ask: Ask<Id>) -> Outcome<Done> {
    let job = seen(&ask.app, ask.caller, Permission::ChangeSettings, &ask.path.id).await?;
    if job.cancel() {
        return Ok(Reply::new(Done));
    }
    Err(Refusal::Conflict {
        code: "over",
        message: "the replay is over".into(),
        hint: "see what it found",
    })
}

async fn seen(
    app: &Arc<App>,
    caller: Caller,
    permission: Permission,
    id: &str,
) -> Result<Arc<Job>, Refusal> {
    let job = app.backtests.one(id).ok_or(Refusal::NotFound("replay"))?;
    let tenant = job.order.tenant.clone();
    app.work(move |store| {
        let place = stored::place_of(store, &tenant)?;
        caller.may_at(permission, &place, "replay")
    })
    .await?;
    Ok(job)
}
