//! Runs a piece of work often enough to trust its middle.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Times of the runs of one bench; `units` is the work of one run.
pub struct Timing {
    pub median: Duration,
    pub min: Duration,
    pub max: Duration,
    pub units: u64,
}

impl Timing {
    /// Units per second at the median.
    pub fn per_second(&self) -> f64 {
        self.units as f64 / self.median.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// One run to warm caches and branch predictors, then `runs` timed ones.
pub fn measure(runs: usize, work: &mut dyn FnMut() -> Result<u64>) -> Result<Timing> {
    let mut units = std::hint::black_box(work()?);
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let clock = Instant::now();
        units = std::hint::black_box(work()?);
        times.push(clock.elapsed());
    }
    times.sort();
    let at = |n: usize| times.get(n).copied().unwrap_or_default();
    Ok(Timing { median: at(times.len() / 2), min: at(0), max: at(times.len() - 1), units })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_warmed_up_once_and_timed_as_often_as_asked() {
        let mut calls = 0;
        let timing = measure(5, &mut || {
            calls += 1;
            Ok(calls)
        })
        .unwrap();
        assert_eq!(timing.units, 6);
        assert!(timing.min <= timing.median && timing.median <= timing.max);
    }

    #[test]
    fn speed_is_units_at_the_median() {
        let second = Duration::from_secs(1);
        let timing = Timing { median: 2 * second, min: second, max: 3 * second, units: 10 };
        assert_eq!(timing.per_second(), 5.0);
    }
}
