//! What the page of a case says, in English and in Dutch.

use crate::time::Amount;
use axum::http::{HeaderMap, header};
use ringfence_model::Language;

/// The words of one language.
pub(super) struct Words {
    of: Language,
    pub language: &'static str,
    pub case: &'static str,
    pub title: &'static str,
    pub note: &'static str,
    pub until: &'static str,
    pub more: &'static str,
    pub customer: &'static str,
    pub what: &'static str,
    pub from: &'static str,
    pub active: &'static str,
    pub decision: &'static str,
    pub by: &'static str,
    pub cost_below: &'static str,
    pub let_through: &'static str,
    pub prevented: &'static str,
    pub made: &'static str,
    pub sources: &'static str,
    pub address: &'static str,
    pub device: &'static str,
    pub unknown: &'static str,
    pub calls: &'static str,
    pub cost: &'static str,
    pub events: &'static str,
    pub at: &'static str,
    pub extension: &'static str,
    pub came_from: &'static str,
    pub why: &'static str,
    pub started: &'static str,
    pub to: &'static str,
    pub country: &'static str,
    pub outcome: &'static str,
    pub seconds: &'static str,
    pub changes: &'static str,
    pub who: &'static str,
    pub about: &'static str,
    pub notes: &'static str,
}

const EN: Words = Words {
    of: Language::En,
    language: "en",
    case: "Case",
    title: "Suspected toll fraud: case",
    note: "Times are UTC (RFC 3339). Amounts are in the customer's currency by the customer's tariff. Numbers are complete. The tables hold every call of the customer that cost something or was stopped, from",
    until: "until",
    more: "There is more than is shown here.",
    customer: "Customer",
    what: "What",
    from: "From",
    active: "Last activity",
    decision: "Decision",
    by: "by",
    cost_below: "Cost of the calls below",
    let_through: "Got through, by the engine's count",
    prevented: "First minute of each refused call",
    made: "Made",
    sources: "Where the calls came from",
    address: "Address",
    device: "Device",
    unknown: "not known",
    calls: "Calls",
    cost: "Cost",
    events: "What happened",
    at: "At",
    extension: "Extension",
    came_from: "From",
    why: "Why",
    started: "Started",
    to: "To",
    country: "Country",
    outcome: "Outcome",
    seconds: "Seconds",
    changes: "What people changed",
    who: "Who",
    about: "About",
    notes: "Notes",
};

const NL: Words = Words {
    of: Language::Nl,
    language: "nl",
    case: "Zaak",
    title: "Vermoeden van telefoonfraude: zaak",
    note: "Tijden zijn UTC (RFC 3339). Bedragen zijn in de valuta van de klant, volgens het tarief van de klant. Nummers zijn volledig. De tabellen bevatten elk gesprek van de klant dat iets kostte of is gestopt, van",
    until: "tot",
    more: "Er is meer dan hier staat.",
    customer: "Klant",
    what: "Wat",
    from: "Vanaf",
    active: "Laatste activiteit",
    decision: "Besluit",
    by: "door",
    cost_below: "Kosten van de gesprekken hieronder",
    let_through: "Doorgelaten, zoals het systeem telde",
    prevented: "Eerste minuut van elk geweigerd gesprek",
    made: "Gemaakt",
    sources: "Waar de gesprekken vandaan kwamen",
    address: "Adres",
    device: "Apparaat",
    unknown: "onbekend",
    calls: "Gesprekken",
    cost: "Kosten",
    events: "Wat er gebeurde",
    at: "Wanneer",
    extension: "Toestel",
    came_from: "Van",
    why: "Waarom",
    started: "Begin",
    to: "Naar",
    country: "Land",
    outcome: "Uitkomst",
    seconds: "Seconden",
    changes: "Wat mensen wijzigden",
    who: "Wie",
    about: "Waarover",
    notes: "Aantekeningen",
};

/// What programs call things, and what people do, in English and in Dutch.
const SAID: [(&str, &str, &str); 15] = [
    ("confirmed_fraud", "confirmed fraud", "bevestigde fraude"),
    ("false_alarm", "false alarm", "vals alarm"),
    ("expected", "expected", "verwacht"),
    ("registration_failed", "logins failed", "aanmeldingen mislukt"),
    ("registered", "registered from a new place", "aangemeld vanaf een nieuwe plek"),
    ("config_changed", "a forward was changed", "een doorschakeling is gewijzigd"),
    ("alerted", "alert", "waarschuwing"),
    ("blocked", "blocked", "geblokkeerd"),
    ("lifted", "block ended", "blokkade beëindigd"),
    ("cut", "cut off", "afgebroken"),
    ("verdict", "judged", "beoordeeld"),
    ("ok", "ended by itself", "vanzelf beëindigd"),
    ("refused", "refused", "geweigerd"),
    ("would_refuse", "would be refused", "zou geweigerd zijn"),
    ("proposal", "proposed", "voorgesteld"),
];

impl Words {
    pub const fn of(language: Language) -> Self {
        match language {
            Language::En => EN,
            Language::Nl => NL,
        }
    }

    /// What programs call `name`, for people.
    pub fn say<'n>(&self, name: &'n str) -> &'n str {
        let row = SAID.iter().find(|(of, ..)| *of == name);
        row.map_or(name, |(_, en, nl)| match self.of {
            Language::En => en,
            Language::Nl => nl,
        })
    }

    pub fn money(&self, amount: Amount) -> String {
        let text = super::money(amount);
        match self.of {
            Language::En => text,
            Language::Nl => text.replace('.', ","),
        }
    }
}

/// The first language of `Accept-Language` that there is; browsers name the one they prefer first.
pub(super) fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = |tag: &str| {
        let tag = tag.trim().to_ascii_lowercase();
        [("nl", Language::Nl), ("en", Language::En)]
            .into_iter()
            .find_map(|(of, language)| tag.starts_with(of).then_some(language))
    };
    accepted.unwrap_or_default().split(',').find_map(language).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_the_language_they_prefer() {
        for (accepted, language) in [
            ("nl-NL,nl;q=0.9,en;q=0.8", Language::Nl),
            ("de, en;q=0.9, nl;q=0.1", Language::En),
            ("fr", Language::En),
            ("", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(preferred(&headers), language, "{accepted}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Language::En);
    }

    #[test]
    fn each_language_has_its_own_words() {
        assert_ne!(EN.title, NL.title);
        assert_eq!(Words::of(Language::Nl).say("refused"), "geweigerd");
        assert_eq!(Words::of(Language::En).say("what comes later"), "what comes later");
        let amount = Amount(ringfence_model::Money(1_500_000));
        assert_eq!(Words::of(Language::Nl).money(amount), "1,500000");
    }
}
