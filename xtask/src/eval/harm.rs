//! Harm to honest tenants, per customer-month free of attack.

use std::collections::BTreeMap;

use serde::Serialize;

use super::score::round;
use super::set::Set;
use super::tally::{Campaign, Tally};

/// Types of tenant without foreign habits.
const ORDINARY: [&str; 11] = [
    "office", "shop", "law", "clinic", "school", "dormant", "seasonal", "taxi", "family", "callc",
    "startup",
];
/// Milliseconds of 30 days.
const MONTH_MS: f64 = 2_592e6;

/// Harm to honest tenants; `cm` is customer-months free of attack.
#[derive(Debug, Default, Serialize)]
pub struct Harm {
    pub customer_months: f64,
    pub cm_ordinary: f64,
    pub cm_exotic: f64,
    pub wrong_ordinary: u64,
    pub wrong_exotic: u64,
    pub wrong_episodes: u64,
    pub wrong_per_1000cm: f64,
    pub false_blocks: u64,
    pub false_blocks_per_1000cm: f64,
    pub false_blocks_harmful: u64,
    pub deny_episodes: u64,
    pub customers_hit: usize,
    pub customers_hit_per_cm: f64,
    pub legit_out: u64,
    pub legit_foreign: u64,
    pub refused: u64,
    pub refused_per_10k: f64,
    pub refused_foreign_per_10k: f64,
    pub refused_by_verdict: u64,
    pub cut: u64,
    pub collateral_refused: u64,
    pub collateral_refused_national: u64,
    pub collateral_legit: u64,
    pub collateral_cut: u64,
    pub true_blocks: u64,
    pub false_alerts_per_1000cm: f64,
    pub odd_legit_events: usize,
    pub odd_legit_events_hit: usize,
    pub refused_by_odd_event: BTreeMap<String, u64>,
    pub wrong_by_type: BTreeMap<String, (u64, f64)>,
    pub wrong_per_1000cm_ordinary: f64,
    pub wrong_per_1000cm_exotic: f64,
    pub false_block_reasons: BTreeMap<String, u64>,
}

/// The harm that was tallied, with its rates.
pub fn harm(set: &Set, campaigns: &[Campaign], tally: &Tally) -> Harm {
    let months = Months::of(set, campaigns);
    let all = months.all;
    let ordinary = |kind: &str| ORDINARY.contains(&kind);
    let wrong_of = |wanted: bool| -> u64 {
        let by_type = tally.wrong_by_type.iter();
        by_type.filter(|(kind, _)| ordinary(kind) == wanted).map(|(_, n)| n).sum()
    };
    let months_of = |wanted: bool| -> f64 {
        let by_type = months.by_type.iter();
        by_type.filter(|(kind, _)| ordinary(kind) == wanted).map(|(_, x)| x).sum()
    };
    let wrong = tally.blocks_false + tally.deny_episodes;
    let per_1000 = |n: u64| ratio(1000.0, n, all);
    let wrong_by_type = tally.wrong_by_type.iter().map(|(kind, n)| {
        let own = months.by_type.iter().find(|(of, _)| of == kind).map_or(0.0, |(_, x)| *x);
        (kind.clone(), (*n, round(own, 1)))
    });
    Harm {
        customer_months: round(all, 1),
        cm_ordinary: round(months_of(true), 1),
        cm_exotic: round(months_of(false), 1),
        wrong_ordinary: wrong_of(true),
        wrong_exotic: wrong_of(false),
        wrong_episodes: wrong,
        wrong_per_1000cm: round(per_1000(wrong), 1),
        false_blocks: tally.blocks_false,
        false_blocks_per_1000cm: round(per_1000(tally.blocks_false), 1),
        false_blocks_harmful: tally.blocks_false_harm,
        deny_episodes: tally.deny_episodes,
        customers_hit: tally.tenants_hit.len(),
        customers_hit_per_cm: round(ratio(1.0, tally.tenants_hit.len() as u64, all), 5),
        legit_out: tally.legit_out,
        legit_foreign: tally.legit_foreign,
        refused: tally.refused,
        refused_per_10k: round(ratio(1e4, tally.refused, tally.legit_out.max(1) as f64), 2),
        refused_foreign_per_10k: round(
            ratio(1e4, tally.refused_foreign, tally.legit_foreign.max(1) as f64),
            2,
        ),
        refused_by_verdict: tally.refused_verdict,
        cut: tally.cut,
        collateral_refused: tally.coll_refused,
        collateral_refused_national: tally.coll_nat,
        collateral_legit: tally.coll_legit,
        collateral_cut: tally.coll_cut,
        true_blocks: tally.blocks_true,
        false_alerts_per_1000cm: round(per_1000(tally.alerts_false), 1),
        odd_legit_events: set.truth.hard_negatives.len(),
        odd_legit_events_hit: tally.odd_hit.len(),
        refused_by_odd_event: tally.refused_by_odd.clone(),
        wrong_by_type: wrong_by_type.collect(),
        wrong_per_1000cm_ordinary: round(
            ratio(1000.0, wrong_of(true), months_of(true).max(1e-9)),
            1,
        ),
        wrong_per_1000cm_exotic: round(
            ratio(1000.0, wrong_of(false), months_of(false).max(1e-9)),
            1,
        ),
        false_block_reasons: tally.block_reasons.clone(),
    }
}

/// Customer-months outside attack windows; types in order of first sight, as sums of floats run
/// in that order.
struct Months {
    all: f64,
    by_type: Vec<(String, f64)>,
}

impl Months {
    fn of(set: &Set, campaigns: &[Campaign]) -> Self {
        let truth = &set.truth;
        let mut months = Self { all: 0.0, by_type: Vec::new() };
        for ((_, tenant), attacks) in truth.tenants.iter().zip(&set.attacks_of) {
            let from = truth.score_from.max(tenant.onboard);
            let attacked: i64 = attacks
                .iter()
                .map(|at| campaigns[*at].window)
                .map(|(start, stop)| (truth.end.min(stop) - from.max(start)).max(0))
                .sum();
            let free = (truth.end - from - attacked).max(0) as f64 / MONTH_MS;
            months.all += free;
            match months.by_type.iter_mut().find(|(kind, _)| *kind == tenant.kind) {
                Some((_, sum)) => *sum += free,
                None => months.by_type.push((tenant.kind.clone(), free)),
            }
        }
        months
    }
}

fn ratio(scale: f64, part: u64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { scale * part as f64 / whole }
}
