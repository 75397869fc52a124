//! The course of one attack: what was noticed first, what stopped it first, and what it cost between.

use serde::Serialize;

/// What was done about an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A person was asked to look; calls go on.
    Alert,
    Block,
    Refusal,
    Cut,
}

/// The first measure, the first that stopped anything, and the money before, between and after.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Course {
    pub noticed: Option<(i64, Measure)>,
    pub stopped: Option<Stop>,
    /// A person closed the hole.
    pub closed: Option<i64>,
    /// EUR of calls that began before the first measure.
    pub unnoticed_eur: f64,
    /// EUR of calls that began after it and before the first stop.
    pub watched_eur: f64,
    /// EUR of calls that began after the first stop.
    pub leaked_eur: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Stop {
    pub t: i64,
    pub measure: Measure,
    pub why: String,
}

impl Course {
    pub fn take(&mut self, t: i64, measure: Measure, why: &str) {
        self.noticed.get_or_insert((t, measure));
        if measure != Measure::Alert && self.stopped.is_none() {
            self.stopped = Some(Stop { t, measure, why: why.to_owned() });
        }
    }

    /// Adds a call that began at `t`.
    pub fn spend(&mut self, t: i64, eur: f64) {
        let at = match (self.noticed, &self.stopped) {
            (_, Some(stop)) if t >= stop.t => &mut self.leaked_eur,
            (Some((noticed, _)), _) if t >= noticed => &mut self.watched_eur,
            _ => &mut self.unnoticed_eur,
        };
        *at += eur;
    }

    /// What let most of the money through.
    pub fn limited_by(&self) -> &'static str {
        let most = self.unnoticed_eur.max(self.watched_eur).max(self.leaked_eur);
        let stopped = self.stopped.is_some();
        match self.noticed {
            None => "never noticed",
            Some(_) if most == self.unnoticed_eur => "spent before the first evidence sufficed",
            Some(_) if most == self.leaked_eur => "went on beside the first stop",
            Some(_) if stopped => "alerted, stopped later",
            Some(_) => "alerted, went on until a person looked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_before_between_and_after() {
        let mut course = Course::default();
        course.spend(1, 1.0);
        assert_eq!(course.limited_by(), "never noticed");
        course.take(5, Measure::Alert, "");
        course.take(9, Measure::Block, "odd");
        for t in [4, 5, 8, 9] {
            course.spend(t, 10.0);
        }
        let parts = [course.unnoticed_eur, course.watched_eur, course.leaked_eur];
        assert_eq!(parts, [11.0, 20.0, 10.0]);
        assert_eq!(course.noticed, Some((5, Measure::Alert)));
        assert_eq!(course.stopped.as_ref().map(|stop| stop.why.as_str()), Some("odd"));
        assert_eq!(course.limited_by(), "alerted, stopped later");
    }
}
