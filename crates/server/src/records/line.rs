//! A line of the records file: the record of an attempt, what the number was, what it cost and what was done about it.

use ringfence_gate::{Setup, Snapshot};
use ringfence_model::{
    Action, Attempt, CallId, Cdr, Destination, Direction, E164, Kind, Money, Pass, Protected,
    Reason, Target, TenantId, Verdict, WallTime,
};
use ringfence_numbering::Numbering;
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Beyond this the oldest are forgotten: their records say that they passed.
const ACTS_MAX: usize = 200_000;
/// Nobody knows how long a refused call would have lasted; it is taken for one of this length.
const REFUSED: Duration = Duration::from_secs(60);

/// The record and what is known beyond it. The store reads these names.
#[derive(Debug, Serialize)]
pub(super) struct CdrLine<'a> {
    #[serde(flatten)]
    pub(super) cdr: &'a Cdr,
    b_number: Option<String>,
    kind: Option<Called>,
    pub(super) country: Option<String>,
    cost: Money,
    /// What the first minute of a refused call would have cost.
    prevented: Money,
    pub(super) outcome: &'static str,
    reasons: Vec<Reason>,
    /// What would have made a refused call pass.
    pass: Vec<Pass>,
}

/// What was called: a sort of line, or what is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Called {
    Line(Kind),
    Word(&'static str),
}

impl<'a> CdrLine<'a> {
    pub fn new(cdr: &'a Cdr, act: Option<Done>, snapshot: &Snapshot) -> Self {
        let Done { outcome, reasons, pass } = act.unwrap_or_default();
        let mut line = Self {
            cdr,
            b_number: None,
            kind: None,
            country: None,
            cost: Money::ZERO,
            prevented: Money::ZERO,
            outcome,
            reasons,
            pass,
        };
        let nobody = TenantId::new("");
        let setup = snapshot.setup(cdr.tenant.as_ref().unwrap_or(&nobody));
        match cdr.direction {
            Direction::Outbound => line.outbound(setup),
            Direction::Inbound => line.b_number = full(&cdr.dialled),
            Direction::Internal => line.kind = Some(Called::Word("internal")),
        }
        line
    }

    fn outbound(&mut self, setup: &Setup) {
        match Numbering::embedded().classify(&self.cdr.dialled, &setup.dial_plan) {
            Target::Protected(Protected::Emergency) => self.kind = Some(Called::Word("emergency")),
            Target::Protected(Protected::Helpline) => self.kind = Some(Called::Word("helpline")),
            Target::Internal(_) => self.kind = Some(Called::Word("internal")),
            Target::Outside(to) => {
                self.b_number = to.number.map(E164::full);
                self.kind = Some(Called::Line(to.kind));
                self.country = Some(to.country.into());
                let at = self.cdr.answered.unwrap_or(self.cdr.started);
                self.cost = cost(setup, &to, at, Duration::from_millis(self.cdr.billable_ms));
                if matches!(self.outcome, REFUSES | WOULD_REFUSE) {
                    self.prevented = cost(setup, &to, at, REFUSED);
                }
            }
        }
    }
}

/// What refusing an attempt saves: the price of its first minute.
pub(super) fn prevented(attempt: &Attempt, at: WallTime, snapshot: &Snapshot) -> Money {
    let setup = snapshot.setup(&attempt.tenant);
    match Numbering::embedded().classify(&attempt.dialled, &setup.dial_plan) {
        Target::Outside(to) => cost(setup, &to, at, REFUSED),
        Target::Protected(_) | Target::Internal(_) => Money::ZERO,
    }
}

fn cost(setup: &Setup, to: &Destination, at: WallTime, charged: Duration) -> Money {
    if charged.is_zero() {
        return Money::ZERO;
    }
    let civil = setup.settings.calendar().civil(at);
    let rate = setup.tariff.rate(to, civil.weekday(), civil.minute);
    rate.map_or(Money::ZERO, |rate| rate.cost(charged))
}

/// A called number that was written in full.
fn full(dialled: &str) -> Option<String> {
    let number: E164 = dialled.strip_prefix('+')?.parse().ok()?;
    Some(number.full())
}

const OK: &str = "ok";
const REFUSES: &str = "refused";
const WOULD_REFUSE: &str = "would_refuse";
const CUT: &str = "cut";

/// What was done about a call, and why.
#[derive(Clone, Debug)]
pub(super) struct Done {
    outcome: &'static str,
    reasons: Vec<Reason>,
    pass: Vec<Pass>,
}

impl Default for Done {
    fn default() -> Self {
        Self { outcome: OK, reasons: Vec::new(), pass: Vec::new() }
    }
}

/// What was done about calls whose records are not written yet.
#[derive(Debug, Default)]
pub(super) struct Acts {
    calls: HashMap<CallId, Done>,
    order: VecDeque<CallId>,
}

impl Acts {
    pub fn judged(&mut self, verdict: &Verdict) {
        let outcome = match (verdict.action, verdict.acted) {
            (Action::Reject, true) => REFUSES,
            (Action::Reject, false) => WOULD_REFUSE,
            (Action::Allow, _) => return,
        };
        let (reasons, pass) = (verdict.reasons.clone(), verdict.pass.clone());
        self.note(verdict.call, Done { outcome, reasons, pass });
    }

    pub fn cut(&mut self, call: CallId, reasons: &[Reason]) {
        self.note(call, Done { outcome: CUT, reasons: reasons.to_vec(), pass: Vec::new() });
    }

    fn note(&mut self, call: CallId, done: Done) {
        if self.calls.insert(call, done).is_none() {
            self.order.push_back(call);
        }
        while self.order.len() > ACTS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.calls.remove(&oldest);
            }
        }
    }

    /// The record of a call is written: what was done about it.
    pub fn take(&mut self, cdr: &Cdr) -> Option<Done> {
        let call = CallId(cdr.native_id.parse().ok()?);
        let done = self.calls.remove(&call);
        while self.order.front().is_some_and(|first| !self.calls.contains_key(first)) {
            self.order.pop_front();
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Source, parse};
    use ringfence_model::{CallId, LimitKind, Via};
    use serde_json::{Value, json};

    fn snapshot() -> std::sync::Arc<Snapshot> {
        let text =
            "[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"t\"\ncountry = \"NL\"\n";
        parse(Source::new("/nowhere/r.toml".into(), text.to_owned())).unwrap().snapshot
    }

    fn cdr(direction: Direction, dialled: &str, billable_ms: u64) -> Cdr {
        Cdr {
            native_id: "7".into(),
            correlation_id: None,
            tenant: Some(TenantId::new("t")),
            trunk: None,
            extension: None,
            direction,
            a_number: "+31201234567".into(),
            dialled: dialled.into(),
            c_number: None,
            via: Via::Pbx,
            source: None,
            started: WallTime::from_secs(1_795_334_400),
            answered: None,
            ended: WallTime::from_secs(1_795_334_460),
            billable_ms,
            code: 200,
        }
    }

    fn line(cdr: &Cdr, act: Option<Done>) -> Value {
        serde_json::to_value(CdrLine::new(cdr, act, &snapshot())).unwrap()
    }

    #[test]
    fn a_record_says_what_was_called_and_what_it_cost() {
        let said = line(&cdr(Direction::Outbound, "0053512345678", 60_000), None);
        assert_eq!((&said["b_number"], &said["country"]), (&json!("+53512345678"), &json!("CU")));
        assert_eq!((&said["native_id"], &said["outcome"]), (&json!("7"), &json!("ok")));
        assert!(said["cost"].as_i64().unwrap() > 0, "{said}");
        assert_eq!(said["prevented"], 0);
        let said = line(&cdr(Direction::Outbound, "112", 60_000), None);
        assert_eq!((&said["kind"], &said["cost"]), (&json!("emergency"), &json!(0)));
        let said = line(&cdr(Direction::Inbound, "+31207654321", 60_000), None);
        assert_eq!((&said["b_number"], &said["cost"]), (&json!("+31207654321"), &json!(0)));
    }

    #[test]
    fn the_span_of_a_call_tells_no_number() {
        let of = Cdr {
            answered: Some(WallTime(1_795_334_405_000_000)),
            ..cdr(Direction::Outbound, "0053512345678", 55_000)
        };
        let span = CdrLine::new(&of, None, &snapshot()).span().unwrap();
        let said = format!("{span:?}");
        assert!(!said.contains("53512345678") && !said.contains("201234567"), "{said}");
        for (name, value) in [
            ("ringfence.tenant", "t"),
            ("ringfence.verdict", "ok"),
            ("ringfence.country", "CU"),
            ("ringfence.dialled", "00535******78"),
        ] {
            assert!(span.attributes.contains(&(name, value.into())), "{name}: {said}");
        }
        assert_eq!((span.start, span.end), (of.started, of.ended));
        assert_eq!(span.events, [("answer", WallTime(1_795_334_405_000_000))]);
    }

    #[test]
    fn a_record_says_what_was_done_about_the_call() {
        let cdr = cdr(Direction::Outbound, "0053512345678", 0);
        let reason = Reason::TooManyActive { whose: LimitKind::Tenant, active: 3, limit: 2 };
        let reasons = vec![reason];
        let pass = vec![Pass::MoreCalls { whose: LimitKind::Tenant, to: 4 }];
        let mut acts = Acts::default();
        let refused =
            Verdict { action: Action::Reject, reasons, pass, ..Verdict::allowed(CallId(7), true) };
        acts.judged(&refused);
        let said = line(&cdr, acts.take(&cdr));
        assert_eq!(said["outcome"], "refused");
        assert!(said["prevented"].as_i64().unwrap() > 0, "{said}");
        assert_eq!(said["reasons"].as_array().unwrap().len(), 1);
        assert_eq!(said["pass"].as_array().unwrap().len(), 1);
        assert!(acts.take(&cdr).is_none() && acts.order.is_empty());
        acts.judged(&Verdict { acted: false, ..refused });
        assert_eq!(line(&cdr, acts.take(&cdr))["outcome"], "would_refuse");
        acts.cut(CallId(7), &[]);
        assert_eq!(line(&cdr, acts.take(&cdr))["outcome"], "cut");
    }
}
