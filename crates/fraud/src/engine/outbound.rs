//! Judges an outbound attempt: standing, exposure, behaviour, signals, in that order.

use super::{Act, Engine, Facts, civil, forbidding, money};
use crate::approved::Promise;
use crate::calendar::Civil;
use crate::context::Context;
use crate::decide::{Weighing, look, weigh};
use crate::exposure::Asked;
use crate::profile::{DestinationKey, Origin};
use crate::recent::{ExtensionIndex, PaidCall};
use crate::running::Running;
use crate::standing::{Declared, declared};
use crate::tenant::Tenant;
use ringfence_model::{
    Action, Attempt, Block, CallId, Destination, Level, Moment, Money, Now, Origin as MadeBy, Pass,
    Reason, Release, ReleasedBy, Verdict, WallTime,
};
use std::time::Duration;

impl Engine {
    /// Judges a call to another extension of the tenant: only a suspension stands in its way.
    pub fn internal(&mut self, now: Now, attempt: &Attempt, acts: &mut Vec<Act>) -> Verdict {
        self.expire_blocks(&attempt.tenant, now.wall, acts);
        let tenant = self.tenant(&attempt.tenant, now.wall);
        let suspension = tenant.state.blocks.iter().find(|b| {
            b.level == Level::Suspended && !b.shadow && b.scope.covers(attempt.extension.as_ref())
        });
        if let Some(block) = suspension {
            return blocked(attempt.call, tenant.settings.enforces(), block);
        }
        self.follow_ordinary(now, attempt, None);
        Verdict::allowed(attempt.call, false)
    }

    /// Judges an outbound attempt. Blocks and alerts it gives rise to are added to `acts`.
    pub fn outbound(&mut self, now: Now, facts: &Facts<'_>, acts: &mut Vec<Act>) -> Verdict {
        let wall = now.wall;
        let attempt = facts.attempt;
        self.end_repeated(now, attempt.call, acts);
        self.expire_blocks(&attempt.tenant, wall, acts);
        let tenant = self.tenant(&attempt.tenant, wall);
        let civil = civil(tenant, wall);
        let extension = tenant.extension(attempt.extension.as_ref());
        let enforces = tenant.settings.enforces();
        let promise = tenant.state.promise(wall, facts.destination, facts.rate);
        let block =
            forbidding(&tenant.state, attempt.extension.as_ref(), facts.destination, !enforces);
        // Who is asked may overrule the engine, and nobody else.
        let is_final =
            block.is_some_and(|b| b.origin != MadeBy::Engine || b.level == Level::Suspended);
        let permitted = match declared(&tenant.settings, &civil, attempt, facts.destination) {
            Declared::Refused(Reason::ClassClosed { .. }, _) if promise.is_some() => true,
            Declared::Refused(reason, pass) => {
                let closed = matches!(reason, Reason::ClassClosed { .. });
                let verdict = refused(attempt.call, enforces, vec![reason], vec![pass]);
                return if closed && !is_final { asking(tenant, facts, verdict) } else { verdict };
            }
            Declared::Permitted => true,
            Declared::Open => promise.is_some(),
        };
        if let Some(block) = block {
            if is_final {
                return blocked(attempt.call, enforces, block);
            }
            if promise.is_none() {
                return asking(tenant, facts, blocked(attempt.call, enforces, block));
            }
        }
        if !facts.destination.class().is_paid() {
            tenant.learn_ordinary(&civil, extension, attempt);
            self.follow_ordinary(now, attempt, Some(*facts.destination));
            return Verdict::allowed(attempt.call, enforces);
        }
        self.judge_paid(now, facts, civil, (extension, permitted, promise), acts)
    }

    /// A call that is told of twice is judged anew: what was held for it before is let go, or it would stay held.
    fn end_repeated(&mut self, now: Now, call: CallId, acts: &mut Vec<Act>) {
        let Some(running) = self.running.get(&call) else { return };
        let charged = running.charged(now.moment).as_millis();
        let billable_ms = u64::try_from(charged).unwrap_or(u64::MAX);
        let by = ReleasedBy::Parties;
        self.released(now, &Release { call, code: 0, billable_ms, by }, acts);
    }

    fn judge_paid(
        &mut self,
        now: Now,
        facts: &Facts<'_>,
        civil: Civil,
        (extension, permitted, promise): (ExtensionIndex, bool, Option<Promise>),
        acts: &mut Vec<Act>,
    ) -> Verdict {
        let Some(tenant) = self.tenants.get_mut(&facts.attempt.tenant) else {
            return Verdict::allowed(facts.attempt.call, false);
        };
        let enforces = tenant.settings.enforces();
        let mut call = new_call(now.wall, facts, extension, permitted);
        // Reserved as if it were answered at once; nothing is spent yet.
        call.reserved = call.cost_ahead(now.moment);
        let asked = Asked { call: call.reserved, more: call.reserved, new: true };
        let settings = std::sync::Arc::clone(&tenant.settings);
        let over = money::in_the_way(&settings, &mut tenant.state, &call, now.wall, asked);

        let paid = remembered(now.wall, facts, &call, tenant, &civil);
        let weighing = tenant.weigh(now.wall, civil, &call, paid);
        let id = facts.attempt.call;
        let refusal = if let Some(hit) = over {
            let reasons = std::iter::once(hit.reason).chain(weighing.reasons()).collect();
            self.after_limit(now.wall, facts, &weighing, acts);
            Some(refused(id, enforces, reasons, vec![hit.pass]))
        } else if permitted {
            None
        } else if tenant.is_lured(now.wall, facts.destination, &weighing)
            || self.act(now, facts.into(), &weighing, acts)
        {
            Some(self.asking(facts, weighed_out(facts, enforces, &weighing)))
        } else {
            None
        };
        call.teaches = refusal.is_none() && (weighing.teaches(enforces) || permitted);
        let exposure = call.reserved;
        if let Some(refusal) = refusal {
            if enforces {
                if let Some(tenant) = self.tenants.get_mut(&facts.attempt.tenant) {
                    tenant.refuse_recent(id);
                }
                return refusal;
            }
            // Only watching: the call goes on, and what it costs is counted.
            self.admit(now, facts, call);
            return Verdict { exposure, ..refusal };
        }
        let mut cap = self.cap_of(&call, facts);
        if let Some(promise) = promise {
            cap = cap.min(promise.lasts);
            call.promised = Some((promise.to, promise.amount));
            if let Some(tenant) = self.tenants.get_mut(&call.tenant) {
                tenant.state.keep_promise(promise);
            }
        }
        self.admit(now, facts, call);
        Verdict {
            exposure,
            reasons: weighing.reasons(),
            evidence: weighing.evidence,
            max_duration: Some(cap),
            ..Verdict::allowed(facts.attempt.call, enforces)
        }
    }

    fn asking(&self, facts: &Facts<'_>, verdict: Verdict) -> Verdict {
        match self.tenants.get(&facts.attempt.tenant) {
            Some(tenant) => asking(tenant, facts, verdict),
            None => verdict,
        }
    }

    fn admit(&mut self, now: Now, facts: &Facts<'_>, call: Running) {
        let id = facts.attempt.call;
        if let Some(tenant) = self.tenants.get_mut(&call.tenant) {
            let reserve = call.reserved;
            money::at_every_scope(&tenant.settings, &mut tenant.state, &call, now.wall, |s| {
                s.admit(now.wall, reserve)
            });
            tenant.state.active.push(id);
        }
        self.busy.insert(call.tenant.clone());
        self.running.insert(id, call);
    }

    /// The longest this call may last: the policy's cap, or the money of its limit per call.
    fn cap_of(&self, call: &Running, facts: &Facts<'_>) -> Duration {
        let Some(tenant) = self.tenants.get(&call.tenant) else { return Duration::ZERO };
        let policy = tenant.settings.policy();
        let cap = Duration::from_secs(u64::from(policy.paid_call_secs_max));
        let per_call = tenant.settings.extension_limits(facts.attempt.extension.as_ref()).per_call;
        let per_minute = facts.rate.per_minute;
        match per_call {
            Some(limit) if per_minute > Money::ZERO => {
                let secs = limit.0.saturating_mul(60) / per_minute.0.max(1);
                cap.min(Duration::from_secs(u64::try_from(secs).unwrap_or(0)))
            }
            _ => cap,
        }
    }
}

fn new_call(
    wall: WallTime,
    facts: &Facts<'_>,
    extension: ExtensionIndex,
    permitted: bool,
) -> Running {
    let attempt = facts.attempt;
    Running {
        tenant: attempt.tenant.clone(),
        extension,
        trunk: attempt.trunk.clone(),
        ip: attempt.source.as_ref().map(|s| s.ip),
        origin: attempt.source.as_ref().map(Origin::of),
        via: attempt.via,
        is_continuation: attempt.parent.is_some() || attempt.forwarded_by.is_some(),
        destination: *facts.destination,
        key: DestinationKey::of(facts.destination),
        rate: facts.rate.clone(),
        started: wall,
        answered: None,
        settled: Money::ZERO,
        reserved: Money::ZERO,
        teaches: true,
        permitted,
        promised: None,
        cut: None,
        at_ease_until: Moment(0),
    }
}

/// The call as the signals remember it.
fn remembered(
    wall: WallTime,
    facts: &Facts<'_>,
    call: &Running,
    tenant: &Tenant,
    civil: &Civil,
) -> PaidCall {
    let per_minute = facts.rate.per_minute.as_f64() as f32;
    let connect = facts.rate.connect.as_f64() as f32;
    let known = tenant.state.destinations.get(call.key, civil.day);
    PaidCall {
        call: facts.attempt.call,
        at: wall,
        extension: call.extension,
        destination: call.key,
        number: facts.destination.number,
        per_minute,
        per_call: connect >= PER_CALL_FEE,
        cost: 0.0,
        secs: 0.0,
        over: false,
        unexplained: 0.0,
        new_destination: known.is_none_or(|h| h.days < 0.5 || i32::from(h.first) >= civil.day),
        via: facts.attempt.via,
    }
}

/// A fee from which each call pays by itself, in currency units.
const PER_CALL_FEE: f32 = 0.3;

impl Tenant {
    /// Weighs one paid call and remembers it as it stands now.
    pub(super) fn weigh(
        &mut self,
        wall: WallTime,
        civil: Civil,
        call: &Running,
        mut paid: PaidCall,
    ) -> Weighing {
        let Some(extension) = self.state.extensions.get(call.extension as usize) else {
            return Weighing::default();
        };
        // How little explains it is found anew, and what it puts in itself is added after.
        paid.unexplained = 0.0;
        let mut context = Context {
            now: wall,
            civil,
            destination: &call.destination,
            call: paid,
            per_call: call.rate.connect.as_f64() as f32,
            origin: call.origin,
            is_continuation: call.is_continuation,
            tenant: &self.state,
            extension,
            figures: self.state.recent.figures(wall, &paid),
        };
        let (unexplained, signals) = look(&context);
        paid.unexplained = if call.permitted { 0.0 } else { unexplained };
        context.call = paid;
        context.figures.now_explained(&paid);
        let weighing = weigh(&context, signals, &self.settings.policy().steering);
        self.state.recent.put(paid);
        weighing
    }

    /// Notes that a call was refused: it costs nothing, but its attempt is remembered.
    fn refuse_recent(&mut self, call: CallId) {
        if let Some(paid) = self.state.recent.get_mut(call) {
            paid.over = true;
        }
    }

    /// Whether the call answers a lure: its range is closed now, or is from this call on.
    fn is_lured(&mut self, wall: WallTime, to: &Destination, weighing: &Weighing) -> bool {
        let Some(number) = to.number else { return false };
        self.state.closed_ranges.retain(|r| r.until > wall);
        if self.state.closed_ranges.iter().any(|r| number.starts_with(r.prefix)) {
            return true;
        }
        let lure = weighing.weight_of(ringfence_model::SignalKind::CallBack);
        let lured =
            lure >= LURE && weighing.weight_of(ringfence_model::SignalKind::Destination) > 0.0;
        if lured {
            self.close_range(crate::tenant::ClosedRange {
                prefix: crate::signals::lure_range(number),
                until: wall + CLOSED_FOR,
            });
        }
        lured
    }
}

/// From this weight a lure closes its range.
const LURE: f32 = 2.5;
/// How long: a wave of lures lasts a day or two.
const CLOSED_FOR: Duration = Duration::from_secs(48 * 3_600);

fn blocked(call: CallId, acted: bool, block: &Block) -> Verdict {
    let reason = Reason::Blocked {
        level: block.level,
        until: block.until,
        whole_tenant: block.scope.extension().is_none(),
    };
    refused(call, acted, vec![reason], vec![Pass::Unblock { until: block.until }])
}

/// The same refusal, taken back when a contact approves; where the policy wants that, and the number is one.
fn asking(tenant: &Tenant, facts: &Facts<'_>, mut verdict: Verdict) -> Verdict {
    let wanted = tenant.settings.policy().hold_for_approval && verdict.acted;
    if let (true, Some(number)) = (wanted, facts.destination.number) {
        let Destination { country, kind, .. } = *facts.destination;
        let per_minute = facts.rate.per_minute;
        verdict.pass.insert(0, Pass::Approval { number, country, kind, per_minute });
    }
    verdict
}

fn refused(call: CallId, acted: bool, reasons: Vec<Reason>, pass: Vec<Pass>) -> Verdict {
    Verdict { action: Action::Reject, reasons, pass, ..Verdict::allowed(call, acted) }
}

fn weighed_out(facts: &Facts<'_>, acted: bool, weighing: &Weighing) -> Verdict {
    let going = Reason::Going {
        country: facts.destination.country,
        kind: facts.destination.kind,
        per_minute: facts.rate.per_minute,
        default_tariff: facts.default_tariff,
    };
    let reasons = std::iter::once(going).chain(weighing.reasons()).collect();
    Verdict {
        evidence: weighing.evidence,
        ..refused(facts.attempt.call, acted, reasons, weighing.pass())
    }
}
