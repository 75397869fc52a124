//! A record in words for the log, and as a line for the events file.

use super::attempts::Attempts;
use super::tally::Tally;
use ringfence_fraud::explain::Voice;
use ringfence_gate::Output;
use ringfence_model::{
    Action, Attempt, Block, CallEvent, CallId, Masked, Money, Origin, Verdict, WallTime,
};
use serde::Serialize;
use serde_json::{Value, json};
use tracing::{debug, info, warn};

/// Says what happened: in the log, with numbers masked, and as a line with everything, where it is one to be kept.
pub fn tell(
    what: &Output,
    shard: u8,
    attempts: &Attempts,
    tally: &Tally,
    voice: &Voice,
) -> Option<Value> {
    match what {
        Output::Verdict(verdict) => verdict_said(verdict, attempts.get(verdict.call), tally, voice),
        Output::Cut { call, reasons, cost } => {
            tally.cuts.up();
            let why = voice.reasons(reasons);
            let (attempt, cost_text) = (attempts.get(*call), voice.money(*cost));
            let who = Who::of(attempt);
            info!(
                call = call.0,
                tenant = who.tenant,
                extension = who.extension,
                cost = cost_text,
                why,
                "call cut"
            );
            Some(
                json!({"kind": "cut", "call": call, "attempt": attempt, "cost": cost, "reasons": reasons, "why": why}),
            )
        }
        Output::Blocked { block, reasons, call } => {
            tally.blocks_set.up();
            let why = voice.reasons(reasons);
            let id = format!("{shard}-{}", block.id.0);
            warn!(block = id, tenant = block.scope.tenant().as_str(), extension = extension(block), level = ?block.level, by = by(block), shadow = block.shadow, call = call.0, why, "block set");
            Some(
                json!({"kind": "blocked", "block": block, "id": id, "reasons": reasons, "call": call, "why": why}),
            )
        }
        Output::Lifted { block, by, replaced_by } => {
            tally.blocks_lifted.up();
            let id = format!("{shard}-{}", block.id.0);
            info!(
                block = id,
                tenant = block.scope.tenant().as_str(),
                extension = extension(block),
                by = by.as_deref(),
                replaced = replaced_by.is_some(),
                "block lifted"
            );
            let replaced_by = replaced_by.map(|new| format!("{shard}-{}", new.0));
            Some(
                json!({"kind": "lifted", "block": block, "id": id, "by": by, "replaced_by": replaced_by}),
            )
        }
        Output::Alerted(alert) => {
            tally.alerts.up();
            let why = voice.reasons(&alert.reasons);
            let at_stake = voice.money(alert.at_stake);
            warn!(
                tenant = alert.tenant.as_str(),
                extension = alert.extension.as_ref().map(|e| e.as_str()),
                call = alert.call.map(|c| c.0),
                at_stake,
                why,
                "alert"
            );
            Some(json!({"kind": "alerted", "alert": alert, "why": why}))
        }
        Output::Event(event) => event_said(event),
        _ => None,
    }
}

fn verdict_said(
    verdict: &Verdict,
    attempt: Option<&Attempt>,
    tally: &Tally,
    voice: &Voice,
) -> Option<Value> {
    let refused = verdict.action == Action::Reject;
    match (refused, verdict.acted) {
        (false, _) => tally.allowed.up(),
        (true, true) => tally.rejected.up(),
        (true, false) => tally.would_reject.up(),
    }
    if refused {
        let who = Who::of(attempt);
        let words = voice.verdict(verdict);
        let said = if verdict.acted { "call refused" } else { "call would be refused" };
        info!(
            call = verdict.call.0,
            tenant = who.tenant,
            extension = who.extension,
            a_number = who.a_number,
            dialled = who.dialled,
            why = words,
            "{said}"
        );
    }
    if verdict.reasons.is_empty() {
        return None;
    }
    Some(
        json!({"kind": "verdict", "attempt": attempt, "verdict": verdict, "why": voice.verdict(verdict)}),
    )
}

fn event_said(event: &CallEvent) -> Option<Value> {
    match event {
        CallEvent::RegistrationFailed(failure) => {
            warn!(tenant = failure.tenant.as_str(), extension = failure.extension.as_ref().map(|e| e.as_str()), count = failure.count, source = %failure.source.ip, "registrations failed");
        }
        CallEvent::Registered(registration) => {
            info!(tenant = registration.tenant.as_str(), extension = registration.extension.as_str(), source = %registration.source.ip, "registered from a new address");
        }
        // What a call does stands in its record.
        CallEvent::Attempt(_)
        | CallEvent::Ringing { .. }
        | CallEvent::Answered { .. }
        | CallEvent::Released(_) => return None,
        other => debug!(?other, "event"),
    }
    Some(json!({"kind": "event", "event": event}))
}

/// A line of the events file.
#[derive(Serialize)]
pub struct EventLine<'a> {
    pub at: String,
    pub shard: u8,
    /// What a refusal saves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevented: Option<Money>,
    #[serde(flatten)]
    pub what: &'a Value,
}

/// RFC 3339, to the microsecond.
pub fn stamp(at: WallTime) -> String {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_string()
}

/// Whose call it is, fit for a log.
#[derive(Default)]
struct Who<'a> {
    tenant: &'a str,
    extension: Option<&'a str>,
    a_number: Option<String>,
    dialled: String,
}

impl<'a> Who<'a> {
    fn of(attempt: Option<&'a Attempt>) -> Self {
        let Some(attempt) = attempt else { return Self::default() };
        Self {
            tenant: attempt.tenant.as_str(),
            extension: attempt.extension.as_ref().map(|extension| extension.as_str()),
            a_number: attempt.a_number.map(|number| number.to_string()),
            dialled: Masked(&attempt.dialled).to_string(),
        }
    }
}

fn extension(block: &Block) -> Option<&str> {
    block.scope.extension().map(|extension| extension.as_str())
}

/// Who made a block.
pub fn by(block: &Block) -> &str {
    match &block.origin {
        Origin::Engine => "ringfence",
        Origin::Person(name) => name,
    }
}

/// Which call a record is about, where that is one of those that end with it.
pub const fn finished(event: &CallEvent) -> Option<CallId> {
    match event {
        CallEvent::Released(release) => Some(release.call),
        _ => None,
    }
}
