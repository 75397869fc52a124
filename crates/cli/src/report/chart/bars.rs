//! Destinations by money.

use super::at;
use crate::report::Report;
use maud::{Markup, html};
use ringfence_gate::replay::DestinationMoney;

/// One bar for each, the first being the longest.
pub fn bars(report: &Report<'_>, destinations: &[&DestinationMoney]) -> Markup {
    let (w, v) = (report.words(), report.voice);
    let worth = |d: &DestinationMoney| (d.spent + d.prevented).as_f64();
    let most = destinations.iter().map(|d| worth(d)).fold(0.01, f64::max);
    let width = |money: f64| money / most * 100.0;
    html! {
        ul.bars {
            @for d in destinations {
                @let spent = width(d.spent.as_f64());
                @let prevented = width(d.prevented.as_f64());
                li {
                    span.name {
                        (report.place(d))
                        @if d.to.class.is_paid() {
                            " "
                            @if d.is_known() { span.tag { (w.known) } } @else { span.tag.new { (w.new) } }
                        }
                    }
                    span.n { (v.money(d.spent + d.prevented)) }
                    svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img"
                        aria-label={ (w.spent) " " (v.money(d.spent)) ", " (w.prevented) " " (v.money(d.prevented)) } {
                        rect.track x="0" y="0" width="100" height="10" {}
                        rect.spent x="0" y="0" width=(at(spent)) height="10" {}
                        rect.prevented x=(at(spent)) y="0" width=(at(prevented)) height="10" {}
                    }
                }
            }
        }
    }
}
