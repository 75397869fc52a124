//! One case: what happened, why, what it cost, what would have made it pass.

use super::Report;
use maud::{Markup, html};
use ringfence_gate::replay::{Case, CaseEvent, Happening};
use ringfence_model::{Money, Reason};

/// So many cases are told in full.
const CASES: usize = 50;
/// So many lines of a timeline are shown.
const LINES: usize = 60;

impl Report<'_> {
    pub(super) fn cases(&self) -> Markup {
        let w = self.words();
        let cases = &self.findings.cases;
        html! {
            section.plain {
                h2 { (w.cases) }
                @if cases.is_empty() { p { (w.no_cases) } }
                @for case in cases.iter().take(CASES) { (self.case(case)) }
                @if cases.len() > CASES { p.sub { "+ " (cases.len() - CASES) } }
            }
        }
    }

    fn case(&self, case: &Case) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let class = match (case.is_attack(), case.stopped() > 0) {
            (true, _) => "case attack",
            (false, true) => "case limit",
            (false, false) => "case",
        };
        html! {
            article class=(class) {
                h3 { (w.case_title(case, self.several_tenants())) }
                p.sub { (v.time(case.begin)) " – " (v.time(case.end)) }
                @if case.learning { p.note { (w.only_learned) } }
                dl.tiles.small {
                    div { dt { (w.let_through) } dd { (v.money(case.let_through)) } }
                    div.good { dt { (w.prevented) } dd { (v.money(case.prevented)) } }
                    div { dt { (w.refused) } dd { (case.refused) } }
                    div { dt { (w.cut) } dd { (case.cut) } }
                }
                div.columns {
                    div {
                        h4 { (w.why) }
                        ul { @for reason in findings_first(&case.evidence) { li { (v.reason(reason)) } } }
                        @if !case.pass.is_empty() {
                            h4 { (w.would_pass) }
                            ul { @for pass in &case.pass { li { (v.pass(pass)) } } }
                        }
                    }
                    @if !case.destinations.is_empty() {
                        div {
                            h4 { (w.where_to) }
                            ul.places {
                                @for (place, cost) in case.destinations.iter().take(12) {
                                    li {
                                        span { (v.country(place.country)) ", " (v.kind(place.kind)) }
                                        span.n { (v.money(*cost)) }
                                    }
                                }
                            }
                        }
                    }
                }
                (self.timeline(case))
            }
        }
    }

    fn timeline(&self, case: &Case) -> Markup {
        let w = self.words();
        let left_out = case.timeline.len().saturating_sub(LINES) + case.left_out as usize;
        html! {
            details open[case.is_attack()] {
                summary { (w.timeline) }
                div.scroll { table.timeline {
                    thead { tr { @for h in w.timeline_columns { th scope="col" { (h) } } } }
                    tbody {
                        @for event in case.timeline.iter().take(LINES) { (self.event(event)) }
                    }
                } }
                @if left_out > 0 { p.sub { "+ " (left_out) } }
            }
        }
    }

    fn event(&self, event: &CaseEvent) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let class = match event.what {
            Happening::Blocked(_) => "block",
            Happening::Cut => "cut",
            _ => "",
        };
        // The reasons of a block stand above already; those of a lasting block repeat it.
        let why = match event.what {
            Happening::Lifted(_) | Happening::RefusedByBlock => String::new(),
            _ => findings_first(&event.reasons)
                .take(3)
                .map(|r| v.reason(r))
                .collect::<Vec<_>>()
                .join("; "),
        };
        html! {
            tr class=(class) {
                th scope="row" {
                    (v.time(event.at))
                    @if event.until.as_secs() / 60 > event.at.as_secs() / 60 {
                        br; "– " (v.time(event.until))
                    }
                }
                td { (w.happening(event, v)) }
                td.n { @if event.prevented > Money::ZERO { (v.money(event.prevented)) } }
                td { (why) }
            }
        }
    }
}

/// What was found before what was weighed: people read the first lines.
fn findings_first(reasons: &[Reason]) -> impl Iterator<Item = &Reason> {
    let is_sum = |reason: &&Reason| matches!(reason, Reason::Weighed { .. });
    reasons.iter().filter(move |r| !is_sum(r)).chain(reasons.iter().filter(is_sum))
}
