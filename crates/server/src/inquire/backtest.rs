//! A draft of a policy, tried on records beside the one in force.

use ringfence_api::{
    Amount, Backtest, BacktestAsk, BacktestFound, Changed, Fault, Progress, Verdicts,
};
use ringfence_fraud::Settings;
use ringfence_gate::replay::{Fate, Findings, Options, Replay};
use ringfence_gate::{Setup, Snapshot};
use ringfence_model::{Cdr, Money};
use std::sync::Arc;

/// Calls that are named one by one.
const NAMED_MAX: usize = 200;

/// Compiles the draft.
pub fn ready(in_force: Setup, ask: BacktestAsk) -> Result<Backtest, Fault> {
    let wrong = |error: &dyn std::fmt::Display| Fault::Refused {
        what: format!("the draft cannot be used: {error}"),
        mend: "correct it; see `ringfence policy example` for what each field may be".to_owned(),
    };
    let settings = Settings::new(ask.policy).map_err(|error| wrong(&error))?;
    let own = in_force.tariff.currency();
    if settings.policy().currency != own {
        let text = format!("its currency is not {own}, that of the tariff");
        return Err(wrong(&text));
    }
    let draft = Setup { settings: Arc::new(settings), ..in_force.clone() };
    let options = Options {
        tenant: ask.tenant,
        learn_until: ask.learn_until,
        watch: None,
        fit_limits: false,
    };
    let of = |setup| Replay::new(&Snapshot::of(setup), options.clone());
    let in_force = of(in_force).map_err(|error| wrong(&error))?;
    let draft = of(draft).map_err(|error| wrong(&error))?;
    Ok(Box::new(move |cdrs, progress| Ok(run(&in_force, &draft, cdrs, progress))))
}

fn run(
    in_force: &Replay,
    draft: &Replay,
    cdrs: &[Cdr],
    progress: &Progress,
) -> Option<BacktestFound> {
    let both = 2 * cdrs.len() as u64;
    let tell = |before: usize, done: usize| {
        progress.tell((before + done) as u64, both);
        progress.goes_on()
    };
    let old = in_force.run_while(cdrs, &mut |done| tell(0, done))?;
    let new = draft.run_while(cdrs, &mut |done| tell(cdrs.len(), done))?;
    Some(compare(&old, &new, cdrs))
}

fn compare(old: &Findings, new: &Findings, cdrs: &[Cdr]) -> BacktestFound {
    BacktestFound {
        learn_until: new.learn_until.into(),
        in_force: sums(old),
        draft: sums(new),
        newly_stopped: stopped_only(new, old, cdrs),
        no_longer_stopped: stopped_only(old, new, cdrs),
        default_tariff: new.default_tariff,
    }
}

fn sums(found: &Findings) -> Verdicts {
    let doubted = found.doubts.iter().filter_map(|doubt| found.calls.get(doubt.call as usize));
    Verdicts {
        calls: found.totals.records,
        refused: found.totals.refused,
        cut: found.totals.cut,
        cases: found.cases.iter().filter(|case| !case.learning).count() as u64,
        recorded: found.totals.recorded.into(),
        prevented: found.totals.prevented.into(),
        wrong_stops: found.doubts.len() as u64,
        wrong_stops_cost: doubted.fold(Money::ZERO, |sum, call| sum + call.recorded).into(),
    }
}

/// Calls `this` stops and `other` does not, in the order of time.
fn stopped_only(this: &Findings, other: &Findings, cdrs: &[Cdr]) -> Vec<Changed> {
    let both = this.calls.iter().zip(&other.calls).zip(cdrs);
    both.filter(|((this, other), _)| this.fate != Fate::Passed && other.fate == Fate::Passed)
        .map(|((call, _), cdr)| Changed {
            call: cdr.native_id.to_string(),
            started: cdr.started.into(),
            extension: cdr.extension.as_ref().map(ToString::to_string),
            recorded: Amount(call.recorded),
            prevented: Amount(call.recorded - call.spent),
        })
        .take(NAMED_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{Direction, ListEntry, Policy, TenantId, Via, WallTime};
    use std::time::Duration;

    /// A call to Cuba each hour of ten days.
    fn history() -> Vec<Cdr> {
        let call = |n: u64| {
            let started = WallTime::from_secs(1_795_334_400) + Duration::from_secs(3_600 * n);
            Cdr {
                native_id: format!("c{n}").into(),
                correlation_id: None,
                tenant: Some(TenantId::new("t")),
                trunk: None,
                extension: Some("205".into()),
                direction: Direction::Outbound,
                a_number: "+31201234567".into(),
                dialled: "0053512345678".into(),
                c_number: None,
                via: Via::Pbx,
                source: None,
                started,
                answered: Some(started),
                ended: started + Duration::from_secs(60),
                billable_ms: 60_000,
                code: 200,
            }
        };
        (0..240).map(call).collect()
    }

    fn ask(policy: Policy) -> BacktestAsk {
        BacktestAsk { tenant: TenantId::new("t"), policy, learn_until: None }
    }

    fn no_cuba() -> Policy {
        let entry = ListEntry { prefix: "+53".parse().unwrap(), note: "not there".into() };
        Policy { deny: vec![entry], ..Policy::default() }
    }

    #[test]
    fn a_draft_is_compared_with_what_is_in_force() {
        let backtest = ready(crate::inquire::setup(), ask(no_cuba())).unwrap();
        let (cdrs, progress) = (history(), Progress::default());
        let found = backtest(&cdrs, &progress).unwrap().unwrap();
        assert_eq!(progress.told(), (480, 480));
        let after = cdrs.iter().filter(|cdr| cdr.started >= found.learn_until.0).count() as u64;
        assert!(after > 150);
        assert_eq!((found.draft.calls, found.draft.refused), (240, after));
        assert!(found.in_force.refused < after);
        assert!(found.draft.prevented > found.in_force.prevented);
        assert!(found.draft.wrong_stops > 0, "calls there are the tenant's habit");
        assert_eq!(found.no_longer_stopped, []);
        assert!(!found.newly_stopped.is_empty() && found.newly_stopped.len() <= NAMED_MAX);
    }

    #[test]
    fn one_that_is_called_off_ends() {
        let backtest = ready(crate::inquire::setup(), ask(no_cuba())).unwrap();
        let progress = Progress::default();
        progress.call_off();
        assert_eq!(backtest(&history(), &progress).unwrap(), None);
    }

    #[test]
    fn a_draft_that_cannot_be_used_is_refused_at_once() {
        let wrong = Policy { time_zone: "Mars/Base".into(), ..Policy::default() };
        let Err(told) = ready(crate::inquire::setup(), ask(wrong)) else { panic!() };
        assert!(told.to_string().contains("Mars/Base"), "{told}");
        let dollars = Policy { currency: "USD".parse().unwrap(), ..Policy::default() };
        assert!(ready(crate::inquire::setup(), ask(dollars)).is_err());
    }
}
