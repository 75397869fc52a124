//! A PBX that asks and tells: each call once, whatever it repeats, forgets or mixes up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ringfence_fraud::Settings;
use ringfence_gate::advised::{Answer, Happened, Heard, Name, Question, Terms, Told};
use ringfence_gate::{Command, Gate, Input, Output, Setup, Shard, Snapshot};
use ringfence_model::{
    Attempt, CallEvent, CallId, Cdr, Direction, Level, Mode, Moment, Now, Policy, ReleasedBy,
    Scope, Via, WallTime,
};
use ringfence_numbering::{DialPlan, Tariff};
use std::sync::Arc;
use std::time::Duration;

const MONDAY_10: WallTime = WallTime::from_secs(1_773_651_600);
const ABROAD: &str = "0023276123456";

fn snapshot(mode: Mode) -> Arc<Snapshot> {
    let policy = Policy { mode, ..Policy::default() };
    Arc::new(Snapshot::of(Setup {
        settings: Arc::new(Settings::new(policy).unwrap()),
        dial_plan: Arc::new(DialPlan::of("NL".parse().unwrap())),
        tariff: Arc::new(Tariff::default_bands("NL".parse().unwrap())),
    }))
}

/// A gate, and all it said.
struct Bench {
    gate: Gate,
    secs: u64,
    said: Vec<Output>,
}

impl Bench {
    fn new(mode: Mode) -> Self {
        Self { gate: Gate::new(snapshot(mode)), secs: 0, said: Vec::new() }
    }

    fn now(&self) -> Now {
        Now::from_wall(MONDAY_10 + Duration::from_secs(self.secs))
    }

    fn listen(&mut self) -> Option<Moment> {
        loop {
            match self.gate.poll() {
                Output::Sleep(until) => return until,
                output => self.said.push(output),
            }
        }
    }

    fn ask(&mut self, question: Question) -> Answer {
        let answer = self.gate.advise(self.now(), question).unwrap();
        self.listen();
        answer
    }

    fn tell(&mut self, told: Told) -> Heard {
        let heard = self.gate.told(self.now(), told).unwrap();
        self.listen();
        heard
    }

    /// Lets time go by, with the ticks the gate wants.
    fn wait(&mut self, secs: u64) {
        let until = self.now().moment + Duration::from_secs(secs);
        while let Some(at) = self.listen().filter(|at| *at <= until) {
            let wall = MONDAY_10 + (at.max(self.now().moment) - Now::from_wall(MONDAY_10).moment);
            self.gate.handle(Now::from_wall(wall), Input::Tick);
        }
        self.secs += secs;
    }

    fn hang_ups(&self) -> Vec<CallId> {
        let hang_up = |output: &Output| match output {
            Output::HangUp { call, .. } => Some(*call),
            _ => None,
        };
        self.said.iter().filter_map(hang_up).collect()
    }

    fn records(&self) -> Vec<Cdr> {
        let finished = |output: &Output| match output {
            Output::Finished(cdr) => Some(Cdr::clone(cdr)),
            _ => None,
        };
        self.said.iter().filter_map(finished).collect()
    }

    fn attempts(&self) -> usize {
        let tried = |output: &&Output| matches!(output, Output::Event(CallEvent::Attempt(_)));
        self.said.iter().filter(tried).count()
    }

    /// The checkpoints that are left.
    fn kept(&self) -> Vec<([u8; 16], bytes::Bytes)> {
        let mut kept = std::collections::BTreeMap::new();
        for output in &self.said {
            if let Output::Checkpoint { key, state } = output {
                match state {
                    Some(state) => drop(kept.insert(*key, state.clone())),
                    None => drop(kept.remove(key)),
                }
            }
        }
        kept.into_iter().filter(|(key, _)| key[0] == b'V').collect()
    }

    /// Nothing is left: no call, no reservation, no record.
    fn is_quiet(&mut self) {
        self.wait(120);
        assert!(self.gate.advised().is_empty(), "{:?}", self.gate.advised());
        assert_eq!((self.gate.engine().calls().count(), self.kept().len()), (0, 0));
    }
}

fn attempt(dialled: &str) -> Attempt {
    Attempt {
        call: CallId(0),
        tenant: "acme".into(),
        trunk: Some("pbx".into()),
        extension: Some("205".into()),
        direction: Direction::Outbound,
        a_number: None,
        dialled: dialled.into(),
        forwarded_by: None,
        via: Via::Pbx,
        source: None,
        parent: None,
    }
}

const TERMS: Terms = Terms {
    tells: true,
    assumed: Duration::from_secs(180),
    lease: Duration::from_secs(3_600),
    reject_code: 486,
};

fn question(known_as: &str, dialled: &str) -> Question {
    let (attempt, known_as) = (attempt(dialled), known_as.into());
    Question { attempt, known_as, handle: None, continues: None, terms: TERMS }
}

fn told(known_as: &str, what: Happened) -> Told {
    let (tenant, trunk) = ("acme".into(), Some("pbx".into()));
    let name = Name { tenant, trunk, known_as: known_as.into() };
    Told { name, what, handle: None, question: None }
}

const fn ended(secs: u64) -> Happened {
    Happened::Ended { billable_ms: Some(secs * 1_000), code: None }
}

/// The tenant may call at home only.
fn block(bench: &mut Bench) {
    let scope = Scope::Tenant("acme".into());
    let (level, until, by) = (Level::National, None, "anna".into());
    let command = Command::Block { scope, level, until, by };
    bench.gate.handle(bench.now(), Input::Command(command));
    bench.listen();
}

#[test]
fn a_call_that_is_asked_about_and_told_of_leaves_one_record() {
    let mut bench = Bench::new(Mode::Enforce);
    let answer = bench.ask(question("a@pbx", ABROAD));
    assert!(!answer.refused && answer.max_duration.is_some(), "{answer:?}");
    assert_eq!(bench.tell(told("a@pbx", Happened::Began)), Heard::Noted(answer.call));
    bench.wait(7);
    bench.tell(told("a@pbx", Happened::Answered));
    bench.wait(60);
    let running = bench.gate.engine().running(answer.call).unwrap();
    assert_eq!(running.charged(bench.now().moment).as_secs(), 60);
    bench.tell(told("a@pbx", ended(60)));
    let records = bench.records();
    assert_eq!((records.len(), records[0].billable_ms, records[0].code), (1, 60_000, 200));
    assert_eq!(records[0].correlation_id.as_deref(), Some("a@pbx"));
    assert_eq!(*records[0].native_id, answer.call.to_string());
    bench.is_quiet();
}

#[test]
fn what_is_repeated_or_late_changes_nothing() {
    let mut bench = Bench::new(Mode::Enforce);
    let first = bench.ask(question("a@pbx", ABROAD));
    assert_eq!(bench.ask(question("a@pbx", ABROAD)), first);
    bench.tell(told("a@pbx", Happened::Answered));
    bench.wait(5);
    bench.tell(told("a@pbx", Happened::Answered));
    assert_eq!(bench.ask(question("a@pbx", ABROAD)), first);
    bench.tell(told("a@pbx", ended(5)));
    for late in [ended(500), Happened::Answered, Happened::Began, Happened::Runs] {
        assert_eq!(bench.tell(told("a@pbx", late)), Heard::Over);
    }
    assert_eq!((bench.attempts(), bench.records().len()), (1, 1));
    assert_eq!(bench.records()[0].billable_ms, 5_000);
    bench.is_quiet();
}

#[test]
fn the_name_of_one_call_opens_no_door_for_another_number() {
    let mut bench = Bench::new(Mode::Enforce);
    block(&mut bench);
    assert!(!bench.ask(question("a@pbx", "0201234567")).refused);
    let other = bench.ask(question("a@pbx", ABROAD));
    assert!(other.refused && !other.why.is_empty(), "{other:?}");
    // Nor that of another PBX, or another tenant.
    let mut elsewhere = question("a@pbx", "0201234567");
    elsewhere.attempt.trunk = None;
    assert_ne!(bench.ask(elsewhere).call, other.call);
    assert_eq!(bench.attempts(), 3);
}

#[test]
fn an_end_before_its_beginning_leaves_nothing_open() {
    let mut bench = Bench::new(Mode::Enforce);
    assert_eq!(bench.tell(told("a@pbx", ended(3))), Heard::Unknown);
    for late in [Happened::Began, Happened::Answered] {
        let mut late = told("a@pbx", late);
        late.question = Some(question("a@pbx", ABROAD).into());
        assert_eq!(bench.tell(late), Heard::Over);
    }
    assert_eq!(bench.attempts(), 0);
    bench.is_quiet();
}

#[test]
fn a_call_whose_end_is_never_told_does_not_count_for_ever() {
    let mut bench = Bench::new(Mode::Enforce);
    // Rings, and nothing more is heard.
    bench.ask(question("rings@pbx", ABROAD));
    bench.wait(601);
    assert_eq!((bench.records().len(), bench.records()[0].code), (1, 408));
    // Answered, and nothing more is heard.
    let mut short = question("up@pbx", "0201234567");
    short.terms.lease = Duration::from_secs(300);
    bench.ask(short);
    bench.tell(told("up@pbx", Happened::Answered));
    bench.wait(200);
    bench.tell(told("up@pbx", Happened::Runs));
    bench.wait(299);
    assert_eq!(bench.records().len(), 1, "the last word about it was 299 s ago");
    bench.wait(2);
    assert_eq!((bench.records().len(), bench.records()[1].billable_ms), (2, 500_000));
    bench.is_quiet();
}

#[test]
fn a_pbx_that_only_asks_is_taken_to_talk_for_a_while() {
    let mut bench = Bench::new(Mode::Enforce);
    let mut only_asks = question("a@pbx", ABROAD);
    only_asks.terms.tells = false;
    let call = bench.ask(only_asks.clone()).call;
    bench.wait(100);
    assert!(bench.gate.engine().running(call).unwrap().settled > ringfence_model::Money::ZERO);
    bench.wait(81);
    assert_eq!(bench.records()[0].billable_ms, 180_000);
    // Should it tell all the same, that holds.
    only_asks.known_as = "b@pbx".into();
    bench.ask(only_asks);
    bench.wait(20);
    bench.tell(told("b@pbx", ended(12)));
    assert_eq!(bench.records()[1].billable_ms, 12_000);
    bench.is_quiet();
}

#[test]
fn a_length_that_cannot_be_is_not_believed() {
    let mut bench = Bench::new(Mode::Enforce);
    bench.ask(question("a@pbx", ABROAD));
    bench.tell(told("a@pbx", Happened::Answered));
    bench.wait(10);
    bench.tell(told("a@pbx", ended(86_400)));
    assert_eq!(bench.records()[0].billable_ms, 15_000);
    let mut unheard = told("b@pbx", Happened::Ended { billable_ms: Some(u64::MAX), code: None });
    unheard.question = Some(question("b@pbx", "0201234567").into());
    bench.tell(unheard);
    assert_eq!(bench.records()[1].billable_ms, 86_400_000);
    bench.is_quiet();
}

#[test]
fn a_running_call_that_a_block_forbids_is_ordered_to_end_until_it_has() {
    let mut bench = Bench::new(Mode::Enforce);
    let abroad =
        bench.ask(Question { handle: Some("PJSIP/a-1".into()), ..question("a@pbx", ABROAD) });
    let home = bench.ask(question("b@pbx", "0201234567"));
    for name in ["a@pbx", "b@pbx"] {
        bench.tell(told(name, Happened::Answered));
    }
    bench.wait(30);
    block(&mut bench);
    assert_eq!(bench.hang_ups(), [abroad.call]);
    let order = bench.said.iter().find(|output| matches!(output, Output::HangUp { .. }));
    let Some(Output::HangUp { name, handle, .. }) = order else { panic!("{order:?}") };
    assert_eq!((&*name.known_as, handle.as_deref()), ("a@pbx", Some("PJSIP/a-1")));
    let again = bench.ask(question("a@pbx", ABROAD));
    assert!(again.refused, "{again:?}");
    bench.wait(25);
    assert_eq!(bench.hang_ups(), [abroad.call; 3], "again each ten seconds");
    bench.gate.hung_up(bench.now(), abroad.call, true);
    bench.listen();
    assert_eq!(bench.tell(told("a@pbx", ended(33))), Heard::Over);
    let record = &bench.records()[0];
    assert_eq!((record.billable_ms, record.code), (55_000, 200));
    let cut = |output: &&Output| matches!(output, Output::Event(CallEvent::Released(release)) if release.by == ReleasedBy::Policy);
    assert_eq!(bench.said.iter().filter(cut).count(), 1);
    assert!(bench.gate.advised().runs(home.call));
    // Nobody follows the order: written off after a while.
    let person = Input::Command(Command::Cut { call: home.call, by: "anna".into() });
    bench.gate.handle(bench.now(), person);
    bench.wait(400);
    assert_eq!(bench.hang_ups().iter().filter(|call| **call == home.call).count(), 30);
    bench.is_quiet();
}

#[test]
fn a_call_nobody_asked_about_is_judged_when_it_is_told_of() {
    let mut bench = Bench::new(Mode::Enforce);
    block(&mut bench);
    let mut begins = told("a@pbx", Happened::Began);
    begins.question = Some(question("a@pbx", ABROAD).into());
    let Heard::Judged(answer) = bench.tell(begins) else { panic!() };
    assert!(answer.refused);
    assert_eq!(bench.hang_ups(), [answer.call]);
    bench.tell(told("a@pbx", ended(2)));
    let records = bench.records();
    assert_eq!((records.len(), records[0].billable_ms), (1, 2_000));
    // One that was refused and runs all the same as well.
    let refused = bench.ask(question("b@pbx", ABROAD));
    assert!(refused.refused);
    let Heard::Judged(answer) = bench.tell(told("b@pbx", Happened::Answered)) else { panic!() };
    assert!(answer.refused && answer.call != refused.call);
    assert_eq!(bench.hang_ups().last(), Some(&answer.call));
    bench.gate.hung_up(bench.now(), answer.call, true);
    bench.listen();
    bench.is_quiet();
}

#[test]
fn a_call_that_its_pbx_does_not_know_yet_is_ordered_to_end_again() {
    let mut bench = Bench::new(Mode::Enforce);
    let answer = bench.ask(question("a@pbx", ABROAD));
    block(&mut bench);
    bench.gate.hung_up(bench.now(), answer.call, false);
    bench.wait(11);
    assert_eq!(bench.hang_ups(), [answer.call; 2]);
    bench.gate.hung_up(bench.now(), answer.call, true);
    bench.listen();
    assert_eq!(bench.records()[0].code, 408);
    bench.is_quiet();
}

#[test]
fn a_record_of_a_call_nobody_asked_about_teaches() {
    let mut bench = Bench::new(Mode::Observe);
    let mut record = told("a@pbx", ended(120));
    record.question = Some(question("a@pbx", ABROAD).into());
    let Heard::Judged(answer) = bench.tell(record.clone()) else { panic!() };
    assert!(!answer.refused);
    assert_eq!(bench.tell(record), Heard::Over, "a record that comes twice counts once");
    let records = bench.records();
    assert_eq!((records.len(), records[0].billable_ms), (1, 120_000));
    assert_eq!(records[0].ended.secs_since(records[0].started) as u64, 120);
    bench.is_quiet();
}

#[test]
fn what_was_charged_is_that_of_the_call_that_was_answered() {
    let mut bench = Bench::new(Mode::Enforce);
    let first = bench.ask(question("a@pbx", ABROAD));
    let mut begins = told("a@pbx", Happened::Began);
    begins.question = Some(question("a@pbx", "0201234567").into());
    let Heard::Judged(second) = bench.tell(begins) else { panic!() };
    assert_ne!(first.call, second.call, "another number is another call");
    bench.tell(told("a@pbx", Happened::Answered));
    bench.wait(30);
    bench.tell(told("a@pbx", ended(30)));
    let charged = |of: &Cdr| (of.native_id.to_string(), of.billable_ms);
    let mut records: Vec<_> = bench.records().iter().map(charged).collect();
    records.sort();
    assert_eq!(records, [(first.call.to_string(), 0), (second.call.to_string(), 30_000)]);
    bench.is_quiet();
}

#[test]
fn emergency_calls_pass_whatever_is_in_force() {
    let mut bench = Bench::new(Mode::Enforce);
    let scope = Scope::Tenant("acme".into());
    let (level, until, by) = (Level::Suspended, None, "anna".into());
    bench.gate.handle(bench.now(), Input::Command(Command::Block { scope, level, until, by }));
    bench.listen();
    let answer = bench.ask(question("a@pbx", "112"));
    assert!(answer.protected && !answer.refused, "{answer:?}");
    assert!(bench.ask(question("b@pbx", "0201234567")).refused);
}

#[test]
fn running_calls_and_orders_to_end_them_survive_a_restart() {
    let mut bench = Bench::new(Mode::Enforce);
    let stays = bench.ask(question("a@pbx", ABROAD));
    let ends = bench.ask(question("b@pbx", ABROAD));
    for name in ["a@pbx", "b@pbx"] {
        bench.tell(told(name, Happened::Answered));
    }
    bench
        .gate
        .handle(bench.now(), Input::Command(Command::Cut { call: ends.call, by: "anna".into() }));
    bench.listen();
    let (state, kept) = (bench.gate.state(), bench.kept());
    assert_eq!(kept.len(), 2);
    bench.secs += 20;
    let snapshot = snapshot(Mode::Enforce);
    bench.gate = Gate::restore(&Shard::default(), snapshot, state).unwrap();
    bench.said.clear();
    bench.gate.take_up(bench.now(), kept.into_iter());
    bench.wait(1);
    assert!(bench.gate.engine().running(stays.call).is_some());
    assert_eq!(bench.hang_ups(), [ends.call]);
    bench.tell(told("a@pbx", ended(21)));
    assert_eq!(bench.records()[0].billable_ms, 21_000);
    let next = bench.ask(question("c@pbx", "0201234567"));
    assert!(next.call > ends.call, "no name comes twice");
}
