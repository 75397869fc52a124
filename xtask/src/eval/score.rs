//! The figures of one replay, named as the reference scorer names them.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::course::Course;
use super::harm::{Harm, harm};
use super::replay::Replay;
use super::set::Set;
use super::tally::{Campaign, Tally, Wrong};
use super::truth::Attack;

/// Attacks that hide in normal traffic; they are reported apart from the loud ones.
pub const STEALTH: [&str; 4] = ["b_slow_drip", "j_business_same_country", "l_mimic", "o_poison"];

#[derive(Debug, Default, Serialize)]
pub struct Score {
    pub data: String,
    pub events: usize,
    pub attacks: Summary,
    pub by_group: BTreeMap<&'static str, Summary>,
    pub by_kind: BTreeMap<String, Summary>,
    #[serde(rename = "false")]
    pub harm: Harm,
    pub per_attack: Vec<AttackRow>,
    /// Beyond the reference scorer: what to look at when tuning.
    pub detail: Detail,
}

/// Losses in EUR, delays in seconds, `lt*` as shares; nothing when there is no attack.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Summary(pub Option<Figures>);

#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub n: usize,
    pub loss_p50: f64,
    pub loss_p90: f64,
    pub loss_p95: f64,
    pub loss_p99: f64,
    pub loss_max: f64,
    pub loss_mean: f64,
    pub lt1: f64,
    pub lt5: f64,
    pub lt10: f64,
    pub lt40: f64,
    pub saved: Option<f64>,
    pub detected: f64,
    pub delay_p50: Option<f64>,
    pub delay_p90: Option<f64>,
    pub potential_p50: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct AttackRow {
    pub id: u64,
    pub kind: String,
    pub tenant: String,
    #[serde(rename = "type")]
    pub tenant_type: String,
    pub potential: f64,
    pub loss: f64,
    pub delay_s: Option<f64>,
    /// Stopped at or before its first call.
    pub before: bool,
    pub allowed: u64,
    pub refused: u64,
    pub cut: u64,
    /// First call, UTC milliseconds. Not among the figures of the reference scorer.
    #[serde(skip)]
    pub t_first: i64,
    /// Not among the figures of the reference scorer.
    #[serde(skip)]
    pub course: Course,
}

#[derive(Debug, Default, Serialize)]
pub struct Detail {
    pub refused_national: u64,
    pub emergency_touched: u64,
    pub odd_events_hit: Vec<OddRow>,
    pub wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
pub struct OddRow {
    pub id: u64,
    pub kind: String,
    pub tenant: String,
}

impl Score {
    pub fn new(replay: Replay<'_>) -> Self {
        let Replay { set, campaigns, tally, .. } = replay;
        let truth = &set.truth;
        let types: HashMap<_, _> = truth
            .tenants
            .iter()
            .map(|(name, facts)| (name.as_str(), facts.kind.as_str()))
            .collect();
        let mut rows: Vec<_> = truth
            .attacks
            .iter()
            .zip(&campaigns)
            .map(|(attack, campaign)| {
                let kind = types.get(attack.tenant.as_str()).copied().unwrap_or_default();
                attack_row(attack, campaign, kind, truth.score_from)
            })
            .collect();
        rows.sort_by_key(|row| row.id);
        let stealth = |row: &AttackRow| STEALTH.contains(&row.kind.as_str());
        let by_group = BTreeMap::from([
            ("loud", summary(rows.iter().filter(|row| !stealth(row)))),
            ("stealth", summary(rows.iter().filter(|row| stealth(row)))),
        ]);
        let by_kind = rows
            .iter()
            .map(|of| (of.kind.clone(), summary(rows.iter().filter(|row| row.kind == of.kind))))
            .collect();
        Self {
            data: set.name.clone(),
            events: set.events.len(),
            attacks: summary(rows.iter()),
            by_group,
            by_kind,
            harm: harm(set, &campaigns, &tally),
            per_attack: rows,
            detail: detail(set, tally),
        }
    }
}

fn attack_row(attack: &Attack, campaign: &Campaign, kind: &str, score_from: i64) -> AttackRow {
    let counted_from = attack.t_first.max(score_from);
    let delay = |seen: i64| round((seen - counted_from) as f64 / 1000.0, 1).max(0.0);
    AttackRow {
        id: attack.id,
        kind: attack.kind.clone(),
        tenant: attack.tenant.clone(),
        tenant_type: kind.to_owned(),
        potential: attack.potential_eur,
        loss: round(campaign.loss_eur, 2),
        delay_s: campaign.detected.map(delay),
        before: campaign.detected.is_some_and(|seen| seen <= attack.t_first),
        allowed: campaign.allowed,
        refused: campaign.refused,
        cut: campaign.cut,
        t_first: counted_from,
        course: campaign.course.clone(),
    }
}

/// The figures over some attacks.
pub fn summary<'a>(rows: impl Iterator<Item = &'a AttackRow>) -> Summary {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Summary(None);
    }
    let losses: Vec<f64> = rows.iter().map(|row| row.loss).collect();
    let delays: Vec<f64> = rows.iter().filter_map(|row| row.delay_s).collect();
    let potentials: Vec<f64> = rows.iter().map(|row| row.potential).collect();
    let n = rows.len() as f64;
    let lost: f64 = losses.iter().sum();
    let potential: f64 = potentials.iter().sum();
    let below = |eur: f64| round(losses.iter().filter(|x| **x < eur).count() as f64 / n, 3);
    let loss = |p: f64| quantile(&losses, p).unwrap_or_default();
    Summary(Some(Figures {
        n: rows.len(),
        loss_p50: loss(0.5),
        loss_p90: loss(0.9),
        loss_p95: loss(0.95),
        loss_p99: loss(0.99),
        loss_max: losses.iter().copied().fold(0.0, f64::max),
        loss_mean: round(lost / n, 2),
        lt1: below(1.0),
        lt5: below(5.0),
        lt10: below(10.0),
        lt40: below(40.0),
        saved: (potential != 0.0).then(|| round(1.0 - lost / potential, 4)),
        detected: round(delays.len() as f64 / n, 3),
        delay_p50: quantile(&delays, 0.5),
        delay_p90: quantile(&delays, 0.9),
        potential_p50: quantile(&potentials, 0.5).unwrap_or_default(),
    }))
}

fn detail(set: &Set, tally: Tally) -> Detail {
    let odd = tally.odd_hit.iter().filter_map(|at| set.truth.hard_negatives.get(usize::from(*at)));
    let odd_events_hit = odd
        .map(|odd| OddRow { id: odd.id, kind: odd.kind.clone(), tenant: odd.tenant.clone() })
        .collect();
    Detail {
        refused_national: tally.refused_national,
        emergency_touched: tally.emergency_touched,
        odd_events_hit,
        wrong: tally.wrong,
    }
}

/// Linear interpolation between order statistics, to cents.
fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let x = p * last as f64;
    let at = x as usize;
    let (low, high) = (sorted.get(at)?, sorted.get((at + 1).min(last))?);
    Some(round(low + (high - low) * (x - at as f64), 2))
}

/// Rounds the exact binary value to decimals, ties to even, as the reference scorer's language
/// does; multiplying by a power of ten first would differ.
pub fn round(x: f64, decimals: usize) -> f64 {
    format!("{x:.decimals$}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_exactly_with_ties_to_even() {
        for (x, decimals, rounded) in [
            (1.25, 1, 1.2),
            (1.75, 1, 1.8),
            (0.125, 2, 0.12),
            (2.675, 2, 2.67), // below the tie in binary
            (1.005, 2, 1.0),
            (-0.04, 1, 0.0),
        ] {
            assert_eq!(round(x, decimals), rounded, "{x} to {decimals}");
        }
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[4.0], 0.9), Some(4.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[0.0, 10.0], 0.99), Some(9.9));
    }
}
