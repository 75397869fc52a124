//! The one renderer of reasons: the same words in SIP `Reason`, log, report, API and mail, in English and Dutch.

mod en;
mod nl;

use jiff::tz::TimeZone;
use ringfence_model::{
    Country, Currency, Kind, Language, Level, LimitKind, Money, Pass, Reason, Signal, TrafficClass,
    Verdict, WallTime, Window,
};
use ringfence_numbering::{country_name, country_name_nl};

/// Who is spoken to: language, currency and time zone.
#[derive(Clone, Debug)]
pub struct Voice {
    /// The language.
    pub language: Language,
    /// The currency of amounts.
    pub currency: Currency,
    /// The zone of times.
    pub zone: TimeZone,
}

impl Voice {
    /// English, euros and the time of Amsterdam.
    #[must_use]
    pub fn english() -> Self {
        Self::of(Language::En, "Europe/Amsterdam")
    }

    /// Euros in `language` and the zone of that IANA name (UTC when unknown).
    #[must_use]
    pub fn of(language: Language, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self { language, currency: Currency::EUR, zone }
    }

    /// An amount: `€1,234.50` or `€ 1.234,50`.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        let cents = amount.to_cents();
        let (point, group) = match self.language {
            Language::En => ('.', ','),
            Language::Nl => (',', '.'),
        };
        let sign = if cents < 0 { "-" } else { "" };
        let whole = grouped(cents.unsigned_abs() / 100, group);
        let symbol = match (self.currency, self.language) {
            (Currency::EUR, Language::En) => "€".to_owned(),
            (Currency::EUR, Language::Nl) => "€ ".to_owned(),
            (other, _) => format!("{other} "),
        };
        format!("{sign}{symbol}{whole}{point}{:02}", cents.unsigned_abs() % 100)
    }

    /// A price, with the tenth of a cent when it has one.
    #[must_use]
    pub fn price(&self, amount: Money) -> String {
        let text = self.money(amount);
        let tenths = (amount.0.unsigned_abs() % 10_000) / 1_000;
        if tenths == 0 || amount.0 < 0 {
            return text;
        }
        let down = self.money(Money(amount.0 - amount.0 % 10_000));
        format!("{down}{tenths}")
    }

    /// A time, to the minute: `Mon 2026-11-23 09:30`.
    #[must_use]
    pub fn time(&self, wall: WallTime) -> String {
        let stamp = jiff::Timestamp::from_second(wall.as_secs()).unwrap_or_default();
        let local = stamp.to_zoned(self.zone.clone());
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let days = match self.language {
            Language::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Language::Nl => ["ma", "di", "wo", "do", "vr", "za", "zo"],
        };
        let day = days.get(weekday).copied().unwrap_or_default();
        format!("{day} {}", local.strftime("%Y-%m-%d %H:%M"))
    }

    /// A duration in the unit people would use.
    #[must_use]
    pub fn duration(&self, secs: f32) -> String {
        let secs = secs.max(0.0);
        let (hours, minutes) = match self.language {
            Language::En => ("h", "min"),
            Language::Nl => ("uur", "min"),
        };
        if secs < 120.0 {
            format!("{secs:.0} s")
        } else if secs < 7_200.0 {
            format!("{:.0} {minutes}", secs / 60.0)
        } else {
            format!("{} {hours}", self.number(secs / 3_600.0))
        }
    }

    /// A figure with one decimal where it has one.
    #[must_use]
    pub fn number(&self, value: f32) -> String {
        let fine = format!("{value:.1}");
        let text = match fine.strip_suffix(".0") {
            Some(whole) => whole.to_owned(),
            None if value.abs() >= 100.0 => format!("{value:.0}"),
            None => fine,
        };
        match self.language {
            Language::En => text,
            Language::Nl => text.replace('.', ","),
        }
    }

    /// A country's name.
    #[must_use]
    pub fn country(&self, country: Country) -> String {
        let name = match self.language {
            Language::En => country_name(country),
            Language::Nl => country_name_nl(country),
        };
        name.map_or_else(|| country.to_string(), ToOwned::to_owned)
    }

    /// A kind of line.
    #[must_use]
    pub const fn kind(&self, kind: Kind) -> &'static str {
        match self.language {
            Language::En => en::kind_name(kind),
            Language::Nl => nl::kind_name(kind),
        }
    }

    /// One reason as a sentence without a final stop.
    #[must_use]
    pub fn reason(&self, reason: &Reason) -> String {
        match self.language {
            Language::En => en::reason(self, reason),
            Language::Nl => nl::reason(self, reason),
        }
    }

    /// All reasons, in order, joined.
    #[must_use]
    pub fn reasons(&self, reasons: &[Reason]) -> String {
        reasons.iter().map(|r| self.reason(r)).collect::<Vec<_>>().join("; ")
    }

    /// One way the call would have passed.
    #[must_use]
    pub fn pass(&self, pass: &Pass) -> String {
        match self.language {
            Language::En => en::pass(self, pass),
            Language::Nl => nl::pass(self, pass),
        }
    }

    /// The whole verdict in words: what is done, why, and what would have made the call pass.
    #[must_use]
    pub fn verdict(&self, verdict: &Verdict) -> String {
        let mut text = match self.language {
            Language::En => en::action(verdict),
            Language::Nl => nl::action(verdict),
        }
        .to_owned();
        if !verdict.reasons.is_empty() {
            text.push_str(": ");
            text.push_str(&self.reasons(&verdict.reasons));
        }
        if !verdict.pass.is_empty() {
            let ways: Vec<String> = verdict.pass.iter().map(|p| self.pass(p)).collect();
            let (passes, or) = match self.language {
                Language::En => (". Passes ", ", or "),
                Language::Nl => (". Gaat door ", ", of "),
            };
            text.push_str(passes);
            text.push_str(&ways.join(or));
        }
        text
    }
}

/// A count of things: faded and weighted counts are shown whole, and what is there at all is at least one.
fn count(value: f32) -> String {
    let whole = value.round();
    if value > 0.05 && whole < 1.0 { "1".to_owned() } else { format!("{whole:.0}") }
}

fn grouped(value: u64, group: char) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{Action, CallId, SignalKind};

    fn dutch() -> Voice {
        Voice::of(Language::Nl, "Europe/Amsterdam")
    }

    #[test]
    fn amounts_and_times_in_both_languages() {
        let en = Voice::english();
        assert_eq!(en.money(Money::cents(123_450)), "€1,234.50");
        assert_eq!(dutch().money(Money::cents(123_450)), "€ 1.234,50");
        assert_eq!(en.money(Money::cents(-5)), "-€0.05");
        assert_eq!(en.price(Money(15_000)), "€0.015");
        assert_eq!(en.time(WallTime::from_secs(1_795_422_600)), "Mon 2026-11-23 09:30");
        assert_eq!(dutch().time(WallTime::from_secs(1_795_422_600)), "ma 2026-11-23 09:30");
        assert_eq!(en.duration(5_400.0), "90 min");
    }

    #[test]
    fn a_verdict_explains_itself_and_says_what_would_pass() {
        let verdict = Verdict {
            call: CallId(1),
            action: Action::Reject,
            acted: true,
            reasons: vec![
                Reason::LimitReached {
                    whose: LimitKind::Tenant,
                    window: Window::Hour,
                    used: Money::cents(10_450),
                    limit: Money::units(100),
                },
                Reason::Signal(Signal {
                    kind: SignalKind::Volume,
                    weight: 2.0,
                    seen: 14.0,
                    normal: 3.0,
                }),
            ],
            pass: vec![Pass::RaiseLimit {
                whose: LimitKind::Tenant,
                window: Window::Hour,
                to: Money::cents(10_450),
            }],
            evidence: 2.0,
            exposure: Money::ZERO,
            max_duration: None,
        };
        insta::assert_snapshot!(
            Voice::english().verdict(&verdict),
            @"Refused: the customer's limit of €100.00 per hour would be passed: €104.50 spent and reserved; 14 paid calls in an hour (normally up to 3). Passes with the customer's limit of €104.50 per hour"
        );
        insta::assert_snapshot!(
            dutch().verdict(&verdict),
            @"Geweigerd: de limiet van de klant van € 100,00 per uur wordt overschreden: € 104,50 besteed en gereserveerd; 14 betaalde gesprekken in een uur (normaal tot 3). Gaat door bij een limiet van de klant van € 104,50 per uur"
        );
    }
}
