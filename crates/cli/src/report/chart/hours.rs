//! Paid calls by hour of the week.

use crate::report::Report;
use maud::{Markup, html};

/// Seven rows of 24 hours. The area of colour grows with the root, so that single calls stay visible.
pub fn hours(report: &Report<'_>) -> Markup {
    let w = report.words();
    let found = &report.findings.hours;
    let most = found.values().map(|(all, _)| *all).max().unwrap_or(1).max(1);
    let strength = |calls: u32| 0.12 + 0.88 * (f64::from(calls) / f64::from(most)).sqrt();
    let busiest = found.iter().max_by_key(|(_, (all, _))| *all).map(|(&hour, _)| hour);
    let said = busiest.map_or_else(String::new, |hour| hour_name(report, hour));
    html! {
        figure {
            div.week {
                div.y aria-hidden="true" { @for day in w.weekdays { span { (day) } } }
                svg viewBox="0 0 240 98" preserveAspectRatio="none" role="img"
                    aria-label={ (w.hours) ". Max: " (said) " (" (most) ")" } {
                    @for hour in 0..168u8 {
                        @let (x, y) = (u32::from(hour % 24) * 10, u32::from(hour / 24) * 14);
                        @let (all, stopped) = found.get(&hour).copied().unwrap_or((0, 0));
                        @let class = match (all, stopped) { (0, _) => "none", (_, 0) => "calls", _ => "stopped" };
                        rect class=(class) x=(x) y=(y) width="9.2" height="13"
                            fill-opacity=[(all > 0).then(|| format!("{:.2}", strength(all)))] {
                            @if all > 0 {
                                title { (hour_name(report, hour)) ": " (all) " " (w.paid_calls) ", " (stopped) " " (w.stopped_calls) }
                            }
                        }
                    }
                }
                div.x aria-hidden="true" { span { "0" } span { "6" } span { "12" } span { "18" } span { "24" } }
            }
            p.scale aria-hidden="true" {
                (w.few)
                @for level in [0.2, 0.4, 0.6, 0.8, 1.0] { i style={ "opacity:" (level) } {} }
                (w.many)
                i.stopped {} (w.stopped_calls)
            }
        }
    }
}

/// `Sat 02:00`.
pub fn hour_name(report: &Report<'_>, hour: u8) -> String {
    let day = report.words().weekdays.get(usize::from(hour / 24)).copied().unwrap_or_default();
    format!("{day} {:02}:00", hour % 24)
}
