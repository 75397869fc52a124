//! Cost per day against normal, with attacks shaded.

use super::{at, round_up};
use crate::report::Report;
use maud::{Markup, html};
use ringfence_gate::replay::DayMoney;
use ringfence_model::Money;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 220.0;

/// `attacks` are the first and last days of attacks.
pub fn days(report: &Report<'_>, days: &[DayMoney], attacks: &[(i32, i32)]) -> Markup {
    let (w, v) = (report.words(), report.voice);
    let top = top_of(days);
    let step = WIDTH / days.len().max(1) as f64;
    let bar = (step * 0.74).min(46.0);
    let height = |money: f64| (money / top).min(1.0) * HEIGHT;
    let x = |index: usize| (index as f64 + 0.5) * step - bar / 2.0;
    let first = days.first().map_or(0, |day| day.day);
    let learned = report.day(report.findings.learn_until);
    let peak = days.iter().max_by(|a, b| worth(a).cmp(&worth(b)));
    let said = peak.map_or_else(String::new, |day| {
        format!("{}: {}", report.date(day.day), v.money(worth(day)))
    });
    html! {
        figure {
            ul.legend aria-hidden="true" {
                li { i.spent {} (w.spent) }
                li { i.prevented {} (w.prevented) }
                li { i.normal {} (w.normal) }
                li { i.learning {} (w.learning_time) }
            }
            div.plot {
                div.over aria-hidden="true" {
                    @for (left, day) in labels(days, top) {
                        span class=(side(left)) style={ "left:" (at(left)) "%" } { "↑ " (v.money(worth(day))) }
                    }
                }
                div.y aria-hidden="true" {
                    span { (v.money(Money::from_f64(top))) }
                    span { (v.money(Money::from_f64(top / 2.0))) }
                    span { (v.money(Money::ZERO)) }
                }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img"
                    aria-label={ (w.spend_per_day) ". " (said) } {
                    @if let Some(days) = learned.filter(|&day| day > first).map(|day| day - first) {
                        rect.learning x="0" y="0" width=(at((f64::from(days) * step).min(WIDTH)))
                            height=(HEIGHT) {}
                    }
                    @for &(from, to) in attacks {
                        rect.shade x=(at(f64::from(from - first) * step)) y="0"
                            width=(at(f64::from(to - from + 1) * step)) height=(HEIGHT) {}
                    }
                    @for part in [0.5, 1.0] {
                        line.grid x1="0" x2=(WIDTH) y1=(at(HEIGHT * (1.0 - part)))
                            y2=(at(HEIGHT * (1.0 - part))) {}
                    }
                    @for (index, day) in days.iter().enumerate() {
                        @let spent = height(day.spent.as_f64());
                        @let prevented = height((day.spent + day.prevented).as_f64()) - spent;
                        @if spent > 0.0 {
                            rect.spent x=(at(x(index))) y=(at(HEIGHT - spent.max(1.0))) width=(at(bar))
                                height=(at(spent.max(1.0))) { title { (tip(report, day)) } }
                        }
                        @if prevented > 0.0 {
                            rect.prevented x=(at(x(index))) y=(at(HEIGHT - spent - prevented.max(1.0)))
                                width=(at(bar)) height=(at(prevented.max(1.0))) { title { (tip(report, day)) } }
                        }
                    }
                    polyline.normal points=(normal(days, step, height)) {}
                }
            }
            div.x aria-hidden="true" {
                @for day in ticks(days) { span { (report.date(day)) } }
            }
            figcaption { (said) }
        }
    }
}

/// The top of the axis. Where a few days cost many times what the others do, they reach beyond it and are labelled:
/// else the normal days would not be seen at all.
fn top_of(days: &[DayMoney]) -> f64 {
    let mut worth: Vec<f64> = days.iter().map(|day| worth(day).as_f64()).collect();
    worth.sort_by(f64::total_cmp);
    let most = worth.last().copied().unwrap_or_default();
    let usual = worth.get(worth.len() * 9 / 10).copied().unwrap_or_default();
    if usual > 0.0 && most > usual * BEYOND { round_up(usual * SHOWN) } else { round_up(most) }
}

/// So many times the usual days is beyond the axis, which shows this many times them.
const BEYOND: f64 = 6.0;
const SHOWN: f64 = 3.0;

fn worth(day: &DayMoney) -> Money {
    day.spent + day.prevented
}

/// Where the days beyond the axis are, in per cent of the width: the dearest of those too near to each other.
fn labels(days: &[DayMoney], top: f64) -> Vec<(f64, &DayMoney)> {
    let count = days.len().max(1) as f64;
    let all = days.iter().enumerate().filter(|(_, day)| worth(day).as_f64() > top);
    let mut all: Vec<_> =
        all.map(|(index, day)| ((index as f64 + 0.5) / count * 100.0, day)).collect();
    all.sort_by_key(|(_, day)| std::cmp::Reverse(worth(day)));
    let mut kept: Vec<(f64, &DayMoney)> = Vec::new();
    for (left, day) in all {
        if kept.iter().all(|(other, _)| (left - other).abs() > 24.0) {
            kept.push((left, day));
        }
    }
    kept
}

/// Labels at the ends of the chart must not stand out of the page.
fn side(left: f64) -> &'static str {
    match left {
        left if left < 14.0 => "first",
        left if left > 86.0 => "last",
        _ => "",
    }
}

fn tip(report: &Report<'_>, day: &DayMoney) -> String {
    let (w, v) = (report.words(), report.voice);
    format!(
        "{}: {} {}, {} {}, {} {}",
        report.date(day.day),
        w.spent,
        v.money(day.spent),
        w.prevented,
        v.money(day.prevented),
        w.normal,
        v.money(day.normal)
    )
}

/// A step for each day.
fn normal(days: &[DayMoney], step: f64, height: impl Fn(f64) -> f64) -> String {
    let mut points = String::new();
    for (index, day) in days.iter().enumerate() {
        let y = at((HEIGHT - height(day.normal.as_f64())).max(0.0));
        let (from, to) = (at(index as f64 * step), at((index + 1) as f64 * step));
        points.push_str(&format!("{from},{y} {to},{y} "));
    }
    points
}

/// First, middle and last day.
fn ticks(days: &[DayMoney]) -> Vec<i32> {
    let last = days.len().saturating_sub(1);
    let mut at = vec![0, last / 2, last];
    at.dedup();
    at.into_iter().filter_map(|index| Some(days.get(index)?.day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i32, euros: i64) -> DayMoney {
        let spent = Money::units(euros);
        DayMoney { day, spent, prevented: Money::ZERO, paid: 1, stopped: 0, normal: spent }
    }

    #[test]
    fn normal_days_stay_visible_beside_an_attack() {
        let calm: Vec<DayMoney> = (0..30).map(|n| day(n, 10)).collect();
        assert_eq!(top_of(&calm), 10.0);
        let mut attacked = calm;
        attacked.extend([day(30, 5_000), day(31, 4_000)]);
        assert_eq!(top_of(&attacked), 30.0);
        let labels = labels(&attacked, 30.0);
        assert_eq!(labels.len(), 1, "neighbours would cover each other");
        assert_eq!(labels[0].1.day, 30);
        assert_eq!(side(labels[0].0), "last");
    }

    #[test]
    fn nothing_at_all_has_an_axis_too() {
        assert_eq!(top_of(&[]), 1.0);
        assert_eq!(top_of(&[day(0, 0)]), 1.0);
        assert!(ticks(&[]).is_empty());
    }
}
