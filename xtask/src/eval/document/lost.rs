//! The attacks that cost more than €10, and what let the money through.

use crate::eval::course::Measure;
use crate::eval::score::{AttackRow, STEALTH, Score};
use crate::table::table;

/// EUR above which an attack is listed.
const LISTED_FROM: f64 = 10.0;

const HEAD: [&str; 10] = [
    "attack",
    "customer",
    "could cost",
    "lost",
    "calls let through",
    "first sign",
    "first stop",
    "person",
    "lost before sign / stop / after",
    "limited by",
];

/// A row per attack over €10, dearest first within its set.
pub fn table_of(scores: &[Score]) -> String {
    let mut rows = Vec::new();
    for score in scores {
        let mut dear: Vec<_> =
            score.per_attack.iter().filter(|attack| attack.loss > LISTED_FROM).collect();
        dear.sort_by(|a, b| b.loss.total_cmp(&a.loss));
        rows.extend(dear.into_iter().map(|attack| row(&score.data, attack)));
    }
    table(&HEAD, &rows)
}

fn row(set: &str, attack: &AttackRow) -> Vec<String> {
    let course = &attack.course;
    let after = |t: i64| after(t - attack.t_first);
    let sign = course.noticed.map(|(t, measure)| format!("{} {}", name(measure), after(t)));
    let stop = course.stopped.as_ref();
    let stop = stop.map(|stop| format!("{} {}", name(stop.measure), after(stop.t)));
    let person = course.closed.map(|t| format!("closed {}", after(t)));
    let group = if STEALTH.contains(&attack.kind.as_str()) { "stealth" } else { "loud" };
    let none = || "none".to_owned();
    vec![
        format!("{set} {} {} ({group})", attack.id, attack.kind),
        attack.tenant_type.clone(),
        format!("€{:.0}", attack.potential),
        format!("€{:.2}", attack.loss),
        attack.allowed.to_string(),
        sign.unwrap_or_else(none),
        stop.unwrap_or_else(none),
        person.unwrap_or_else(none),
        format!(
            "€{:.0} / €{:.0} / €{:.0}",
            course.unnoticed_eur, course.watched_eur, course.leaked_eur
        ),
        course.limited_by().to_owned(),
    ]
}

const fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::Alert => "alert",
        Measure::Block => "block",
        Measure::Refusal => "refusal",
        Measure::Cut => "cut",
    }
}

fn after(ms: i64) -> String {
    match ms as f64 / 60_000.0 {
        m if m <= 0.0 => "before the first call".to_owned(),
        m if m < 2.0 => format!("after {:.0} s", 60.0 * m),
        m if m < 120.0 => format!("after {m:.0} min"),
        m if m < 72.0 * 60.0 => format!("after {:.0} h", m / 60.0),
        m => format!("after {:.0} days", m / 1440.0),
    }
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn delays_read_well() {
        for (ms, text) in [
            (-5, "before the first call"),
            (4_000, "after 4 s"),
            (600_000, "after 10 min"),
            (4 * 3_600_000, "after 4 h"),
            (5 * 86_400_000, "after 5 days"),
        ] {
            assert_eq!(after(ms), text);
        }
    }
}
