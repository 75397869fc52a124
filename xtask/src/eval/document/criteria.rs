//! What the default policy must reach, what it aims at, and what the best known rule reaches.

use crate::eval::score::{Figures, Score, Summary};
use crate::table::table;

/// A figure with its bounds, for the sets dev, val and calm.
struct Criterion {
    what: &'static str,
    unit: Unit,
    of: fn(&Score) -> Option<f64>,
    must: [f64; 3],
    aim: f64,
    /// Of the best known rule, by the reference scorer's published results.
    known: [Option<f64>; 3],
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// Lower is better.
    Euro,
    /// Higher is better.
    Share,
    /// Lower is better.
    Number,
}

const NONE: [Option<f64>; 3] = [None; 3];

const fn known(dev: f64, val: f64) -> [Option<f64>; 3] {
    [Some(dev), Some(val), None]
}

const fn loss(
    what: &'static str,
    of: fn(&Score) -> Option<f64>,
    must: f64,
    aim: f64,
    known: [Option<f64>; 3],
) -> Criterion {
    Criterion { what, unit: Unit::Euro, of, must: [must; 3], aim, known }
}

const CRITERIA: [Criterion; 13] = [
    loss("loss, median", |s| all(s, |f| f.loss_p50), 3.0, 0.5, known(43.07, 43.78)),
    loss("loss, p90", |s| all(s, |f| f.loss_p90), 60.0, 5.0, known(93.24, 72.54)),
    loss("loss, p95", |s| all(s, |f| f.loss_p95), 90.0, 10.0, known(110.0, 101.0)),
    loss("loss, worst", |s| all(s, |f| f.loss_max), 150.0, 40.0, known(150.0, 117.0)),
    share("attacks stopped under €10", |s| all(s, |f| f.lt10), 0.75, 0.95, known(0.0, 0.0)),
    loss("loud: median", |s| loud(s, |f| f.loss_p50), 1.0, 0.3, known(42.41, 41.81)),
    loss("loud: p90", |s| loud(s, |f| f.loss_p90), 20.0, 5.0, known(48.98, 51.88)),
    share("loud: stopped under €10", |s| loud(s, |f| f.lt10), 0.85, 0.99, known(0.0, 0.0)),
    loss("stealth: median", |s| stealth(s, |f| f.loss_p50), 60.0, 15.0, known(86.46, 60.52)),
    number(
        "wrong interventions per 1000 customer-months",
        |s| Some(s.harm.wrong_per_1000cm),
        [60.0, 60.0, 25.0],
        10.0,
        [Some(60.1), Some(174.9), Some(97.7)],
    ),
    number(
        "honest calls refused per 10,000",
        |s| Some(s.harm.refused_per_10k),
        [2.0, 3.0, 2.0],
        0.3,
        [Some(1.18), Some(13.07), Some(7.35)],
    ),
    number(
        "honest national calls refused, attacks included",
        |s| Some(s.detail.refused_national as f64),
        [0.0; 3],
        0.0,
        NONE,
    ),
    number(
        "emergency calls touched",
        |s| Some(s.detail.emergency_touched as f64),
        [0.0; 3],
        0.0,
        NONE,
    ),
];

const fn share(
    what: &'static str,
    of: fn(&Score) -> Option<f64>,
    must: f64,
    aim: f64,
    known: [Option<f64>; 3],
) -> Criterion {
    Criterion { what, unit: Unit::Share, of, must: [must; 3], aim, known }
}

const fn number(
    what: &'static str,
    of: fn(&Score) -> Option<f64>,
    must: [f64; 3],
    aim: f64,
    known: [Option<f64>; 3],
) -> Criterion {
    Criterion { what, unit: Unit::Number, of, must, aim, known }
}

fn all(score: &Score, of: fn(&Figures) -> f64) -> Option<f64> {
    score.attacks.0.as_ref().map(of)
}

fn loud(score: &Score, of: fn(&Figures) -> f64) -> Option<f64> {
    group(score, "loud").map(of)
}

fn stealth(score: &Score, of: fn(&Figures) -> f64) -> Option<f64> {
    group(score, "stealth").map(of)
}

fn group<'a>(score: &'a Score, name: &str) -> Option<&'a Figures> {
    score.by_group.get(name).and_then(|Summary(figures)| figures.as_ref())
}

const HEAD: [&str; 9] =
    ["figure", "dev", "val", "calm", "must", "reached", "aim", "reached", "best known rule"];

/// Every figure of the three sets against its bounds.
pub fn against_bounds(scores: &[Score]) -> String {
    table(&HEAD, &CRITERIA.iter().map(|criterion| criterion.row(scores)).collect::<Vec<_>>())
}

/// How many of the figures keep their `must` and their `aim`, of how many.
pub fn reached(scores: &[Score]) -> (usize, usize, usize) {
    let count = |missed: fn(&Criterion, &[Score]) -> Vec<String>| {
        CRITERIA.iter().filter(|criterion| missed(criterion, scores).is_empty()).count()
    };
    let must = count(|criterion, scores| criterion.missed(scores, criterion.must));
    let aim = count(|criterion, scores| criterion.missed(scores, [criterion.aim; 3]));
    (must, aim, CRITERIA.len())
}

impl Criterion {
    fn row(&self, scores: &[Score]) -> Vec<String> {
        let mut row = vec![self.what.to_owned()];
        row.extend(scores.iter().map(|score| self.shown((self.of)(score))));
        row.push(self.bound(self.must));
        row.push(verdict(&self.missed(scores, self.must)));
        row.push(self.bound([self.aim; 3]));
        row.push(verdict(&self.missed(scores, [self.aim; 3])));
        let known = self.known.iter().filter(|figure| figure.is_some());
        row.push(known.map(|figure| self.shown(*figure)).collect::<Vec<_>>().join(" / "));
        row
    }

    /// The sets that do not keep a bound.
    fn missed(&self, scores: &[Score], bounds: [f64; 3]) -> Vec<String> {
        let missing = scores.iter().zip(bounds).filter(|(score, bound)| {
            (self.of)(score).is_some_and(|figure| match self.unit {
                Unit::Share => figure < *bound,
                Unit::Euro | Unit::Number => figure > *bound,
            })
        });
        missing.map(|(score, _)| score.data.clone()).collect()
    }

    fn bound(&self, bounds: [f64; 3]) -> String {
        let sign = if self.unit == Unit::Share { "≥" } else { "≤" };
        let mut shown: Vec<_> = bounds.iter().map(|bound| self.shown(Some(*bound))).collect();
        shown.dedup();
        format!("{sign} {}", shown.join(" / "))
    }

    fn shown(&self, figure: Option<f64>) -> String {
        match (figure, self.unit) {
            (None, _) => "-".to_owned(),
            (Some(x), Unit::Euro) => format!("€{x:.2}"),
            (Some(x), Unit::Share) => format!("{:.0} %", 100.0 * x),
            (Some(x), Unit::Number) => format!("{x}"),
        }
    }
}

fn verdict(missed: &[String]) -> String {
    if missed.is_empty() { "yes".to_owned() } else { format!("no: {}", missed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_the_direction_of_their_unit() {
        let cheap = loss("x", |_| Some(3.0), 3.0, 2.0, NONE);
        let many = share("x", |_| Some(0.75), 0.75, 0.9, NONE);
        for criterion in [cheap, many] {
            let scores = [Score::default()];
            assert!(criterion.missed(&scores, criterion.must).is_empty());
            assert_eq!(criterion.missed(&scores, [criterion.aim; 3]).len(), 1);
        }
    }
}
