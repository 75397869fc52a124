//! What is counted while a set is replayed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::course::{Course, Measure};
use super::truth::{Attack, DAY_MS};

/// One attack as it goes.
#[derive(Debug)]
pub struct Campaign {
    pub window: (i64, i64),
    pub loss_eur: f64,
    pub detected: Option<i64>,
    pub ended: Option<i64>,
    pub allowed: u64,
    pub refused: u64,
    pub cut: u64,
    pub course: Course,
}

impl Campaign {
    pub fn new(attack: &Attack) -> Self {
        Self {
            window: attack.window(),
            loss_eur: 0.0,
            detected: None,
            ended: None,
            allowed: 0,
            refused: 0,
            cut: 0,
            course: Course::default(),
        }
    }

    /// Whether a stop at `t` is explained by this attack.
    pub fn explains(&self, t: i64) -> bool {
        let (from, to) = self.window;
        from <= t && t <= to && self.ended.is_none_or(|ended| t <= ended + DAY_MS)
    }

    pub fn detect(&mut self, t: i64, measure: Measure, why: &str) {
        self.detected.get_or_insert(t);
        self.course.take(t, measure, why);
    }
}

/// Harm done to honest traffic, and stops that were right. Calls unless said otherwise.
#[derive(Debug, Default)]
pub struct Tally {
    pub legit_out: u64,
    pub legit_foreign: u64,
    pub refused: u64,
    pub refused_foreign: u64,
    pub refused_verdict: u64,
    /// To ordinary national numbers, at any time.
    pub refused_national: u64,
    /// Emergency calls refused or cut, at any time.
    pub emergency_touched: u64,
    pub cut: u64,
    pub coll_refused: u64,
    pub coll_nat: u64,
    pub coll_cut: u64,
    pub coll_legit: u64,
    pub blocks_true: u64,
    pub blocks_false: u64,
    pub blocks_false_harm: u64,
    pub alerts_false: u64,
    pub deny_episodes: u64,
    /// Refused calls per kind of odd event, `-` for ordinary calls.
    pub refused_by_odd: BTreeMap<String, u64>,
    /// Wrong interventions per type of tenant.
    pub wrong_by_type: BTreeMap<String, u64>,
    /// False blocks per reason that the detector gave.
    pub block_reasons: BTreeMap<String, u64>,
    pub tenants_hit: BTreeSet<u32>,
    /// Odd events (indices into the truth) with a refused or cut call.
    pub odd_hit: BTreeSet<u16>,
    /// Every wrong intervention, in order of time.
    pub wrong: Vec<Wrong>,
}

/// One wrong intervention: a false block, or the first wrong refusal or cut of an episode.
#[derive(Debug, Serialize)]
pub struct Wrong {
    /// Local time, to search it in the stream by eye.
    pub at: String,
    /// UTC milliseconds.
    pub t: i64,
    pub tenant: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub what: &'static str,
    pub why: String,
}

impl Tally {
    pub fn wrong(&mut self, tenant: u32, wrong: Wrong) {
        self.tenants_hit.insert(tenant);
        *self.wrong_by_type.entry(wrong.kind.clone()).or_default() += 1;
        self.wrong.push(wrong);
    }
}
