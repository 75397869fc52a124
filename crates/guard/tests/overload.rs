//! A model of one shard under load: a queue, a server, calls with messages that follow, callers that repeat.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_guard::{Load, LoadSettings, Shed};
use ringfence_model::Moment;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Service time of a whole call, in microseconds: 2,000 calls a second.
const CALL_US: u64 = 500;
/// Of that, the INVITE takes 40 % and each of three later messages 20 %.
const INVITE_US: u64 = CALL_US * 40 / 100;
const LATER_US: u64 = CALL_US * 20 / 100;
const LATER_AT_MS: [u64; 3] = [150, 400, 1_500];
/// An INVITE and the ACK read, a 503 written.
const REFUSE_US: u64 = CALL_US * 8 / 100;
/// An INVITE read.
const DROP_US: u64 = CALL_US * 4 / 100;
const BATCH: usize = 32;
const SECS: u64 = 12;
/// The first seconds are not measured: the later messages of the first calls are yet to come.
const WARM_UP_SECS: u64 = 3;
/// Timer A: when an unanswered INVITE over UDP is repeated, until the caller has lost patience.
const REPEATS_MS: [u64; 3] = [500, 1_500, 3_500];

#[derive(Clone, Copy)]
enum Input {
    Call { attempt: usize, emergency: bool },
    Later,
}

#[derive(Default, Debug)]
struct Outcome {
    calls_per_sec: Vec<u64>,
    emergencies: [u64; 2],
    refused: u64,
    waited_us: Vec<u64>,
}

impl Outcome {
    fn goodput(&self) -> f64 {
        let measured = &self.calls_per_sec[WARM_UP_SECS as usize..];
        measured.iter().sum::<u64>() as f64 / measured.len() as f64
    }

    fn worst_sec(&self) -> u64 {
        *self.calls_per_sec[WARM_UP_SECS as usize..].iter().min().unwrap()
    }

    fn waited_ms(&self, percent: usize) -> u64 {
        let mut sorted = self.waited_us.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * percent / 100] / 1_000
    }
}

/// `times(t)` the capacity is offered at second `t`, at random moments.
fn run(controlled: bool, repeats: bool, times: impl Fn(u64) -> f64) -> Outcome {
    let mut load = Load::new(LoadSettings::default(), 11);
    let mut chance = Chance(42);
    let mut outcome = Outcome { calls_per_sec: vec![0; SECS as usize], ..Outcome::default() };
    let mut later: BTreeMap<(u64, u64), Input> = BTreeMap::new();
    let mut queue: VecDeque<(u64, Input)> = VecDeque::new();
    let (mut now, mut next_call, mut serial) = (0_u64, 0_u64, 0_u64);
    while now < SECS * 1_000_000 {
        while next_call <= now {
            serial += 1;
            let emergency = serial.is_multiple_of(500);
            later.insert((next_call, serial), Input::Call { attempt: 0, emergency });
            let mean = CALL_US as f64 / times(next_call / 1_000_000).max(0.001);
            next_call += (-mean * (1.0 - chance.next()).ln()).ceil() as u64;
        }
        while let Some(first) = later.first_entry().filter(|first| first.key().0 <= now) {
            queue.push_back((first.key().0, first.remove()));
        }
        let Some((oldest, _)) = queue.front() else {
            now = next_call.min(later.keys().next().map_or(u64::MAX, |(at, _)| *at));
            continue;
        };
        load.observe(Moment(now), Duration::from_micros(now - oldest), queue.len());
        for _ in 0..BATCH.min(queue.len()) {
            let (since, input) = queue.pop_front().unwrap();
            let sec = (now / 1_000_000).min(SECS - 1);
            if sec >= WARM_UP_SECS {
                outcome.waited_us.push(now - since);
            }
            let Input::Call { attempt, emergency } = input else {
                now += LATER_US;
                continue;
            };
            outcome.emergencies[0] += u64::from(emergency);
            let shed = if controlled { load.accepts_new_call(|| emergency) } else { Shed::No };
            match shed {
                Shed::No => {
                    now += INVITE_US;
                    // Who had to wait for longer than T1 repeats itself, and both copies were work.
                    let late = now - since > 500_000;
                    outcome.calls_per_sec[sec as usize] += u64::from(!late);
                    outcome.emergencies[1] += u64::from(emergency);
                    for ms in LATER_AT_MS {
                        serial += 1;
                        later.insert((now + ms * 1_000, serial), Input::Later);
                    }
                }
                Shed::Answer503 { .. } => {
                    now += REFUSE_US;
                    outcome.refused += 1;
                }
                Shed::Drop => {
                    now += DROP_US;
                    if let Some(ms) = REPEATS_MS.get(attempt).filter(|_| repeats) {
                        let at = (since + ms * 1_000).max(now);
                        serial += 1;
                        later.insert((at, serial), Input::Call { attempt: attempt + 1, emergency });
                    }
                }
            }
        }
    }
    outcome
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn goodput_holds_under_overload() {
    let at = |times: f64, repeats| run(true, repeats, move |_| times);
    let half = at(0.5, true);
    assert_eq!(
        (half.refused, half.waited_ms(100) < 60),
        (0, true),
        "half the capacity: nothing is shed"
    );
    let peak =
        [0.8, 0.9, 1.0].map(|times| at(times, true).goodput()).into_iter().fold(0.0, f64::max);
    println!("peak {peak:.0} calls/s of {}", 1_000_000 / CALL_US);
    assert!(peak > 0.9 * 1e6 / CALL_US as f64);
    // With repeats, each dropped call comes up to four times: four times the capacity is then up to sixteen times.
    for (times, repeats, floor) in [
        (1.2, false, 0.97),
        (1.2, true, 0.97),
        (2.0, false, 0.90),
        (2.0, true, 0.88),
        (4.0, false, 0.78),
        (4.0, true, 0.45),
    ] {
        let outcome = at(times, repeats);
        let percent = |goodput: f64| 100.0 * goodput / peak;
        println!(
            "{times} x capacity, repeats {repeats}: goodput {:.1} % of peak, worst second {:.1} %, \
             waited p50 {} ms, p99 {} ms, max {} ms, refused {}",
            percent(outcome.goodput()),
            percent(outcome.worst_sec() as f64),
            outcome.waited_ms(50),
            outcome.waited_ms(99),
            outcome.waited_ms(100),
            outcome.refused,
        );
        assert!(outcome.goodput() >= floor * peak, "{times} x capacity, repeats {repeats}");
        assert!(outcome.worst_sec() as f64 >= 0.8 * floor * peak, "no swinging");
        assert!(outcome.waited_ms(99) < 40 && outcome.waited_ms(100) < 60, "bounded waiting");
        assert_eq!(outcome.emergencies[0], outcome.emergencies[1], "emergency calls always");
        assert!(outcome.refused > 0);
    }
}

#[test]
fn without_shedding_the_same_load_collapses() {
    let outcome = run(false, true, |_| 2.0);
    assert!(outcome.goodput() < 0.2 * 1e6 / CALL_US as f64, "the model does show the fault");
}

#[test]
fn a_burst_passes_and_leaves_nothing_behind() {
    let outcome = run(true, false, |sec| if sec == 5 { 6.0 } else { 0.5 });
    let calls = &outcome.calls_per_sec;
    println!("{calls:?}, waited max {} ms", outcome.waited_ms(100));
    assert!(outcome.waited_ms(100) < 250);
    assert!(calls[5] > 1_000, "calls go on during the burst");
    assert!(calls[8..].iter().all(|calls| (850..1_150).contains(calls)), "and after it as before");
}
