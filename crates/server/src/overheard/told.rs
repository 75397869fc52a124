//! What was seen is told to the shard of its tenant: calls as those that nobody asked about, failed logins as evidence.

use crate::adviser::{Asker, Fields};
use crate::config::{Config, Feed, takes_calls};
use crate::running::Running;
use ringfence_connect::feed::{Call, FailedLogin, Parties, Seen, Step};
use ringfence_gate::advised::{Happened, Question, Told};
use ringfence_guard::Sender;
use ringfence_model::{RegistrationFailure, Source};
use tokio::sync::mpsc;

/// Tells, for good.
pub(super) async fn tell(mut waiting: mpsc::Receiver<Seen>, feed: &Feed, running: &Running) {
    while let Some(seen) = waiting.recv().await {
        let config = running.config();
        let told = match seen {
            Seen::Call(call) => tell_call(&config, feed, call, running).await,
            Seen::Failed(login) => tell_login(&config, feed, login, running).await,
        };
        if told.is_none() {
            running.overheard.lost.up();
        }
    }
}

/// `None` where nobody could be told.
async fn tell_call(config: &Config, feed: &Feed, call: Call, running: &Running) -> Option<()> {
    let trunk = config.snapshot.directory.trunk(&feed.trunk)?;
    if !takes_calls(trunk, trunk.login.is_some()) {
        // It comes here, or is asked about: it is known already.
        return Some(());
    }
    let asker = Asker::of_trunk(config, &feed.trunk)?;
    let told = told(&asker, call)?;
    let shard = config.snapshot.directory.shard_of(&asker.tenant);
    let heard = running.shards.ask(shard, move |gate, now| gate.told(now, told)).await;
    heard.ok()?.ok().map(drop)
}

fn told(asker: &Asker<'_>, call: Call) -> Option<Told> {
    let Call { known_as, step, parties, handle } = call;
    let what = match step {
        Step::Began => Happened::Began,
        Step::Answered => Happened::Answered,
        Step::Ended { billable_ms, code } => Happened::Ended { billable_ms, code },
    };
    // An end says nothing of a call that was never heard of, unless it is a whole record.
    let is_enough = match step {
        Step::Began | Step::Answered => true,
        Step::Ended { billable_ms, .. } => billable_ms.is_some_and(|ms| ms > 0),
    };
    let question = is_enough.then(|| question(asker, &known_as, &parties));
    let question = match question {
        Some(question) => Some(Box::new(question?)),
        None => None,
    };
    Some(Told { name: asker.name(&known_as).ok()?, what, handle, question })
}

fn question(asker: &Asker<'_>, known_as: &str, parties: &Parties) -> Option<Question> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let phone = parties.phone.as_deref().and_then(|phone| asker.extension_of(phone));
    let phone = phone.as_ref().map_or("", |phone| phone.as_str());
    let (from, diversion, agent) =
        (text(&parties.from), text(&parties.diversion), text(&parties.user_agent));
    let at = parties.at.map_or_else(String::new, |at| at.ip().to_string());
    let of = |from: &str, diversion: &str| {
        let direction = if parties.inbound { "inbound" } else { "outbound" };
        asker.question(&Fields::of([
            ("call_id", known_as),
            ("to", &parties.to),
            ("from", from),
            ("extension", phone),
            ("diversion", diversion),
            ("direction", direction),
            ("src_ip", &at),
            ("user_agent", &agent),
        ]))
    };
    // Callers write what they like as their own number: that must hide no call.
    of(&from, &diversion).or_else(|_| of("", "")).ok()
}

async fn tell_login(
    config: &Config,
    feed: &Feed,
    login: FailedLogin,
    running: &Running,
) -> Option<()> {
    let asker = Asker::of_trunk(config, &feed.trunk)?;
    let FailedLogin { account, from, stream, user_agent } = login;
    let sender = if stream { Sender::stream(from) } else { Sender::datagram(from) };
    let user_agent = user_agent.map(Into::into);
    let source = Source { ip: from.ip().to_canonical(), country: None, user_agent };
    let extension = asker.extension_of(&account);
    let shard = config.snapshot.directory.shard_of(&asker.tenant);
    let failure = RegistrationFailure { tenant: asker.tenant, extension, count: 1, source };
    let ask = running.shards.ask(shard, move |gate, now| {
        gate.login_failed(now, (sender, &account), failure);
    });
    ask.await.ok()
}
