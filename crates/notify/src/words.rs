//! What is said in English and in Dutch.

use crate::{Digest, News, What};
use ringfence_fraud::explain::Voice;
use ringfence_model::{ExtensionId, Language, Level, Window};

/// Speaks to somebody.
pub struct Words<'a> {
    pub voice: &'a Voice,
}

/// What stands below each letter.
pub const fn footer(language: Language) -> &'static str {
    match language {
        Language::En => {
            "Sent because you are a contact; who looks after the settings can change that."
        }
        Language::Nl => {
            "Verzonden omdat u contactpersoon bent; wie de instellingen beheert kan dat wijzigen."
        }
    }
}

impl Words<'_> {
    const fn pick(&self, en: &'static str, nl: &'static str) -> &'static str {
        match self.voice.language {
            Language::En => en,
            Language::Nl => nl,
        }
    }

    pub fn salutation(&self, name: &str) -> String {
        format!("{} {name},", self.pick("Dear", "Beste"))
    }

    /// The line a telephone shows.
    pub fn headline(&self, news: &News) -> String {
        let voice = self.voice;
        match &news.what {
            What::Alert { at_stake, .. } => {
                let said = self.pick("fraud suspected", "vermoeden van fraude");
                format!("{said}, {}", voice.money(*at_stake))
            }
            What::Blocked { level, shadow: false, extension, .. } => {
                let said = self.pick("calls blocked", "bellen geblokkeerd");
                format!("{said}: {}{}", self.level(*level), self.of(extension.as_ref()))
            }
            What::Blocked { .. } => {
                self.pick("calls would have been blocked", "bellen zou geblokkeerd zijn").to_owned()
            }
            What::Lifted { .. } => self.pick("block ended", "blokkade beëindigd").to_owned(),
            What::Held { country, .. } => {
                let said = self
                    .pick("a call waits for your approval", "een gesprek wacht op uw toestemming");
                format!("{said}: {}", voice.country(*country))
            }
            What::Nearly { window, used, limit } => {
                let said = self.pick("limit nearly reached", "limiet bijna bereikt");
                let share = used.0.saturating_mul(100) / limit.0.max(1);
                format!("{said}: {share} % {}", self.window(*window))
            }
            What::Digest(digest) => {
                let said = match days(digest) {
                    1 => self.pick("overview of a day", "overzicht van een dag"),
                    _ => self.pick("overview of a week", "overzicht van een week"),
                };
                format!("{said}, {}", voice.money(digest.spent))
            }
            What::Proposed { .. } => self
                .pick("a second person is awaited", "er wordt op een tweede persoon gewacht")
                .to_owned(),
            What::Trial => self.pick("this is a trial", "dit is een proef").to_owned(),
        }
    }

    /// All of it.
    pub fn story(&self, news: &News) -> String {
        let voice = self.voice;
        match &news.what {
            What::Alert { extension, at_stake, .. } => format!(
                "{}{}. {}: {}.\n{}",
                self.pick("Fraud is suspected", "Er is een vermoeden van fraude"),
                self.of(extension.as_ref()),
                self.pick("At stake", "Op het spel"),
                voice.money(*at_stake),
                self.why(news),
            ),
            What::Blocked { extension, level, until, shadow, by, .. } => {
                let said = if *shadow {
                    self.pick("Would have been blocked (only watched)", "Zou geblokkeerd zijn (alleen meekijken)")
                } else {
                    self.pick("Blocked", "Geblokkeerd")
                };
                let until = match until {
                    Some(until) => format!("{} {}", self.pick("until", "tot"), voice.time(*until)),
                    None => self.pick("until somebody lifts it", "tot iemand het opheft").to_owned(),
                };
                let by = by.as_ref().map_or(String::new(), |by| {
                    format!(" {} {by}", self.pick("by", "door"))
                });
                let still = self.pick(
                    "Emergency numbers always work.",
                    "Alarmnummers werken altijd.",
                );
                format!(
                    "{said}{}{by}: {}, {until}.\n{}{still}",
                    self.of(extension.as_ref()),
                    self.level(*level),
                    self.why(news)
                )
            }
            What::Lifted { extension, level } => format!(
                "{}{}: {}. {}",
                self.pick("The block ended", "De blokkade is beëindigd"),
                self.of(extension.as_ref()),
                self.level(*level),
                self.pick("Limits are tight for a while.", "Limieten zijn een tijd krap."),
            ),
            What::Held { extension, number, country, line, per_minute, expires, .. } => format!(
                "{}{}: {number} ({}, {}), {} {}.\n{}{} {}.",
                self.pick("A call was refused and waits for an approval", "Een gesprek is geweigerd en wacht op toestemming"),
                self.of(extension.as_ref()),
                voice.country(*country),
                voice.kind(*line),
                voice.price(*per_minute),
                self.pick("a minute", "per minuut"),
                self.why(news),
                self.pick("You can answer until", "U kunt antwoorden tot"),
                voice.time(*expires),
            ),
            What::Nearly { window, used, limit } => format!(
                "{} {} {} {} {}. {}",
                voice.money(*used),
                self.pick("of", "van"),
                voice.money(*limit),
                self.window(*window),
                self.pick("is used", "is gebruikt"),
                self.pick(
                    "At the limit paid calls are refused; raise it in time if this is right.",
                    "Op de limiet worden betaalde gesprekken geweigerd; verhoog hem op tijd als dit klopt.",
                ),
            ),
            What::Digest(digest) => self.digest(digest),
            What::Proposed { act, by, not_before } => format!(
                "{by} {} {act}. {} {}.",
                self.pick("proposed", "heeft voorgesteld:"),
                self.pick("Somebody else can approve or refuse it; it takes effect not before", "Iemand anders kan het goedkeuren of weigeren; het gaat niet in vóór"),
                voice.time(*not_before),
            ),
            What::Trial => self.pick(
                "Somebody asked for this message, to see whether it arrives. It does.",
                "Iemand vroeg om dit bericht, om te zien of het aankomt. Dat doet het.",
            ).to_owned(),
        }
    }

    fn digest(&self, of: &Digest) -> String {
        let voice = self.voice;
        let mut lines = vec![format!(
            "{} {} {} {}",
            self.pick("From", "Van"),
            voice.time(of.from),
            self.pick("until", "tot"),
            voice.time(of.until)
        )];
        let mut line = |name: &str, value: String| lines.push(format!("{name}: {value}"));
        let normal = of.normal.map_or(String::new(), |normal| {
            format!(" ({} {})", self.pick("normally", "normaal"), voice.money(normal))
        });
        line(self.pick("Spent", "Besteed"), format!("{}{normal}", voice.money(of.spent)));
        line(self.pick("Inside office hours", "Binnen kantoortijd"), voice.money(of.inside));
        line(self.pick("Outside office hours", "Buiten kantoortijd"), voice.money(of.outside));
        line(self.pick("Answered calls", "Beantwoorde gesprekken"), of.calls.to_string());
        line(
            self.pick("Refused or cut", "Geweigerd of afgebroken"),
            format!(
                "{} ({} {})",
                of.refused,
                self.pick("at least saved", "minstens bespaard"),
                voice.money(of.prevented)
            ),
        );
        line(
            self.pick("Cases to decide about", "Zaken om over te beslissen"),
            of.open_cases.to_string(),
        );
        for new in &of.new {
            line(
                self.pick("New country", "Nieuw land"),
                format!(
                    "{}, {} ×, {}",
                    voice.country(new.country),
                    new.calls,
                    voice.money(new.cost)
                ),
            );
        }
        for change in &of.changes {
            line(self.pick("Changed", "Gewijzigd"), change.clone());
        }
        if !of.unused.is_empty() {
            line(
                self.pick(
                    "Extensions unused for four weeks",
                    "Toestellen die vier weken niet gebruikt zijn",
                ),
                of.unused.join(", "),
            );
        }
        lines.join("\n")
    }

    fn why(&self, news: &News) -> String {
        match news.reasons() {
            [] => String::new(),
            reasons => {
                format!("{}: {}.\n", self.pick("Why", "Waarom"), self.voice.reasons(reasons))
            }
        }
    }

    fn of(&self, extension: Option<&ExtensionId>) -> String {
        extension.map_or(String::new(), |extension| {
            format!(", {} {extension}", self.pick("extension", "toestel"))
        })
    }

    const fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Open => self.pick("everything works", "alles werkt"),
            Level::Guarded => self.pick(
                "all but premium, satellite and high-risk numbers",
                "alles behalve betaalnummers, satelliet en risicolanden",
            ),
            Level::National => self.pick("national numbers only", "alleen nationale nummers"),
            Level::Geographic => {
                self.pick("national geographic numbers only", "alleen nationale vaste nummers")
            }
            Level::Internal => self.pick("internal calls only", "alleen intern bellen"),
            Level::Suspended => self.pick("nothing", "niets"),
        }
    }

    const fn window(&self, window: Window) -> &'static str {
        match window {
            Window::Call => self.pick("per call", "per gesprek"),
            Window::Hour => self.pick("per hour", "per uur"),
            Window::Day => self.pick("per day", "per dag"),
            Window::Week => self.pick("per week", "per week"),
            Window::Month => self.pick("per month", "per maand"),
        }
    }

    pub const fn answer_here(&self) -> &'static str {
        self.pick(
            "Approve or refuse it here. This link is yours alone and works once:",
            "Keur het hier goed of af. Deze link is alleen voor u en werkt één keer:",
        )
    }

    pub fn untold(&self, count: usize) -> String {
        match self.voice.language {
            Language::En => format!("There are {count} more, earlier ones."),
            Language::Nl => format!("Er zijn er nog {count}, van eerder."),
        }
    }

    pub const fn plan(&self) -> &'static str {
        self.pick("What to do now:", "Wat nu te doen:")
    }

    pub const fn see(&self, case: bool) -> &'static str {
        match case {
            true => self.pick("The case, with all calls:", "De zaak, met alle gesprekken:"),
            false => self.pick("The portal:", "Het portaal:"),
        }
    }
}

fn days(digest: &Digest) -> i64 {
    (digest.until.as_secs() - digest.from.as_secs() + 43_200) / 86_400
}
