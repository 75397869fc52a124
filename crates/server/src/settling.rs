//! Changes of settings while everything runs: checked, in the store and on record, then in force. One after the other.

use crate::config::Source;
use crate::control::{Answer, AuditLine, Fault, RowLine};
use crate::plan::{self, Ready};
use crate::running::Running;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use ringfence_api::Fault as ApiFault;
use ringfence_api::plan::{Plan, Planned, PlannedView, Wanted, WantedRow, masked};
use ringfence_model::TenantId;
use ringfence_store::{Act, AuditFilter, Chain, Expected, Section, SettingKey, Store};
use tracing::{error, info};

impl Running {
    /// What a plan would change; nothing is changed.
    pub async fn check_plan(&self, plan: Plan) -> Result<Planned, ApiFault> {
        Ok(self.ready(plan).await?.planned)
    }

    /// Changes settings, all of a plan or nothing, as `act`.
    pub async fn adopt_plan(&self, plan: Plan, act: Act) -> Result<Planned, ApiFault> {
        let _turn = self.settling.lock().await;
        let Ready { mut planned, changes, mut config } = self.ready(plan).await?;
        if changes.is_empty() {
            return Ok(planned);
        }
        let count = changes.len();
        let who = act.who.clone();
        planned.revision = self
            .stored(move |store| {
                store.change_settings(&act, changes).map_err(plan::failed)?;
                store.settings_revision().map_err(plan::failed)
            })
            .await?;
        // With a change of another node in between, these are not all settings: they are read again soon.
        config.revision =
            config.revision.map(|read| read + i64::from(planned.revision == read + 1));
        info!(who, rows = count, "settings were changed");
        self.put_in_force(config).map_err(|fault| {
            error!("the new settings are stored and not in force: {fault}");
            ApiFault::Refused {
                what: format!("the new settings are stored and not in force: {}", fault.what),
                mend: format!("{}; then `ringfence reload`", fault.mend),
            }
        })?;
        Ok(planned)
    }

    /// The settings as a plan, of these tenants or all.
    pub async fn export_plan(
        &self,
        tenants: Option<Vec<TenantId>>,
        secrets: bool,
    ) -> Result<String, ApiFault> {
        self.keeps_settings()?;
        self.stored(move |store| {
            plan::export(store, tenants.as_deref(), secrets).map_err(plan::failed)
        })
        .await
    }

    fn keeps_settings(&self) -> Result<(), ApiFault> {
        if self.config().in_file { Err(ApiFault::InFile) } else { Ok(()) }
    }

    async fn ready(&self, plan: Plan) -> Result<Ready, ApiFault> {
        self.keeps_settings()?;
        let (file, imported) = (self.file.clone(), self.config().imported.clone());
        let ready = self
            .stored(move |store| {
                let text = std::fs::read_to_string(&file).map_err(|error| ApiFault::Refused {
                    what: format!("{} cannot be read: {error}", file.display()),
                    mend: "let Ringfence read it".to_owned(),
                })?;
                plan::check(store, &Source::new(file, text).knowing(imported), plan)
            })
            .await?;
        // What is stored must be able to come into force.
        self.fitted(&ready.config)?;
        Ok(ready)
    }

    /// Asks the store, on a thread that may wait.
    async fn stored<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Store) -> Result<T, ApiFault> + Send + 'static,
    ) -> Result<T, ApiFault> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || job(&store)).await;
        done.map_err(|error| ApiFault::Refused {
            what: error.to_string(),
            mend: "report it".into(),
        })?
    }

    /// `ringfence apply`: says what would change, or changes it.
    pub(crate) async fn apply(
        &self,
        rows: Vec<RowLine>,
        (prune, dry_run, revision): (bool, bool, Option<i64>),
        act: Act,
    ) -> Result<Answer, Fault> {
        let rows = rows.into_iter().map(wanted).collect::<Result<_, Fault>>()?;
        let plan = Plan { wanted: Wanted::Rows(rows), prune, revision };
        let planned =
            if dry_run { self.check_plan(plan).await } else { self.adopt_plan(plan, act).await };
        Ok(Answer::Planned(PlannedView::from(planned.map_err(told)?)))
    }

    /// `ringfence audit revert`.
    pub(crate) async fn revert(&self, seq: i64, dry_run: bool, act: Act) -> Result<Answer, Fault> {
        let row = self
            .stored(move |store| {
                ringfence_api::reverting(store, seq).map_err(|refusal| {
                    let body = refusal.body("");
                    ApiFault::Refused { what: body.message, mend: body.hint }
                })
            })
            .await
            .map_err(told)?;
        let plan = Plan { wanted: Wanted::Rows(vec![row]), prune: false, revision: None };
        let planned =
            if dry_run { self.check_plan(plan).await } else { self.adopt_plan(plan, act).await };
        Ok(Answer::Planned(PlannedView::from(planned.map_err(told)?)))
    }

    /// `ringfence audit list`.
    pub(crate) async fn audit(&self, limit: u32, below: Option<i64>) -> Result<Answer, Fault> {
        let filter = AuditFilter { below, ..AuditFilter::default() };
        let rows =
            self.stored(move |store| store.audit(&filter, limit).map_err(plan::failed)).await;
        let line = |row: ringfence_store::Audited| AuditLine {
            seq: row.seq,
            at: row.act.at,
            who: row.act.who,
            what: row.act.what,
            why: row.act.why,
            address: row.act.address,
            subject: row.subject,
            before: row.before.map(masked),
            after: row.after.map(masked),
        };
        Ok(Answer::Audit(rows.map_err(told)?.into_iter().map(line).collect()))
    }

    /// `ringfence audit verify`.
    pub(crate) async fn verify(&self) -> Result<Answer, Fault> {
        let chain = self.stored(|store| store.verify_audit().map_err(plan::failed)).await;
        Ok(match chain.map_err(told)? {
            Chain::Whole { rows, head } => {
                let head = head.iter().map(|byte| format!("{byte:02x}")).collect();
                Answer::Chain { rows, head, broken: None }
            }
            Chain::Broken { seq, how } => {
                Answer::Chain { rows: seq, head: String::new(), broken: Some(how) }
            }
        })
    }
}

fn wanted(line: RowLine) -> Result<WantedRow, Fault> {
    let mend = "use the ringfence program of the version that runs";
    let section = Section::ALL.into_iter().find(|of| of.as_str() == line.section);
    let section =
        section.ok_or_else(|| Fault::new(format!("there is no sort {:?}", line.section), mend))?;
    let deck = line.deck.map(|deck| BASE64.decode(deck)).transpose();
    let attachment = deck.map_err(|error| Fault::new(format!("a rate deck: {error}"), mend))?;
    let key = SettingKey::new(section, line.tenant.as_ref(), &line.id);
    Ok(WantedRow { key, body: line.body, attachment, expected: Expected::Any })
}

/// How a row goes over the control socket.
#[must_use]
pub fn line(row: WantedRow) -> RowLine {
    RowLine {
        section: row.key.section.as_str().to_owned(),
        tenant: row.key.tenant,
        id: row.key.id,
        body: row.body,
        deck: row.attachment.map(|deck| BASE64.encode(deck)),
    }
}

/// What the node says, for the control socket.
pub(crate) fn told(fault: ApiFault) -> Fault {
    match fault {
        ApiFault::Refused { what, mend } => Fault::new(what, mend),
        ApiFault::Unfit(notes) => {
            let lines: Vec<String> = notes.iter().map(ToString::to_string).collect();
            let mend = format!("{} to mend; nothing was changed", lines.len());
            Fault::new(lines.join("\n"), mend)
        }
        ApiFault::Outdated => Fault::new("the settings were changed meanwhile", "look again"),
        ApiFault::InFile => Fault::new(
            "the settings are in the boot file",
            "change the file and `ringfence reload`; or take its [[tenant]], [[trunk]] and [[extension]] sections out, restart, and give them to `ringfence apply`",
        ),
        ApiFault::NotFound(what) => {
            Fault::new(format!("there is no {what} of that name"), "look again")
        }
    }
}
