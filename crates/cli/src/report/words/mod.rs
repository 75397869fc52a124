//! What reports and summaries say, in English and Dutch. Reasons and verdicts are not said here: `fraud::explain`
//! has the only words for them.

mod en;
mod nl;

use ringfence_connect::cdr::ImportSummary;
use ringfence_fraud::explain::Voice;
use ringfence_gate::replay::{Case, CaseEvent, Findings, Happening, Known};
use ringfence_model::{Language, Level, Money, Window};

/// Everything in one language.
pub struct Words {
    /// The language, as HTML names it.
    pub code: &'static str,
    pub title: &'static str,
    pub warning: &'static str,
    pub default_tariff: &'static str,
    pub default_tariff_note: &'static str,
    pub raised_limits_note: &'static str,
    pub rejects_in: &'static str,
    pub report_in: &'static str,
    pub case_columns: [&'static str; 7],

    pub never_judged: &'static str,
    pub internal_call: &'static str,
    pub not_outbound: &'static str,
    pub was_learning: &'static str,
    pub findings: &'static str,
    pub price_per_minute: &'static str,
    pub recorded_cost: &'static str,
    pub would_have_cost: &'static str,
    pub reserved: &'static str,
    pub longest: &'static str,
    pub would_pass: &'static str,

    pub spend_per_day: &'static str,
    pub spend_per_day_note: &'static str,
    pub day_columns: [&'static str; 4],
    pub destinations: &'static str,
    pub destinations_note: &'static str,
    pub destination_columns: [&'static str; 5],
    pub known: &'static str,
    pub new: &'static str,
    pub hours: &'static str,
    pub hours_note: &'static str,
    pub hour_columns: [&'static str; 3],
    pub weekdays: [&'static str; 7],
    pub as_table: &'static str,
    pub spent: &'static str,
    pub prevented: &'static str,
    pub normal: &'static str,
    pub paid_calls: &'static str,
    pub stopped_calls: &'static str,
    pub learning_time: &'static str,
    pub few: &'static str,
    pub many: &'static str,

    pub cases: &'static str,
    pub no_cases: &'static str,
    pub let_through: &'static str,
    pub refused: &'static str,
    pub cut: &'static str,
    pub why: &'static str,
    pub where_to: &'static str,
    pub timeline: &'static str,
    pub timeline_columns: [&'static str; 4],
    pub only_learned: &'static str,
    pub extensions: &'static str,
    pub extension_columns: [&'static str; 5],
    pub no_extension: &'static str,
    pub doubts: &'static str,
    pub doubts_note: &'static str,
    pub behind_block: &'static str,
    pub no_doubts: &'static str,
    pub doubt_columns: [&'static str; 5],
    pub import: &'static str,
    pub import_columns: [&'static str; 3],
    pub import_rows: [&'static str; 8],
    pub reading: &'static str,
    pub reading_points: &'static [&'static str],
    pub next: &'static str,
    pub next_points: &'static [&'static str],
    pub numbers_masked: &'static str,
    pub made_by: &'static str,
}

/// The words of a language.
pub const fn of(language: Language) -> &'static Words {
    match language {
        Language::En => &en::WORDS,
        Language::Nl => &nl::WORDS,
    }
}

impl Words {
    const fn is_dutch(&self) -> bool {
        matches!(self.code.as_bytes(), b"nl")
    }

    /// What the replay found, in a few sentences.
    pub fn headline(&self, found: &Findings, voice: &Voice) -> String {
        let (what, more) = self.headlines(found, voice);
        format!("{what}{more}")
    }

    /// What would have been stopped; and what else there is to say, each sentence after a space.
    pub fn headlines(&self, found: &Findings, voice: &Voice) -> (String, String) {
        let figures = Headline::of(found, voice);
        if self.is_dutch() { nl::headline(&figures) } else { en::headline(&figures) }
    }

    /// The sums, by name.
    pub fn totals(&self, found: &Findings, voice: &Voice) -> Vec<(&'static str, String)> {
        let [records, paid, protected, refused, cut] =
            if self.is_dutch() { nl::TOTALS } else { en::TOTALS };
        let t = &found.totals;
        let count = |n: u64| grouped(n, self.is_dutch());
        vec![
            (records, count(t.records)),
            (paid, count(t.paid)),
            (protected, count(t.protected)),
            (self.recorded_cost, voice.money(t.recorded)),
            (self.would_have_cost, voice.money(t.spent)),
            (self.prevented, voice.money(t.prevented)),
            (refused, count(t.refused)),
            (cut, count(t.cut)),
        ]
    }

    /// How the files were read, in one line.
    pub fn read(&self, s: &ImportSummary) -> String {
        let n = |n: u64| grouped(n, self.is_dutch());
        let figures =
            [s.rows, s.records, s.rejected, s.duplicates, s.dropped_legs, s.skipped].map(n);
        if self.is_dutch() { nl::read(&figures) } else { en::read(&figures) }
    }

    /// Whose case it is.
    pub fn who(&self, case: &Case, several_tenants: bool) -> String {
        let shown = case.extensions.iter().take(4).map(ToString::to_string).collect::<Vec<_>>();
        let mut who = shown.join(", ");
        if case.extensions.len() > shown.len() {
            who.push_str(" …");
        }
        match (several_tenants, who.is_empty()) {
            (true, true) => case.tenant.to_string(),
            (true, false) => format!("{} {who}", case.tenant),
            (false, _) => who,
        }
    }

    /// The dearest destinations of a case.
    pub fn places(&self, case: &Case, voice: &Voice, count: usize) -> String {
        let mut names: Vec<String> = Vec::new();
        for (place, _) in &case.destinations {
            let name = voice.country(place.country);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len() > count;
        names.truncate(count);
        names.join(", ") + if more { " …" } else { "" }
    }

    /// The heading of a case.
    pub fn case_title(&self, case: &Case, several_tenants: bool) -> String {
        let who = self.who(case, several_tenants);
        if self.is_dutch() { nl::case_title(case, &who) } else { en::case_title(case, &who) }
    }

    /// What happened, without the why.
    pub fn happening(&self, event: &CaseEvent, voice: &Voice) -> String {
        let until = |block: &ringfence_model::Block| block.until.map(|at| voice.time(at));
        if self.is_dutch() { nl::happening(event, until) } else { en::happening(event, until) }
    }

    /// Why a stopped call may have been honest.
    pub fn doubt(&self, known: Known, days: u32) -> String {
        if self.is_dutch() { nl::doubt(known, days) } else { en::doubt(known, days) }
    }

    /// A running call was cut.
    pub fn cut_after(&self, at: &str, after: &str) -> String {
        if self.is_dutch() {
            format!("Verbroken op {at}, na {after} gesprek:")
        } else {
            format!("Cut at {at}, after {after} of talk:")
        }
    }

    /// Money used in a window.
    pub fn used_of(&self, window: Window, used: &str, limit: &str) -> String {
        if self.is_dutch() {
            format!("{}: {used} van {limit} besteed en gereserveerd", nl::window(window))
        } else {
            format!("{}: {used} of {limit} spent and reserved", en::window(window))
        }
    }

    /// The span of the records.
    pub fn span(&self, from: &str, to: &str, learn: &str) -> String {
        if self.is_dutch() { nl::span(from, to, learn) } else { en::span(from, to, learn) }
    }
}

/// The figures of the headline.
pub struct Headline {
    pub attacks: usize,
    /// Cases without a block of behaviour: limits and rules.
    pub others: usize,
    /// Attacks seen while everything was only learned from.
    pub learned: usize,
    pub first: String,
    /// Nothing was lost before the stop.
    pub at_once: bool,
    pub let_through: String,
    pub prevented: String,
    pub cost: String,
    pub stopped: u64,
    /// Stopped calls in doubt, by findings of their own or by a limit or rule.
    pub doubts: usize,
    /// Stopped calls in doubt that only a standing block refused.
    pub behind_block: usize,
    /// What all that is stopped would have cost.
    pub saved: String,
}

impl Headline {
    fn of(found: &Findings, voice: &Voice) -> Self {
        let attacks = || found.cases.iter().filter(|c| c.is_attack() && !c.learning);
        let let_through: Money = attacks().map(|c| c.let_through).sum();
        let prevented: Money = attacks().map(|c| c.prevented).sum();
        Self {
            attacks: attacks().count(),
            others: found.cases.iter().filter(|c| !c.is_attack() && c.stopped() > 0).count(),
            learned: found.cases.iter().filter(|c| c.is_attack() && c.learning).count(),
            first: attacks().next().map_or_else(String::new, |c| voice.time(c.begin)),
            let_through: voice.money(let_through),
            prevented: voice.money(prevented),
            cost: voice.money(let_through + prevented),
            stopped: found.totals.refused + found.totals.cut,
            doubts: found.doubts.iter().filter(|doubt| !doubt.by_block).count(),
            behind_block: found.doubts.iter().filter(|doubt| doubt.by_block).count(),
            at_once: let_through == Money::ZERO,
            saved: voice.money(found.totals.prevented),
        }
    }
}

/// Whether an event is about a block, and which level.
const fn level_of(what: &Happening) -> Option<Level> {
    match what {
        Happening::Blocked(block) | Happening::Lifted(block) => Some(block.level),
        _ => None,
    }
}

/// A count with its thousands apart.
pub fn grouped(count: u64, dutch: bool) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(if dutch { '.' } else { ',' });
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(1_234_567, false), "1,234,567");
        assert_eq!(grouped(123, true), "123");
        assert_eq!(grouped(1_000, true), "1.000");
    }
}
