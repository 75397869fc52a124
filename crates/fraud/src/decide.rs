//! From evidence to a stop: by expected cost.
//!
//! With the odds `e^E` for fraud, the money `M` that is unexplained so far and will be soon, and the price of a
//! wrong stop, stopping is cheaper when `E + ln(M / loss_accept) >= threshold`: twice the money at stake needs half
//! the odds. The policy's two figures are the two terms: the money one is willing to lose scales `M`, and the wrong
//! stops one accepts set the threshold.

use crate::context::Context;
use crate::signals::{OF_SEVERAL, OF_THE_CALL};
use ringfence_model::{Money, Origin, Pass, Reason, Signal, SignalKind, Steering};

/// The threshold at 20 accepted wrong stops per 1000 customers and month, in nats.
///
/// Set on synthetic traffic; the trade-off around it is published with the evaluation.
const THRESHOLD: f32 = 5.5;
/// How much the threshold moves when the accepted wrong stops change by a factor e.
const PER_FACTOR: f32 = 0.8;
/// People are asked this much before a stop would come, in nats.
const ALERT_MARGIN: f32 = 1.5;
/// Calls this near to a stop teach the profile nothing, in nats.
const LEARN_MARGIN: f32 = 2.5;
/// How far ahead running calls are counted as money at stake, in minutes.
const AHEAD_MINUTES: f32 = 10.0;
/// How much a person's "this was right" raises the threshold, in nats.
const PATIENCE: f32 = 1.0;
/// How much a block in force, or in the last days, lowers it.
const PROBATION: f32 = 1.5;

/// All findings on one call, added up and weighed against the money.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Weighing {
    /// The findings.
    pub signals: Vec<Signal>,
    /// Their sum, in nats.
    pub evidence: f32,
    /// How little the findings about the call itself explain it, 0 to 1.
    pub unexplained: f32,
    /// Money at stake, in currency units.
    pub at_stake: f32,
    /// The part of it that is spent.
    pub spent: f32,
    /// The evidence needed to stop with this much at stake, in nats.
    pub needed: f32,
}

impl Weighing {
    /// How far above (or below) the line of stopping, in nats.
    #[must_use]
    pub fn margin(&self) -> f32 {
        self.evidence - self.needed
    }

    /// Whether stopping is the cheaper choice.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.margin() >= 0.0
    }

    /// Whether people should be asked.
    #[must_use]
    pub fn alerts(&self) -> bool {
        self.margin() >= -ALERT_MARGIN
    }

    /// Whether the profile may learn from the call. While only observing, all that would not be stopped is learned:
    /// that is what the time is for.
    #[must_use]
    pub fn teaches(&self, enforces: bool) -> bool {
        self.margin() < if enforces { -LEARN_MARGIN } else { 0.0 }
    }

    /// The weight of one finding; 0 when it found nothing.
    #[must_use]
    pub fn weight_of(&self, kind: SignalKind) -> f32 {
        self.signals.iter().find(|s| s.kind == kind).map_or(0.0, |s| s.weight)
    }

    /// The reasons, strongest first: what speaks against the call, and the sum.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let mut against: Vec<&Signal> = self.signals.iter().filter(|s| s.weight > 0.2).collect();
        against.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.kind.cmp(&b.kind)));
        let weighed = Reason::Weighed {
            evidence: self.evidence,
            at_stake: Money::from_f64(f64::from(self.at_stake)),
            threshold: self.needed,
        };
        std::iter::once(weighed).chain(against.into_iter().cloned().map(Reason::Signal)).collect()
    }

    /// What would have made the call pass: the findings each of which alone tipped the scale.
    #[must_use]
    pub fn pass(&self) -> Vec<Pass> {
        let margin = self.margin();
        let mut tipping: Vec<&Signal> =
            self.signals.iter().filter(|s| s.weight > margin && s.weight > 0.2).collect();
        tipping.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.kind.cmp(&b.kind)));
        std::iter::once(Pass::Permit)
            .chain(tipping.into_iter().map(|s| Pass::Without { signal: s.kind }))
            .collect()
    }
}

/// Looks at the call alone: how little the profile explains it, 0 to 1, with the findings.
#[must_use]
pub fn look(context: &Context<'_>) -> (f32, Vec<Signal>) {
    let mut signals: Vec<Signal> =
        OF_THE_CALL.iter().filter_map(|observe| observe(context)).collect();
    let beyond = beyond_normal(context);
    let stranger = stranger(&signals);
    for signal in signals.iter_mut().filter(|s| s.weight < 0.0) {
        signal.weight *= (1.0 - beyond) * (1.0 - 0.6 * stranger);
    }
    let sum: f32 = signals.iter().map(|s| s.weight).sum();
    let unexplained = 1.0 / (1.0 + (-sum).exp());
    (unexplained.max(beyond), signals)
}

/// How strange the source is, 0 to 1: a thief who reads the call history calls where the customer calls, so a habit
/// vouches for less when it is followed from elsewhere.
fn stranger(signals: &[Signal]) -> f32 {
    let source = signals.iter().find(|s| s.kind == SignalKind::Source);
    source.map_or(0.0, |s| (s.weight / 3.6).clamp(0.0, 1.0))
}

/// The share of what happens now that no habit explains: a supplier called every day explains that call, not fifty
/// of them in an hour. 0 as long as money and calls at once stay near what is normal.
fn beyond_normal(context: &Context<'_>) -> f32 {
    let f = &context.figures;
    let share = |seen: f32, normal: f32| (1.0 - normal / seen.max(0.01)).max(0.0);
    let money = share(f.spend_day, 10.0 + 2.0 * context.tenant.peaks.normal.day_spend);
    let person = context.extension.id.is_some();
    let own = context.extension.peaks.normal.active;
    let at_once = if person { share(f.active_extension, 1.5 + 1.3 * own) } else { 0.0 };
    money.max(at_once)
}

/// Weighs everything. `signals` are those [`look`] found; `context` has the call's `unexplained` set by it.
#[must_use]
pub fn weigh(context: &Context<'_>, mut signals: Vec<Signal>, steering: &Steering) -> Weighing {
    signals.extend(OF_SEVERAL.iter().filter_map(|observe| observe(context)));
    let evidence = signals.iter().map(|s| s.weight).sum();
    let at_stake = at_stake(context);
    let loss_accept = steering.loss_accept.as_f64().max(0.1) as f32;
    Weighing {
        unexplained: context.call.unexplained,
        needed: threshold(context, steering) - (at_stake.max(0.01) / loss_accept).ln(),
        signals,
        evidence,
        at_stake,
        spent: context.figures.at_stake,
    }
}

/// What unexplained calls have cost, and what those that run will have cost a while ahead.
fn at_stake(context: &Context<'_>) -> f32 {
    let f = &context.figures;
    let ahead = if context.call.over {
        0.0
    } else {
        let running = f.active_unexplained.max(context.call.unexplained);
        running * (context.call.per_minute * AHEAD_MINUTES + context.per_call)
    };
    f.at_stake + ahead
}

fn threshold(context: &Context<'_>, steering: &Steering) -> f32 {
    let factor = (20.0 / steering.wrong_stops_accept.max(0.1)) as f32;
    let mut threshold = THRESHOLD + PER_FACTOR * factor.ln();
    if context.now < context.tenant.patience_until {
        threshold += PATIENCE;
    }
    // One extension is blocked already, or was a short while ago: the rest is watched more closely.
    let blocked = context.tenant.blocks.iter().any(|b| b.origin == Origin::Engine && !b.shadow);
    if blocked || context.now < context.tenant.probation_until {
        threshold -= PROBATION;
    }
    threshold
}
