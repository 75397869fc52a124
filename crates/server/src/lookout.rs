//! What nobody else would notice: a disk that hangs without an error, a clock that is set while calls run.

use crate::busy::Busy;
use crate::running::Running;
use ringfence_model::WallTime;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{error, info};

const LOOK: Duration = Duration::from_secs(1);
/// The slowest piece of work of a healthy store is a tenth of this.
const HANGS: Duration = Duration::from_secs(10);
/// A smaller step is how clocks are kept right.
const STEP: Duration = Duration::from_secs(2);
/// By then records and people live with the new time.
const NEWS: Duration = Duration::from_secs(600);
/// What its trouble is about.
const CLOCK: &str = "clock";
const RECORDS: &str = "records";

/// Looks until it is dropped.
pub(crate) async fn watch(running: Arc<Running>) {
    let mut looks = tokio::time::interval(LOOK);
    let began = Instant::now();
    let mut clock = Steps::new(crate::wall());
    loop {
        looks.tick().await;
        if let Some(what) = hangs(&running.lag.busy) {
            crate::feed::fails(&running.lag, &running.troubles, &what);
        }
        if let Some(what) = hangs(&running.tally.writer) {
            crate::records::fails(&running.troubles, RECORDS, &what);
        }
        if let Some(step) = clock.look(crate::wall(), began.elapsed()) {
            error!("the clock went {step}; what calls cost and how long they last is not affected");
        }
        match clock.trouble() {
            Some(what) => drop(running.troubles.begin(CLOCK, what)),
            None if running.troubles.end(CLOCK) => info!("the clock goes evenly again"),
            None => {}
        }
    }
}

/// What to say of somebody whose disk or network does not answer.
fn hangs(busy: &Busy) -> Option<String> {
    let secs = busy.lasts().filter(|lasts| *lasts >= HANGS)?.as_secs();
    Some(format!("no answer for {secs} s; see its disk or its network"))
}

/// Compares the civil time with the time that passes.
struct Steps {
    wall: WallTime,
    passed: Duration,
    /// How far the clock is from where it would be, in microseconds, and when it went there.
    off: i64,
    since: Duration,
}

impl Steps {
    const fn new(wall: WallTime) -> Self {
        Self { wall, passed: Duration::ZERO, off: 0, since: Duration::ZERO }
    }

    /// Looks at both: how far the clock was set, in words.
    fn look(&mut self, wall: WallTime, passed: Duration) -> Option<String> {
        let really = micros(passed.saturating_sub(self.passed));
        let step = wall.0.saturating_sub(self.wall.0).saturating_sub(really);
        (self.wall, self.passed) = (wall, passed);
        if step.abs() < micros(STEP) {
            return None;
        }
        self.off = self.off.saturating_add(step);
        self.since = passed;
        Some(words(step))
    }

    fn trouble(&mut self) -> Option<String> {
        if self.off.abs() < micros(STEP) || self.passed.saturating_sub(self.since) >= NEWS {
            self.off = 0;
            return None;
        }
        let (off, mins) = (words(self.off), self.passed.saturating_sub(self.since).as_secs() / 60);
        Some(format!("it went {off} {mins} minutes ago; see that one time service alone sets it"))
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn words(step: i64) -> String {
    let secs = (step.unsigned_abs() + 500_000) / 1_000_000;
    format!("{secs} s {}", if step < 0 { "back" } else { "forward" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_clock_that_is_set_is_told_until_it_is_set_back_or_old_news() {
        let mut clock = Steps::new(WallTime(0));
        let secs = Duration::from_secs;
        assert_eq!(clock.look(WallTime(SECOND), secs(1)), None);
        assert_eq!(
            clock.look(WallTime(3_602 * SECOND), secs(2)).as_deref(),
            Some("3600 s forward")
        );
        assert!(clock.trouble().unwrap().contains("3600 s forward 0 minutes ago"));
        assert_eq!(clock.look(WallTime(3_700 * SECOND), secs(100)), None);
        assert!(clock.trouble().unwrap().contains("1 minutes ago"));
        assert_eq!(clock.look(WallTime(101 * SECOND), secs(101)).as_deref(), Some("3600 s back"));
        assert_eq!(clock.trouble(), None);
        clock.look(WallTime(-3_498 * SECOND), secs(102)).unwrap();
        assert!(clock.trouble().is_some());
        assert_eq!(clock.look(WallTime(-2_800 * SECOND), secs(800)), None);
        assert_eq!(clock.trouble(), None);
    }

    #[test]
    fn a_clock_that_is_kept_right_is_no_news() {
        let mut clock = Steps::new(WallTime(0));
        for second in 1..10_000 {
            // 100 times as fast as the kernel turns a clock.
            let wall = WallTime(second * SECOND + second * SECOND / 20);
            let passed = Duration::from_secs(second.unsigned_abs());
            assert_eq!(clock.look(wall, passed), None);
            assert_eq!(clock.trouble(), None);
        }
    }
}
