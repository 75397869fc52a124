//! Each signal on a pair of traces: it fires on the attack, and stays quiet on the innocent look-alike.
//!
//! The traces and their format: `traces/README.md`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)] // a test reads its files

mod trace;

use ringfence_fraud::{Act, Engine, Facts, Settings};
use ringfence_model::{CallEvent, Country, Now, Reason, SignalKind, Target, WallTime};
use ringfence_numbering::{DialPlan, Numbering, Tariff};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trace::{Expected, Trace};

/// The strongest finding of each kind since the trace's `watch` line.
fn findings(trace: &Trace) -> Vec<(SignalKind, f32)> {
    let settings = Arc::new(Settings::new(trace.policy.clone()).unwrap());
    let deck = Tariff::import(trace.deck.as_bytes(), &Default::default(), &Default::default());
    let mut shard = Shard {
        engine: Engine::new(settings),
        tariff: deck.unwrap().0,
        plan: DialPlan::of(Country::NL),
        watch: trace.watch,
        found: Vec::new(),
        looked: WallTime(0),
    };
    for (at, event) in &trace.events {
        shard.look_until(*at);
        shard.event(*at, event);
    }
    shard.found
}

/// What the gate does around an engine, as far as a trace needs it.
struct Shard {
    engine: Engine,
    tariff: Tariff,
    plan: DialPlan,
    watch: WallTime,
    found: Vec<(SignalKind, f32)>,
    looked: WallTime,
}

impl Shard {
    /// A look at running calls every ten seconds.
    fn look_until(&mut self, at: WallTime) {
        while self.engine.is_busy() && self.looked + Duration::from_secs(10) <= at {
            self.looked = self.looked + Duration::from_secs(10);
            let mut acts = Vec::new();
            self.engine.tick(Now::from_wall(self.looked), &mut acts);
            acts.iter().for_each(|act| self.hear_act(self.looked, act));
        }
        self.looked = at;
    }

    fn event(&mut self, at: WallTime, event: &CallEvent) {
        let now = Now::from_wall(at);
        let mut acts = Vec::new();
        match event {
            CallEvent::Attempt(attempt)
                if attempt.direction == ringfence_model::Direction::Inbound =>
            {
                self.engine.inbound(attempt, at);
            }
            CallEvent::Attempt(attempt) => {
                let target = Numbering::embedded().classify(&attempt.dialled, &self.plan);
                let Target::Outside(to) = target else {
                    panic!("{} stays inside", attempt.dialled)
                };
                let civil = self.engine.civil(&attempt.tenant, at);
                let rate = self.tariff.rate(&to, civil.weekday(), civil.minute);
                let rate = rate.unwrap_or_else(|| panic!("no price for {}", attempt.dialled));
                let facts = Facts { attempt, destination: &to, rate, default_tariff: false };
                let verdict = self.engine.outbound(now, &facts, &mut acts);
                self.hear(at, &verdict.reasons);
            }
            CallEvent::Answered { call } => self.engine.answered(now, *call),
            CallEvent::Released(release) => self.engine.released(now, release, &mut acts),
            CallEvent::Registered(registration) => self.engine.registered(registration, at),
            CallEvent::RegistrationFailed(failure) => self.engine.registration_failed(failure, at),
            CallEvent::ConfigChanged(change) => {
                let to = change.forward_to.as_deref();
                let to = to.map(|to| Numbering::embedded().classify(to, &self.plan));
                let country = to.and_then(|to| match to {
                    Target::Outside(to) if to.class().is_paid() => Some(to.country),
                    _ => None,
                });
                self.engine.config_changed(change, country, at);
            }
            CallEvent::Reviewed(review) => self.engine.reviewed(review, at, &mut acts),
            CallEvent::Tenant(_) | CallEvent::Ringing { .. } => {}
        }
        acts.iter().for_each(|act| self.hear_act(at, act));
    }

    fn hear_act(&mut self, at: WallTime, act: &Act) {
        match act {
            Act::Cut { reasons, .. } | Act::Blocked { reasons, .. } => self.hear(at, reasons),
            Act::Alerted(alert) => self.hear(at, &alert.reasons),
            Act::Lifted { .. } => {}
        }
    }

    fn hear(&mut self, at: WallTime, reasons: &[Reason]) {
        for reason in reasons.iter().filter(|_| at >= self.watch) {
            let Reason::Signal(signal) = reason else { continue };
            match self.found.iter_mut().find(|(kind, _)| *kind == signal.kind) {
                Some((_, most)) => *most = most.max(signal.weight),
                None => self.found.push((signal.kind, signal.weight)),
            }
        }
    }
}

/// Says what is wrong with a trace file; nothing when its expectation holds.
fn fault(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let trace = Trace::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let found = findings(&trace);
    let weight = |kind| found.iter().find(|(k, _)| *k == kind).map_or(0.0, |(_, weight)| *weight);
    let Expected { kind, at_least, below } = trace.expected;
    let weight = weight(kind);
    let wrong =
        at_least.is_some_and(|least| weight < least) || below.is_some_and(|most| weight >= most);
    wrong.then(|| format!("{}: {kind:?} weighs {weight:.2}; all: {found:.2?}", path.display()))
}

#[test]
fn each_signal_tells_its_pair_apart() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut faults = Vec::new();
    let mut pairs = 0;
    for folder in std::fs::read_dir(traces).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.is_dir() {
            pairs += 1;
            faults.extend(fault(&folder.join("attack.trace")));
            faults.extend(fault(&folder.join("innocent.trace")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(pairs, 17, "one pair for each signal");
}

#[test]
fn an_attack_must_fire_and_an_innocent_must_not() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    for folder in std::fs::read_dir(traces).unwrap().map(|entry| entry.unwrap().path()) {
        for (name, fires) in [("attack.trace", true), ("innocent.trace", false)] {
            let Ok(text) = std::fs::read_to_string(folder.join(name)) else { continue };
            let expected = Trace::parse(&text).unwrap().expected;
            let signal = format!("{:?}", expected.kind).to_lowercase();
            assert_eq!(signal, folder.file_name().unwrap().to_str().unwrap().replace('_', ""));
            assert_eq!(
                expected.at_least.is_some_and(|least| least >= 0.4),
                fires,
                "{folder:?} {name}"
            );
            assert_eq!(expected.below.is_some_and(|most| most <= 0.3), !fires, "{folder:?} {name}");
        }
    }
}
