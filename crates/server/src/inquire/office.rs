//! When a tenant's people work, as spans of time.

use ringfence_fraud::calendar::Calendar;
use ringfence_model::WallTime;
use std::time::Duration;

/// Offsets, and the times of day people write down, change at whole minutes.
const MINUTE: Duration = Duration::from_secs(60);
/// Two months of minutes: no report is longer, and no request keeps a processor for long.
const MINUTES_MAX: u32 = 62 * 24 * 60;

/// The spans from `from` to `until` in which they do.
pub fn hours(
    calendar: &mut Calendar,
    from: WallTime,
    until: WallTime,
) -> Vec<(WallTime, WallTime)> {
    let mut spans = Vec::new();
    let mut open: Option<WallTime> = None;
    let first = WallTime(from.0 - from.0.rem_euclid(60_000_000));
    for minute in (0..MINUTES_MAX).map(|n| first + MINUTE * n).take_while(|at| *at < until) {
        match (calendar.civil(minute).office, open) {
            (true, None) => open = Some(minute.max(from)),
            (false, Some(begin)) => {
                spans.push((begin, minute));
                open = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    spans.extend(open.map(|begin| (begin, until)));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{Hours, TimeRange, Weekday};

    fn at(text: &str) -> WallTime {
        WallTime(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn spans_follow_the_calendar_and_end_with_what_was_asked_for() {
        let days = vec![Weekday::Mon, Weekday::Tue];
        let range = TimeRange { days, from: "08:30".into(), to: "17:15".into() };
        let open = Hours { open: vec![range], holidays: None, closures: vec!["2026-11-24".into()] };
        let mut calendar = Calendar::new("Europe/Amsterdam", &open).unwrap();
        // A Monday at work, the Tuesday closed, and the next Monday cut short.
        let spans = hours(&mut calendar, at("2026-11-23T00:00:00Z"), at("2026-11-30T12:00:00Z"));
        assert_eq!(
            spans,
            [
                (at("2026-11-23T07:30:00Z"), at("2026-11-23T16:15:00Z")),
                (at("2026-11-30T07:30:00Z"), at("2026-11-30T12:00:00Z")),
            ]
        );
        let within = hours(&mut calendar, at("2026-11-23T08:00:20Z"), at("2026-11-23T08:00:40Z"));
        assert_eq!(within, [(at("2026-11-23T08:00:20Z"), at("2026-11-23T08:00:40Z"))]);
        assert_eq!(
            hours(&mut calendar, at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z")),
            []
        );
    }
}
