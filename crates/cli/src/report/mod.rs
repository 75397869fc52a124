//! The report of a replay: one HTML page that needs nothing else, in English or Dutch, light or dark, on paper or a
//! phone. Every chart has its table.

mod case;
mod chart;
mod sections;
pub mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ringfence_connect::cdr::ImportSummary;
use ringfence_fraud::explain::Voice;
use ringfence_gate::replay::Findings;
use ringfence_model::{Cdr, Masked, WallTime};
use words::Words;

/// What a report is made of.
pub struct Report<'a> {
    pub findings: &'a Findings,
    pub cdrs: &'a [Cdr],
    pub import: &'a ImportSummary,
    pub voice: &'a Voice,
    pub style: Style,
}

/// Choices of the person who asked for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Show phone numbers in full.
    pub full_numbers: bool,
}

const CSS: &str = include_str!("style.css");

impl Report<'_> {
    /// The page.
    pub fn html(&self) -> Markup {
        let w = self.words();
        html! {
            (DOCTYPE)
            html lang=(w.code) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // Nothing may be loaded or run, whatever a record holds.
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
                    meta name="referrer" content="no-referrer";
                    meta name="color-scheme" content="light dark";
                    title { "Ringfence · " (w.title) }
                    style { (PreEscaped(CSS)) }
                }
                body {
                    main {
                        (self.header())
                        (self.tiles())
                        @if self.findings.default_tariff { p.note { (w.default_tariff_note) } }
                        @if !self.findings.raised_limits.is_empty() {
                            p.note { (w.raised_limits_note) }
                        }
                        (self.days())
                        (self.cases())
                        div.pair { (self.destinations()) (self.hours()) }
                        (self.doubts())
                        (self.extensions())
                        (self.import_table())
                        (self.reading())
                    }
                    footer {
                        p { (w.made_by) @if !self.style.full_numbers { " " (w.numbers_masked) } }
                    }
                }
            }
        }
    }

    const fn words(&self) -> &'static Words {
        words::of(self.voice.language)
    }

    fn several_tenants(&self) -> bool {
        self.findings.tenants.len() > 1
    }

    fn number(&self, text: &str) -> String {
        if self.style.full_numbers { text.to_owned() } else { Masked(text).to_string() }
    }

    /// The local day of a moment, in days since 1970-01-01.
    fn day(&self, at: WallTime) -> Option<i32> {
        let stamp = jiff::Timestamp::from_microsecond(at.0).ok()?;
        let date = stamp.to_zoned(self.voice.zone.clone()).date();
        Some(date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?.get_days())
    }

    /// A local day as people write it here.
    fn date(&self, day: i32) -> String {
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        let days = jiff::Span::new().try_days(day).unwrap_or_default();
        let Ok(date) = epoch.checked_add(days) else { return String::new() };
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let name = self.words().weekdays.get(weekday).copied().unwrap_or_default();
        format!("{name} {}", date.strftime("%Y-%m-%d"))
    }
}
