//! What the policy's two steering figures buy: losses against wrong stops, over a grid of both.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use ringfence_model::{Money, Policy, Steering};

use super::score::{Score, Summary};
use super::set::Set;
use super::{detectors, run};
use crate::table::table;

/// EUR one is willing to lose per attack.
const LOSSES_EUR: [f64; 5] = [2.5, 5.0, 10.0, 20.0, 40.0];
/// Wrong stops one accepts per 1000 customers and month.
const WRONG_STOPS: [f64; 7] = [2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 200.0];

const HEAD: [&str; 12] = [
    "loss_accept, wrong_stops_accept",
    "loss p50",
    "p90",
    "p95",
    "max",
    "<€10",
    "loud p50",
    "loud p90",
    "stealth p50",
    "wrong/1000cm",
    "refused/10k",
    "false alerts/1000cm",
];

/// One setting of the two figures, with the score of each set.
pub struct Point {
    pub steering: Steering,
    pub scores: Vec<Score>,
}

/// Replays every set at every point of the grid, and at the policy's own, on all cores.
pub fn points(sets: &[Set], policy: &Policy) -> Result<Vec<Point>> {
    let steerings = grid(policy.steering);
    let jobs: Vec<_> =
        steerings.iter().flat_map(|at| sets.iter().map(move |set| (set, at))).collect();
    let mut scores = in_parallel(&jobs, |(set, steering)| {
        let policy = Policy { steering: **steering, ..policy.clone() };
        let mut detector = detectors::by_name("ringfence", set, &policy)?;
        run(set, detector.as_mut())
            .with_context(|| format!("replaying {} at {steering:?}", set.name))
    })?
    .into_iter();
    let of = |steering| Point { steering, scores: scores.by_ref().take(sets.len()).collect() };
    Ok(steerings.into_iter().map(of).collect())
}

fn grid(own: Steering) -> Vec<Steering> {
    let mut grid: Vec<_> = LOSSES_EUR
        .iter()
        .flat_map(|&eur| {
            WRONG_STOPS.map(|wrong_stops_accept| Steering {
                loss_accept: Money::from_f64(eur),
                wrong_stops_accept,
            })
        })
        .collect();
    if !grid.contains(&own) {
        grid.push(own);
    }
    grid
}

/// The results of all jobs, in their order; the first error ends it.
fn in_parallel<J: Sync, T: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let worker = || -> Result<()> {
        while let Some((at, job)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(at).map(|job| (at, job))
        } {
            let result = work(job)?;
            let mut done = done.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            done.push((at, result));
            eprintln!("{} of {}", done.len(), jobs.len());
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| -> Result<()> {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        for thread in running {
            thread.join().map_err(|_| anyhow::anyhow!("a replay panicked"))??;
        }
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// A table per set; the row of `own` is marked.
pub fn tables(points: &[Point], own: &Steering) -> String {
    let sets = points.first().map_or(0, |point| point.scores.len());
    (0..sets).map(|at| one_table(points, own, at)).collect::<Vec<_>>().join("\n")
}

fn one_table(points: &[Point], own: &Steering, set: usize) -> String {
    let scored = points.iter().filter_map(|point| Some((point, point.scores.get(set)?)));
    let rows: Vec<_> = scored.clone().map(|(point, score)| row(point, score, own)).collect();
    let name = scored.map(|(_, score)| score.data.as_str()).next().unwrap_or_default();
    let attacked = rows.iter().any(|row| row.get(1).is_some_and(|cell| cell != "-"));
    if attacked {
        return format!("### {name}\n\n{}", table(&HEAD, &rows));
    }
    // Without attacks only harm is left.
    let rows: Vec<Vec<String>> = rows.into_iter().map(harm_only).collect();
    let head = harm_only(HEAD.to_vec());
    format!("### {name}\n\n{}", table(&head, &rows))
}

/// The first column and those from the ninth on.
fn harm_only<T>(row: Vec<T>) -> Vec<T> {
    let kept = row.into_iter().enumerate().filter(|(at, _)| *at == 0 || *at >= 9);
    kept.map(|(_, cell)| cell).collect()
}

fn row(point: &Point, score: &Score, own: &Steering) -> Vec<String> {
    let Steering { loss_accept, wrong_stops_accept } = point.steering;
    let mark = if point.steering == *own { " (default)" } else { "" };
    let mut row = vec![format!("€{loss_accept}, {wrong_stops_accept}{mark}")];
    let cell = |summary: Option<&Summary>, of: fn(&super::score::Figures) -> f64| {
        let figures = summary.and_then(|summary| summary.0.as_ref());
        figures.map_or_else(|| "-".to_owned(), |figures| format!("{:.2}", of(figures)))
    };
    let all = Some(&score.attacks);
    row.push(cell(all, |f| f.loss_p50));
    row.push(cell(all, |f| f.loss_p90));
    row.push(cell(all, |f| f.loss_p95));
    row.push(cell(all, |f| f.loss_max));
    let below = score.attacks.0.as_ref().map(|f| format!("{:.0}%", 100.0 * f.lt10));
    row.push(below.unwrap_or_else(|| "-".to_owned()));
    row.push(cell(score.by_group.get("loud"), |f| f.loss_p50));
    row.push(cell(score.by_group.get("loud"), |f| f.loss_p90));
    row.push(cell(score.by_group.get("stealth"), |f| f.loss_p50));
    row.push(score.harm.wrong_per_1000cm.to_string());
    row.push(score.harm.refused_per_10k.to_string());
    row.push(score.harm.false_alerts_per_1000cm.to_string());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_holds_the_policy_itself_once() {
        let in_it = grid(Steering { loss_accept: Money::units(10), wrong_stops_accept: 20.0 });
        assert_eq!(in_it.len(), 35);
        let own = Steering { loss_accept: Money::units(7), wrong_stops_accept: 20.0 };
        assert_eq!(grid(own).iter().filter(|at| **at == own).count(), 1);
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..50).collect();
        let squares = in_parallel(&jobs, |n| Ok(n * n)).unwrap();
        assert!(squares.iter().zip(&jobs).all(|(square, n)| *square == n * n));
        let failing = |n: &u64| {
            anyhow::ensure!(*n != 7, "seven");
            Ok(())
        };
        assert!(in_parallel(&jobs, failing).is_err());
    }
}
