//! Reads every figure there is.

use super::{Family, Labels, Sort};
use crate::control::Fault;
use crate::running::Running;
use ringfence_call::Counts as Calls;
use ringfence_gate::Heard;
use ringfence_guard::{Counts as Guard, Why};

/// What one shard says of itself.
struct Shard {
    calls: Calls,
    heard: Heard,
    guard: Guard,
    bans: u64,
    blocks: u64,
}

pub(super) async fn families(running: &Running) -> Result<Vec<Family>, Fault> {
    let shards = running
        .shards
        .each(|gate, now| Shard {
            calls: gate.calls().counts(),
            heard: gate.heard(),
            guard: gate.guard().counts(),
            bans: gate.guard().bans(now).len() as u64,
            blocks: crate::views::blocks(gate, now).len() as u64,
        })
        .await?;
    let mut all = Vec::new();
    program(running, &mut all);
    decided(running, &mut all);
    advised(running, &mut all);
    held(&shards, &mut all);
    heard(&shards, &mut all);
    rim(running, &mut all);
    Ok(all)
}

fn one(name: &str, help: &'static str, sort: Sort, value: u64) -> Family {
    many(name, help, sort, vec![(Vec::new(), value)])
}

fn many(name: &str, help: &'static str, sort: Sort, samples: Vec<(Labels, u64)>) -> Family {
    Family { name: name.to_owned(), help, sort, samples }
}

fn by<const N: usize>(label: &'static str, of: [(&str, u64); N]) -> Vec<(Labels, u64)> {
    of.into_iter().map(|(value, count)| (vec![(label, value.to_owned())], count)).collect()
}

fn program(running: &Running, all: &mut Vec<Family>) {
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    all.push(many("build_info", "The program", Sort::Gauge, vec![(version, 1)]));
    let secs = |at: ringfence_model::WallTime| at.as_secs().unsigned_abs();
    let (since, settings) = running.times();
    all.push(one("start_time_seconds", "When it started, since 1970", Sort::Gauge, secs(since)));
    let help = "When the settings in force were read, since 1970";
    all.push(one("settings_time_seconds", help, Sort::Gauge, secs(settings)));
    let lag = &running.lag;
    let help = "Seconds since the store had all records";
    all.push(one("store_lag_seconds", help, Sort::Gauge, lag.secs(crate::wall())));
    let figure = |of: &std::sync::atomic::AtomicU64| of.load(std::sync::atomic::Ordering::Relaxed);
    let help = "Bytes of records that are not in the store";
    all.push(one("store_behind_bytes", help, Sort::Gauge, figure(&lag.behind_bytes)));
    let help = "Lines of records the store did not take";
    all.push(one("store_lines_refused", help, Sort::Counter, figure(&lag.refused)));
    let told = &running.told;
    let results = [
        ("failed", figure(&told.failed)),
        ("given_up", figure(&told.given_up)),
        ("sent", figure(&told.sent)),
    ];
    let help = "Messages to people and programs, by what became of a try";
    all.push(many("notices", help, Sort::Counter, by("result", results)));
    let help = "Messages that wait to be sent";
    all.push(one("notices_waiting", help, Sort::Gauge, figure(&told.waiting)));
    let help = "Seconds since the oldest message that was not sent";
    all.push(one("notices_oldest_seconds", help, Sort::Gauge, figure(&told.oldest_secs)));
    let draining = u64::from(running.is_draining());
    all.push(one("draining", "Whether no new calls are taken", Sort::Gauge, draining));
    if let Some(ends) = running.shards.edge().certificate_expires() {
        let help = "When our certificate ends, since 1970";
        all.push(one("certificate_end_time_seconds", help, Sort::Gauge, secs(ends)));
    }
    let help = "Things that are wrong at the moment; the status names them";
    all.push(one("troubles", help, Sort::Gauge, running.troubles.count() as u64));
    let about = running.troubles.about().into_iter();
    let about = about.map(|about| (vec![("about", about.to_owned())], 1)).collect();
    all.push(many("trouble", "What is wrong at the moment", Sort::Gauge, about));
}

fn decided(running: &Running, all: &mut Vec<Family>) {
    let tally = &running.tally;
    let verdicts = [
        ("allow", tally.allowed.get()),
        ("reject", tally.rejected.get()),
        ("would_reject", tally.would_reject.get()),
    ];
    let help = "Answers about calls; would_reject where a customer is only watched";
    all.push(many("verdicts", help, Sort::Counter, by("action", verdicts)));
    let counter = |name, help, of: &crate::records::Count| one(name, help, Sort::Counter, of.get());
    all.push(counter("calls_cut", "Running calls ended by the engine", &tally.cuts));
    all.push(counter("blocks_set", "Blocks that came into force", &tally.blocks_set));
    all.push(counter("blocks_lifted", "Blocks that ended", &tally.blocks_lifted));
    all.push(counter("alerts", "Alerts to people", &tally.alerts));
    let cdrs =
        [("answered", tally.cdrs_answered.get()), ("unanswered", tally.cdrs_unanswered.get())];
    all.push(many("cdrs", "Call records", Sort::Counter, by("outcome", cdrs)));
    let help = "Records lost because the writer was too far behind";
    all.push(counter("records_dropped", help, &tally.records_dropped));
    let help = "Lines of records given up because the disk took none";
    all.push(counter("record_lines_lost", help, &tally.lines_lost));
    all.push(counter("write_errors", "Writes the disk refused", &tally.write_errors));
    all.push(counter("snapshots", "States of shards written", &tally.snapshots));
    if let Some(spans) = &running.spans {
        let counts = spans.counts();
        let samples = by(
            "result",
            [
                ("sent", counts.sent.get()),
                ("failed", counts.failed.get()),
                ("dropped", counts.dropped.get()),
            ],
        );
        let help = "Spans for the collector: taken, not taken, and without room to wait";
        all.push(many("spans", help, Sort::Counter, samples));
    }
    let help = "Bytes of the checkpoint logs";
    all.push(one("journal_bytes", help, Sort::Gauge, tally.journal_bytes.get()));
    let help = "Longest a shard stood still for a snapshot, in microseconds";
    let longest = tally.snapshot_pause_us_max.get();
    all.push(one("snapshot_pause_microseconds_max", help, Sort::Gauge, longest));
}

fn advised(running: &Running, all: &mut Vec<Family>) {
    let advice = &running.advice;
    let questions = [
        ("judged", advice.judged.get()),
        ("failed", advice.failed.get()),
        ("stranger", advice.strangers.get()),
    ];
    let help = "Questions of PBXs; failed ones were answered without a verdict";
    all.push(many("adviser_questions", help, Sort::Counter, by("result", questions)));
    let told = [("call", advice.told.get()), ("record", advice.records.get())];
    all.push(many("adviser_told", "What PBXs told", Sort::Counter, by("what", told)));
    let seen = &running.overheard;
    let read = [
        ("read", seen.read.get()),
        ("refused", seen.refused.get()),
        ("unreadable", seen.unreadable.get()),
    ];
    let help = "Copies of signalling, events and lines of PBXs";
    all.push(many("feed_messages", help, Sort::Counter, by("result", read)));
    let what = [("call", seen.calls.get()), ("failed_login", seen.logins.get())];
    let help = "What was seen in them: steps of calls, failed logins";
    all.push(many("feed_seen", help, Sort::Counter, by("what", what)));
    let help = "What was seen and found no room, or no shard that took it";
    all.push(one("feed_lost", help, Sort::Counter, seen.lost.get()));
    let (well, failing) = running.standing.counts();
    let feeds = by("state", [("heard", well), ("not_heard", failing)]);
    all.push(many("feeds", "Feeds of PBXs", Sort::Gauge, feeds));
    let orders = [("ended", advice.ended.get()), ("failed", advice.refused.get())];
    let help = "Orders to PBXs to end a call";
    all.push(many("adviser_hangups", help, Sort::Counter, by("result", orders)));
}

fn held(shards: &[Shard], all: &mut Vec<Family>) {
    let mut gauge = |name, help, of: &dyn Fn(&Shard) -> u64| {
        all.push(one(name, help, Sort::Gauge, shards.iter().map(of).sum()));
    };
    gauge("calls", "Calls held, those that wait for late answers included", &|s| {
        s.calls.calls as u64
    });
    gauge("dialogs", "Dialogs held", &|s| s.calls.dialogs as u64);
    gauge("transactions", "Transactions held", &|s| s.calls.transactions as u64);
    gauge("registrations", "Registered contacts", &|s| s.calls.contacts as u64);
    gauge("blocks", "Blocks in force", &|s| s.blocks);
    gauge("bans", "Sources that are not heard", &|s| s.bans);
}

fn heard(shards: &[Shard], all: &mut Vec<Family>) {
    let sum = |of: &dyn Fn(&Shard) -> u64| shards.iter().map(of).sum::<u64>();
    let messages = [
        ("dropped", sum(&|s| s.heard.dropped)),
        ("faulty", sum(&|s| s.heard.faulty)),
        ("handed", sum(&|s| s.heard.handed)),
        ("shed", sum(&|s| s.heard.shed)),
        ("unreadable", sum(&|s| s.heard.unreadable)),
    ];
    let help = "Messages that came in";
    all.push(one("messages_received", help, Sort::Counter, sum(&|s| s.heard.messages)));
    let help = "Messages that went no further, or to another shard";
    all.push(many("messages_turned_away", help, Sort::Counter, by("because", messages)));
    let dropped = Why::ALL.map(|why| {
        let labels = vec![("because", why.name().to_owned())];
        (labels, sum(&|s| s.guard.dropped(why)))
    });
    let help = "Messages the guard did not let in";
    all.push(many("guard_dropped", help, Sort::Counter, dropped.into()));
    let guard = [
        ("bans", sum(&|s| s.guard.bans)),
        ("evidence", sum(&|s| s.guard.evidence)),
        ("keep_alives", sum(&|s| s.guard.keep_alives)),
        ("passwords_proven", sum(&|s| s.guard.successes)),
        ("passwords_unchecked", sum(&|s| s.guard.failures_unchecked)),
        ("passwords_wrong", sum(&|s| s.guard.failures)),
    ];
    all.push(many("guard_events", "What the guard did", Sort::Counter, by("event", guard)));
}

/// Each shard's sockets.
fn rim(running: &Running, all: &mut Vec<Family>) {
    let edge = running.shards.edge();
    let mut samples: Vec<(Labels, u64)> = Vec::new();
    for shard in 0..running.shards.count() {
        let Some(counters) = edge.counters(shard) else { continue };
        for (name, value) in counters.each() {
            samples.push((vec![("shard", shard.to_string()), ("what", name.to_owned())], value));
        }
    }
    for (name, value) in edge.stream_counters().each() {
        samples.push((vec![("shard", "all".to_owned()), ("what", name.to_owned())], value));
    }
    // Connections come and go: the only ones that are no counters.
    let (gauges, counters): (Vec<_>, Vec<_>) = samples.into_iter().partition(|(labels, _)| {
        labels.iter().any(|(_, what)| what == "connections" || what == "open")
    });
    all.push(many("edge", "What sockets did", Sort::Counter, counters));
    let without_what = |(mut labels, value): (Labels, u64)| {
        labels.truncate(1);
        (labels, value)
    };
    let gauges = gauges.into_iter().map(without_what).collect();
    all.push(many("edge_connections", "Connections held", Sort::Gauge, gauges));
}
