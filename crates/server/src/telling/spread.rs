//! Who hears of what: from one thing in the outbox to a notice for each person and program.

use super::zone;
use crate::config::{Contact, Program, Telling};
use crate::running::Running;
use ringfence_model::{
    Alert, Attempt, Block, Language, Money, Origin, Pass, Reason, TenantId, Verdict, WallTime,
};
use ringfence_notify::{News, Topic, What};
use ringfence_store::{Approval, Notice, NoticeState, Outgoing, StoreError};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::time::Duration;

/// What comes together within this goes together.
const GATHER: Duration = Duration::from_secs(3);
/// Between two messages to one person about the same case.
const APART: Duration = Duration::from_secs(15 * 60);
/// How long a refused call waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2 * 3_600);

/// A notice for each who hears of it; none when it is nothing that anybody is told of.
pub(super) fn spread(
    running: &Running,
    outgoing: &Outgoing,
    now: WallTime,
) -> Result<Vec<Notice>, StoreError> {
    match news(outgoing) {
        Some(news) => {
            if let What::Held { .. } = &news.what
                && !ask(running, &news, outgoing)?
            {
                return Ok(Vec::new());
            }
            to_all(running, &news, now)
        }
        None => Ok(Vec::new()),
    }
}

/// The same for what was never in the outbox.
pub(super) fn to_all(
    running: &Running,
    news: &News,
    now: WallTime,
) -> Result<Vec<Notice>, StoreError> {
    let telling = &running.config().telling;
    let body = serde_json::to_value(news)?;
    let notice = |owner: Option<&TenantId>, channel: String, batch: &str, due| {
        let owned_by = owner.map_or("", TenantId::as_str);
        Notice {
            id: format!("{}>{owned_by}>{channel}", news.id),
            tenant: owner.cloned(),
            channel,
            batch: batch.to_owned(),
            body: body.clone(),
            made: now,
            due,
            tries: 0,
            state: NoticeState::Waiting,
            done: None,
            trouble: None,
        }
    };
    let mut notices = Vec::new();
    for contact in telling.contacts.iter().filter(|of| hears(of, news)) {
        let channel = format!("contact:{}", contact.id);
        let batch = match (news.topic(), &news.case) {
            (Some(Topic::Fraud), Some(case)) => case,
            _ => &news.id,
        };
        let owner = contact.tenant.as_ref();
        let mut due = now + GATHER;
        if let Some(last) = running.store.last_noticed(owner, &channel, batch)? {
            due = due.max(last + APART);
        }
        if let Some(quiet) = contact.quiet.filter(|_| !news.is_urgent()) {
            due = quiet.over(due, &zone(running, owner));
        }
        notices.push(notice(owner, channel, batch, due));
    }
    for program in telling.programs.iter().filter(|of| is_sent(of, news)) {
        let channel = format!("notification:{}", program.id);
        notices.push(notice(program.tenant.as_ref(), channel, &news.id, now));
    }
    Ok(notices)
}

fn hears(contact: &Contact, news: &News) -> bool {
    let wants = news.topic().is_some_and(|topic| contact.told.contains(&topic));
    let own = contact.tenant == news.tenant;
    let may = match news.what {
        // Who could answer nothing is not asked.
        What::Held { .. } => own && contact.approves > Money::ZERO,
        What::Digest(_) | What::Nearly { .. } => own,
        _ => own || contact.tenant.is_none(),
    };
    wants && may && contact.mail.is_some()
}

fn is_sent(program: &Program, news: &News) -> bool {
    let wants = news.topic().is_some_and(|topic| program.told.contains(&topic));
    wants && (program.tenant.is_none() || program.tenant == news.tenant)
}

/// Puts the question on record; whether it is to be asked.
fn ask(running: &Running, news: &News, outgoing: &Outgoing) -> Result<bool, StoreError> {
    let What::Held { approval, extension, number, country, line, per_minute, expires, reasons } =
        &news.what
    else {
        return Ok(false);
    };
    let (Some(tenant), kind) = (&news.tenant, serde_json::to_value(line)?) else {
        return Ok(false);
    };
    running.store.ask_approval(&Approval {
        id: approval.clone(),
        tenant: tenant.clone(),
        extension: extension.as_ref().map(|of| of.as_str().to_owned()),
        call: part::<Verdict>(outgoing, "verdict").map(|of| of.call.0.to_string()),
        number: number.clone(),
        country: country.to_string(),
        kind: kind.as_str().unwrap_or_default().to_owned(),
        per_minute: *per_minute,
        reasons: serde_json::to_value(reasons)?,
        case: news.case.clone(),
        made: news.at,
        expires: *expires,
        answer: None,
    })
}

/// What something in the outbox tells; `None` where it is nothing we know.
fn news(outgoing: &Outgoing) -> Option<News> {
    let case = outgoing.body.get("case").and_then(Json::as_str).map(str::to_owned);
    Some(News {
        id: outgoing.id.clone(),
        tenant: outgoing.tenant.clone(),
        at: outgoing.made,
        case,
        what: what(outgoing)?,
    })
}

fn what(outgoing: &Outgoing) -> Option<What> {
    match outgoing.kind.as_str() {
        "alerted" => {
            let Alert { extension, at_stake, reasons, .. } = part(outgoing, "alert")?;
            Some(What::Alert { extension, at_stake, reasons })
        }
        "blocked" => {
            let block: Block = part(outgoing, "block")?;
            let reasons: Vec<Reason> = part(outgoing, "reasons").unwrap_or_default();
            let by = match &block.origin {
                Origin::Engine => None,
                Origin::Person(name) => Some(name.to_string()),
            };
            Some(What::Blocked {
                extension: block.scope.extension().cloned(),
                level: block.level,
                until: block.until,
                shadow: block.shadow,
                by,
                reasons,
            })
        }
        "lifted" => {
            let block: Block = part(outgoing, "block")?;
            // What never held needs no end, and what holds on in another block has none.
            let over = outgoing.body.get("replaced_by").is_none_or(serde_json::Value::is_null);
            let extension = block.scope.extension().cloned();
            (over && !block.shadow).then_some(What::Lifted { extension, level: block.level })
        }
        "verdict" => held(outgoing),
        "proposal" => {
            let text = |name: &str| Some(outgoing.body.get(name)?.as_str()?.to_owned());
            let not_before: jiff::Timestamp = text("not_before")?.parse().ok()?;
            let not_before = WallTime(not_before.as_microsecond());
            Some(What::Proposed { act: text("what")?, by: text("proposed_by")?, not_before })
        }
        _ => None,
    }
}

fn held(outgoing: &Outgoing) -> Option<What> {
    let verdict: Verdict = part(outgoing, "verdict")?;
    let attempt: Attempt = part(outgoing, "attempt")?;
    let asked = verdict.pass.iter().find_map(|pass| match *pass {
        Pass::Approval { number, country, kind, per_minute } => {
            Some((number, country, kind, per_minute))
        }
        _ => None,
    });
    let (number, country, line, per_minute) = asked.filter(|_| verdict.acted)?;
    Some(What::Held {
        approval: outgoing.id.clone(),
        extension: attempt.extension,
        number: number.full(),
        country,
        line,
        per_minute,
        expires: outgoing.made + ANSWER_WITHIN,
        reasons: verdict.reasons,
    })
}

/// A part of the event that something in the outbox is about.
fn part<T: DeserializeOwned>(outgoing: &Outgoing, name: &str) -> Option<T> {
    let part = outgoing.body.get("what")?.get(name)?;
    T::deserialize(part).ok()
}

/// What is to be done when it is fraud at a tenant: what is done at once, then who is called, in order.
pub(crate) fn plan(
    telling: &Telling,
    tenant: Option<&TenantId>,
    language: Language,
) -> Vec<String> {
    let Some(tenant) = tenant else { return Vec::new() };
    let mut steps = telling.tenants.get(tenant).map(|of| of.at_once.clone()).unwrap_or_default();
    let call = match language {
        Language::En => "Call",
        Language::Nl => "Bel",
    };
    let mut people: Vec<&Contact> =
        telling.contacts.iter().filter(|of| of.tenant.as_ref() == Some(tenant)).collect();
    people.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let line = |of: &Contact| Some(format!("{call} {}, {}", of.name, of.phone.as_ref()?));
    steps.extend(people.into_iter().filter_map(line));
    steps
}
