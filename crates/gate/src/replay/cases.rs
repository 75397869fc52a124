//! Groups what the gate says about one tenant into cases.

use super::findings::{Case, CaseEvent, Happening, Place};
use ringfence_model::{
    Alert, Block, ExtensionId, Money, Pass, Reason, TenantId, Verdict, WallTime,
};
use std::collections::HashMap;
use std::time::Duration;

/// Happenings with no more than this between them are one case.
const GAP: Duration = Duration::from_secs(24 * 3_600);
/// The most extensions one case names.
const EXTENSIONS_MAX: usize = 64;

/// The cases so far.
#[derive(Debug, Default)]
pub struct Cases {
    pub all: Vec<Case>,
    /// The latest of each tenant.
    latest: HashMap<TenantId, usize, foldhash::fast::FixedState>,
}

/// The call something happened to.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub tenant: &'a TenantId,
    pub extension: Option<&'a ExtensionId>,
    pub place: Option<Place>,
}

impl Cases {
    /// A call was refused, or would have been while learning. Gives the case's number.
    pub fn refused(
        &mut self,
        at: WallTime,
        about: About<'_>,
        verdict: Verdict,
        prevented: Money,
        stopped: bool,
    ) -> u32 {
        let what = match verdict.reasons.first() {
            Some(Reason::Blocked { .. }) => Happening::RefusedByBlock,
            Some(Reason::Going { .. } | Reason::Signal(_) | Reason::Weighed { .. }) | None => {
                Happening::Refused
            }
            Some(_) => Happening::RefusedByRule,
        };
        let by_block = what == Happening::RefusedByBlock;
        let (number, case) = match self.standing(about.tenant, by_block) {
            Some(number) => (number, self.get(number)),
            None => self.case(at, about.tenant, !stopped),
        };
        if stopped {
            case.refused += 1;
        }
        case.prevented += prevented;
        // A block also refuses honest calls: only its culprits go on with the case, and not after a quiet day.
        let goes_on = about.extension.is_none_or(|e| case.extensions.contains(e));
        if !by_block || (goes_on && at <= case.end + GAP) {
            case.end = case.end.max(at);
            about.join(case);
        }
        case.explain(&verdict.reasons, &verdict.pass);
        case.note(at, what, verdict.reasons, prevented);
        number as u32
    }

    /// A running call was ended. Gives the case's number.
    pub fn cut(
        &mut self,
        at: WallTime,
        about: About<'_>,
        reasons: Vec<Reason>,
        prevented: Money,
    ) -> u32 {
        let (number, case) = self.case(at, about.tenant, false);
        case.cut += 1;
        case.prevented += prevented;
        about.join(case);
        case.explain(&reasons, &[]);
        case.note(at, Happening::Cut, reasons, prevented);
        number as u32
    }

    /// A block came into force.
    pub fn blocked(&mut self, at: WallTime, block: Block, reasons: Vec<Reason>, learning: bool) {
        let (_, case) = self.case(at, block.scope.tenant(), learning);
        if case.blocks == 0 {
            case.evidence.clone_from(&reasons);
        }
        case.blocks += 1;
        let about =
            About { tenant: block.scope.tenant(), extension: block.scope.extension(), place: None };
        about.join(case);
        case.note(at, Happening::Blocked(block.clone()), reasons, Money::ZERO);
    }

    /// A block ended by itself: a line in its case, which it does not prolong.
    pub fn lifted(&mut self, at: WallTime, block: Block) {
        let Some(case) = self.latest.get(block.scope.tenant()).and_then(|&n| self.all.get_mut(n))
        else {
            return;
        };
        case.push(CaseEvent::new(at, Happening::Lifted(block), Vec::new(), Money::ZERO));
    }

    /// People were asked.
    pub fn alerted(&mut self, at: WallTime, alert: Alert, place: Option<Place>, learning: bool) {
        let (_, case) = self.case(at, &alert.tenant, learning);
        case.alerts += 1;
        About { tenant: &alert.tenant, extension: alert.extension.as_ref(), place }.join(case);
        case.explain(&alert.reasons, &[]);
        case.note(at, Happening::Alerted, alert.reasons, Money::ZERO);
    }

    /// The case of the block that stands, however long ago it began.
    fn standing(&self, tenant: &TenantId, by_block: bool) -> Option<usize> {
        let latest = self.latest.get(tenant).copied().filter(|_| by_block)?;
        self.all.get(latest).filter(|case| case.blocks > 0).map(|_| latest)
    }

    /// The case that something at `at` belongs to, begun when there is none.
    fn case(&mut self, at: WallTime, tenant: &TenantId, learning: bool) -> (usize, &mut Case) {
        let goes_on = |case: &Case| case.learning == learning && at <= case.end + GAP;
        let open = self.latest.get(tenant).copied();
        let open = open.filter(|&number| self.all.get(number).is_some_and(goes_on));
        let number = open.unwrap_or_else(|| {
            self.latest.insert(tenant.clone(), self.all.len());
            self.all.push(Case::begun(tenant.clone(), at, learning));
            self.all.len() - 1
        });
        let case = self.get(number);
        case.end = case.end.max(at);
        (number, case)
    }

    // Numbers are handed out above and never taken back.
    #[allow(clippy::indexing_slicing)]
    fn get(&mut self, number: usize) -> &mut Case {
        &mut self.all[number]
    }
}

impl About<'_> {
    fn join(&self, case: &mut Case) {
        if let Some(extension) = self.extension
            && case.extensions.len() < EXTENSIONS_MAX
            && !case.extensions.contains(extension)
        {
            case.extensions.push(extension.clone());
        }
        if let Some(place) = self.place
            && !case.destinations.iter().any(|(known, _)| *known == place)
        {
            case.destinations.push((place, Money::ZERO));
        }
    }
}

impl Case {
    fn begun(tenant: TenantId, at: WallTime, learning: bool) -> Self {
        Self {
            tenant,
            begin: at,
            end: at,
            learning,
            extensions: Vec::new(),
            destinations: Vec::new(),
            timeline: Vec::new(),
            left_out: 0,
            evidence: Vec::new(),
            pass: Vec::new(),
            refused: 0,
            cut: 0,
            blocks: 0,
            alerts: 0,
            let_through: Money::ZERO,
            prevented: Money::ZERO,
        }
    }

    /// Keeps the first reasons there are, and the first way to pass.
    fn explain(&mut self, reasons: &[Reason], pass: &[Pass]) {
        if self.evidence.is_empty() {
            self.evidence = reasons.to_vec();
        }
        if self.pass.is_empty() {
            self.pass = pass.to_vec();
        }
    }

    fn note(&mut self, at: WallTime, what: Happening, reasons: Vec<Reason>, prevented: Money) {
        // Stops of each sort since the last block, question or end of a block are one line, however they alternate.
        let stops = self.timeline.iter_mut().rev().take_while(|event| event.what.is_stop());
        if let Some(same) = stops.filter(|event| what.is_stop() && event.what == what).last() {
            same.until = at;
            same.calls += 1;
            same.prevented += prevented;
            return;
        }
        self.push(CaseEvent::new(at, what, reasons, prevented));
    }

    fn push(&mut self, event: CaseEvent) {
        if self.timeline.len() < Self::TIMELINE_MAX {
            self.timeline.push(event);
        } else {
            self.left_out += 1;
        }
    }
}

impl CaseEvent {
    const fn new(at: WallTime, what: Happening, reasons: Vec<Reason>, prevented: Money) -> Self {
        Self { at, until: at, calls: 1, prevented, what, reasons }
    }
}
