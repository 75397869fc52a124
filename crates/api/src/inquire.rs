//! What the engine says when it is asked: about a number, a record, a tenant's limits, a draft of a policy.
//!
//! The server implements it with the code that judges calls; nothing here changes anything.

use crate::deck::{DeckAsk, DeckReport};
use crate::node::{Fault, Told};
use crate::time::{Amount, Time};
use ringfence_model::{Cdr, ExtensionId, Language, Policy, TenantId, WallTime};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use utoipa::ToSchema;

/// What is asked of the engine.
pub trait Inquire: Send + Sync {
    /// What dialled digits are and cost, and what would become of a call to them now.
    fn number(&self, ask: NumberAsk) -> Told<'_, NumberView>;
    /// The reasons of a record, in words.
    fn explain(&self, ask: ExplainAsk) -> Told<'_, Explanation>;
    /// The most a tenant can lose before a stop, and what is at risk now.
    fn max_loss(&self, tenant: TenantId) -> Told<'_, MaxLossView>;
    /// What a rate deck comes to, before it is put in force.
    fn read_deck(&self, ask: DeckAsk) -> Told<'_, DeckReport>;
    /// The spans from `from` to `until` in which a tenant's people normally work, in order, none touching another.
    fn office_hours(
        &self,
        tenant: TenantId,
        from: WallTime,
        until: WallTime,
    ) -> Told<'_, Vec<(WallTime, WallTime)>>;
    /// Makes ready to replay a tenant's records by a draft of its policy and by the one in force.
    fn backtest(&self, ask: BacktestAsk) -> Told<'_, Backtest>;
}

/// Digits, and who dials them.
#[derive(Clone, PartialEq, Debug)]
pub struct NumberAsk {
    /// As a tenant's people dial them and pay; without one, by the default dial plan and tariff.
    pub tenant: Option<TenantId>,
    /// By this extension.
    pub extension: Option<ExtensionId>,
    /// The digits.
    pub dialled: String,
    /// In which the verdict is told.
    pub language: Language,
}

/// What is known of dialled digits.
#[derive(Clone, PartialEq, Debug, Default, Serialize, ToSchema)]
pub struct NumberView {
    /// The digits as they came.
    pub dialled: String,
    /// `outside`, `internal`, `emergency` or `helpline`.
    pub read_as: String,
    /// In full, when the digits make a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Its name in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// Kind of line, such as `mobile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Traffic class, such as `international`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How often such destinations are abused: `A` is the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
    /// Whether the numbering plan knows such a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// The range it lies in, when somebody rents it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Who was given the range; the number may have been ported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// What it costs now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceView>,
    /// What would become of a call now; only when a tenant was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<NumberVerdict>,
}

/// A price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct PriceView {
    /// Per call.
    pub connect: Amount,
    /// Per minute.
    pub per_minute: Amount,
    /// Three letters.
    pub currency: String,
    /// Whether it is of the default tariff: an estimate.
    pub default_tariff: bool,
}

/// What the policy and the blocks in force say of a call. Money and behaviour are weighed when it is made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct NumberVerdict {
    /// Whether nothing that was declared or blocked stands in its way.
    pub passes: bool,
    /// Whether the tenant is in `enforce`; in `observe` it would only be said.
    pub enforced: bool,
    /// Why not, in words.
    pub reasons: Vec<String>,
    /// What would make it pass, in words.
    pub would_pass: Vec<String>,
}

/// A record to be explained.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplainAsk {
    /// Whose.
    pub tenant: Option<TenantId>,
    /// What was done: `ok`, `refused`, `would_refuse` or `cut`.
    pub outcome: String,
    /// Reasons of the verdict as they were recorded.
    pub reasons: serde_json::Value,
    /// What would have made it pass, as recorded.
    pub pass: serde_json::Value,
    /// In which it is told.
    pub language: Language,
}

/// Why something was done about a call.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// What was done, why, and what would have made it pass, in one sentence or two.
    pub words: String,
    /// Each reason, strongest first.
    pub reasons: Vec<ReasonView>,
    /// Each way the call would have passed.
    pub would_pass: Vec<String>,
}

/// One reason.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// In words.
    pub words: String,
    /// Of a finding: how much it speaks for fraud, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
}

/// The most a tenant can lose before a stop, whatever an attacker does; what is absent is not bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct MaxLossView {
    /// Three letters.
    pub currency: String,
    /// Whether calls are stopped; in `observe` nothing bounds a loss.
    pub enforced: bool,
    /// By the limits in force.
    pub at_most: Spans,
    /// Spent in each window, and reserved for calls that run or ring.
    pub at_risk: Spans,
}

/// An amount for each window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Spans {
    /// On one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Amount>,
    /// In any 60 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<Amount>,
    /// In any 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Amount>,
    /// In any 7 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week: Option<Amount>,
    /// In any 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Amount>,
}

/// A draft to be tried on history.
#[derive(Clone, PartialEq, Debug)]
pub struct BacktestAsk {
    /// Whose.
    pub tenant: TenantId,
    /// As it might be.
    pub policy: Policy,
    /// Until then calls are only learned from; absent: a fifth of the time span, at most 14 days.
    pub learn_until: Option<WallTime>,
}

/// A backtest that is ready to run, for long, on a thread that may. `None` when it was called off.
pub type Backtest =
    Box<dyn FnOnce(&[Cdr], &Progress) -> Result<Option<BacktestFound>, Fault> + Send>;

/// How far a long piece of work is, and whether anybody still wants it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    of: AtomicU64,
    called_off: AtomicBool,
}

impl Progress {
    /// So much of so much is done.
    pub fn tell(&self, done: u64, of: u64) {
        self.of.store(of, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// How much of how much.
    #[must_use]
    pub fn told(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }

    /// Nobody wants it any more.
    pub fn call_off(&self) {
        self.called_off.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.called_off.load(Ordering::Relaxed)
    }
}

/// What a backtest found: the same records by two policies.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct BacktestFound {
    /// From then on calls would have been stopped.
    pub learn_until: Time,
    /// By the policy in force, as if it were in `enforce`.
    pub in_force: Verdicts,
    /// By the draft, as if it were in `enforce`.
    pub draft: Verdicts,
    /// Calls only the draft stops; the first 200.
    pub newly_stopped: Vec<Changed>,
    /// Calls only the policy in force stops; the first 200.
    pub no_longer_stopped: Vec<Changed>,
    /// Whether prices are of the default tariff: estimates.
    pub default_tariff: bool,
}

/// What one policy would have done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Verdicts {
    /// All calls.
    pub calls: u64,
    /// Refused ones.
    pub refused: u64,
    /// Ended while they ran.
    pub cut: u64,
    /// Cases that people would have been asked about.
    pub cases: u64,
    /// What all calls cost as recorded.
    pub recorded: Amount,
    /// Of that, what would not have been spent.
    pub prevented: Amount,
    /// Stopped calls to where the tenant often calls: probably wrong stops.
    pub wrong_stops: u64,
    /// What those cost as recorded.
    pub wrong_stops_cost: Amount,
}

/// A call the two policies do not agree about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The record's id.
    pub call: String,
    /// When it began.
    pub started: Time,
    /// Whose phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// What it cost as recorded.
    pub recorded: Amount,
    /// What would not have been spent.
    pub prevented: Amount,
}
