//! More calls than can be handled: refuse some early, so that the others are handled in time.
//!
//! The share of new calls that is shed follows the time inputs wait, as in PIE (RFC 8033): one part for how far that
//! is from the target, one for how long it has been. It is a share and not on and off, so it does not swing, and a
//! call is shed before any work on it. A refusal costs less than the four or five copies of an INVITE that is not
//! answered, so refusals are answered until they are many to each call that is taken; the rest is dropped in silence, and
//! the caller's own repetition is its second chance.

use crate::settings::LoadSettings;
use ringfence_model::Moment;
use std::time::Duration;

/// Share shed per target of excess, at once. With the next figure and a target of 10 ms the loop is damped from 1 to
/// 10 times the capacity, as long as a batch of inputs takes less time than the target.
const AT_ONCE: f64 = 0.2;
/// Share shed per target of excess and second, kept.
const KEPT: f64 = 3.2;
/// Longest time between two observations that counts.
const STEP_MAX: Duration = Duration::from_millis(50);
/// How long after the end of an overload the next excess is taken for the same one.
const BACK: Duration = Duration::from_secs(2);
/// Refusals that may be answered in one go, in hundredths.
const ANSWERS_MAX: u32 = 20_000;
/// What one answer takes out of that.
const ANSWER: u32 = 100;

/// What to do with a new call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shed {
    /// Handle it.
    No,
    /// Refuse it with 503 (RFC 3261 §21.5.4).
    Answer503 {
        /// For `Retry-After`; spread, so that callers do not come back together.
        retry_after_secs: u32,
    },
    /// Drop it in silence.
    Drop,
}

/// The load of one shard. Requests within a dialog are never asked about.
#[derive(Clone, Debug)]
pub struct Load {
    settings: LoadSettings,
    chance: Chance,
    observed: Moment,
    waiting: Duration,
    backlog: usize,
    above_since: Option<Moment>,
    shedding: bool,
    /// When calls were shed last.
    shed_at: Option<Moment>,
    kept: f64,
    share: f64,
    answers: u32,
}

impl Load {
    /// Nothing waits yet. `seed` decides which calls are shed.
    #[must_use]
    pub fn new(settings: LoadSettings, seed: u64) -> Self {
        Self {
            settings,
            chance: Chance(seed),
            observed: Moment(0),
            waiting: Duration::ZERO,
            backlog: 0,
            above_since: None,
            shedding: false,
            shed_at: None,
            kept: 0.0,
            share: 0.0,
            answers: ANSWERS_MAX,
        }
    }

    /// Other settings from now on.
    pub fn reconfigure(&mut self, settings: LoadSettings) {
        self.settings = settings;
    }

    /// Told before each batch of inputs: how long the oldest one waited, and how many wait.
    pub fn observe(&mut self, now: Moment, waiting: Duration, backlog: usize) {
        let step = (now - self.observed).min(STEP_MAX).as_secs_f64();
        (self.observed, self.waiting, self.backlog) = (now, waiting, backlog);
        let target = Duration::from_millis(self.settings.target_ms.max(1).into());
        if waiting <= target {
            self.above_since = None;
        } else {
            let since = *self.above_since.get_or_insert(now);
            // An overload that comes back is no stall.
            let lately = self.shed_at.is_some_and(|at| now - at < BACK);
            let patience = Duration::from_millis(self.settings.patience_ms.into());
            self.shedding |= lately || now - since >= patience;
        }
        if self.shedding {
            self.shed_at = Some(now);
            self.steer(waiting.as_secs_f64() / target.as_secs_f64() - 1.0, step);
        }
    }

    /// Whether a new call is handled. An emergency call always is; only of a call that would be shed it is asked
    /// whether it is one, since the answer is most of the work.
    pub fn accepts_new_call(&mut self, is_emergency: impl FnOnce() -> bool) -> Shed {
        let is_extreme = self.is_extreme();
        if !is_extreme && (self.share <= 0.0 || self.chance.next() >= self.share) {
            self.answers = (self.answers + self.settings.answers_percent).min(ANSWERS_MAX);
            return Shed::No;
        }
        if is_emergency() {
            return Shed::No;
        }
        if is_extreme {
            return Shed::Drop;
        }
        match self.answers.checked_sub(ANSWER) {
            Some(left) => {
                self.answers = left;
                Shed::Answer503 { retry_after_secs: self.retry_after_secs() }
            }
            None => Shed::Drop,
        }
    }

    /// Whether a repeated request that is not remembered, or not worth its answer, is handled. While calls are shed
    /// it is dropped: its first copy is waiting, or was refused.
    #[must_use]
    pub fn accepts_retransmission(&self) -> bool {
        !self.shedding && !self.is_extreme()
    }

    /// The share of new calls that is shed now, from 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.is_extreme() { 1.0 } else { self.share }
    }

    fn steer(&mut self, excess: f64, step: f64) {
        // A share that is at its end already does not wind up further.
        if self.share < 1.0 || excess < 0.0 {
            self.kept = (self.kept + KEPT * excess * step).clamp(0.0, 1.0);
        }
        self.share = (self.kept + AT_ONCE * excess).clamp(0.0, 1.0);
        self.shedding = self.share > 0.0 || self.kept > 0.0;
    }

    fn is_extreme(&self) -> bool {
        self.waiting >= Duration::from_millis(self.settings.extreme_ms.into())
            || self.backlog >= self.settings.extreme_backlog
    }

    /// The more is shed, the later; each one elsewhere in the first half or second half of that time.
    fn retry_after_secs(&mut self) -> u32 {
        let longest = f64::from(self.settings.retry_after_max_secs.max(1));
        let spread = 0.5 + self.chance.next();
        ((longest * self.share * spread).ceil()).clamp(1.0, longest) as u32
    }
}

/// SplitMix64: enough chance that no caller is the one that is always shed.
#[derive(Clone, Debug)]
struct Chance(u64);

impl Chance {
    /// From 0 to below 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(waits_ms: &[u64]) -> Load {
        let mut load = Load::new(LoadSettings::default(), 7);
        for (i, wait) in waits_ms.iter().enumerate() {
            load.observe(Moment(i as u64 * 5_000), Duration::from_millis(*wait), 10);
        }
        load
    }

    #[test]
    fn a_single_stall_sheds_nothing() {
        // The machine stood still for 75 ms; what came meanwhile is worked off.
        let waits: Vec<u64> = (0..16).map(|turn| 75 - 5 * turn).collect();
        for seen in 1..=waits.len() {
            let mut load = after(&waits[..seen]);
            assert!((0..1_000).all(|_| load.accepts_new_call(|| false) == Shed::No));
            assert!(load.accepts_retransmission());
        }
    }

    #[test]
    fn a_standing_queue_sheds_calls_but_no_emergency() {
        let mut load = after(&[30; 60]);
        assert!(load.share() > 0.8, "{}", load.share());
        assert!((0..1_000).all(|_| load.accepts_new_call(|| true) == Shed::No));
        let calls: Vec<_> = (0..1_000).map(|_| load.accepts_new_call(|| false)).collect();
        let answered = |shed: &&Shed| matches!(shed, Shed::Answer503 { retry_after_secs: 1..=8 });
        assert!(calls.contains(&Shed::Drop), "answers have a budget");
        assert!(calls.iter().filter(answered).count() >= 50);
        assert!(!load.accepts_retransmission());
    }

    /// A call that is dropped comes back up to four times within eight seconds.
    #[test]
    fn at_four_times_the_capacity_whoever_is_refused_is_told() {
        let mut load = Load::new(LoadSettings::default(), 7);
        for turn in 0.. {
            load.observe(Moment(turn * 5_000), Duration::from_millis(20), 10);
            if load.share() > 0.75 {
                break;
            }
        }
        assert!((0..30_000).all(|_| load.accepts_new_call(|| false) != Shed::Drop));
    }

    #[test]
    fn extremes_are_dropped_at_once_without_an_answer() {
        let mut waits = after(&[300]);
        assert_eq!(waits.accepts_new_call(|| false), Shed::Drop);
        assert_eq!(waits.accepts_new_call(|| true), Shed::No);
        let mut load = Load::new(LoadSettings::default(), 7);
        load.observe(Moment(0), Duration::ZERO, 20_000);
        assert_eq!(load.accepts_new_call(|| false), Shed::Drop);
        assert_eq!(load.accepts_new_call(|| true), Shed::No);
    }

    #[test]
    fn it_is_over_soon_after_the_queue_is_gone() {
        let mut waits = [100; 40].to_vec();
        waits.extend([0; 40]);
        let mut load = after(&waits);
        assert!((0..1_000).all(|_| load.accepts_new_call(|| false) == Shed::No));
    }

    #[test]
    fn a_clock_that_stands_still_and_odd_settings_do_no_harm() {
        let settings =
            LoadSettings { target_ms: 0, retry_after_max_secs: 0, ..LoadSettings::default() };
        let mut load = Load::new(settings, 0);
        for _ in 0..100 {
            load.observe(Moment(5), Duration::MAX, usize::MAX);
            load.observe(Moment(5), Duration::ZERO, 0);
            assert!(load.share().is_finite());
            let _ = load.accepts_new_call(|| false);
        }
    }
}
