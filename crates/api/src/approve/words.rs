//! What the page for contacts says, in English and in Dutch.

use ringfence_model::Language;
use ringfence_store::Answer;

/// The sentences of one language.
pub struct Words {
    pub language: &'static str,
    pub title: &'static str,
    pub asked: &'static str,
    pub number: &'static str,
    pub place: &'static str,
    pub price: &'static str,
    pub a_minute: &'static str,
    pub who: &'static str,
    pub bound: &'static str,
    pub allow_number: &'static str,
    pub allow_country: &'static str,
    pub no: &'static str,
    pub block: &'static str,
    pub over: &'static str,
    pub answered: &'static str,
    pub by: &'static str,
    pub failed: &'static str,
    pub void: &'static str,
    pub void_more: &'static str,
}

const EN: Words = Words {
    language: "en",
    title: "A call waits for your approval",
    asked: "This call was refused. You may let the next ones pass.",
    number: "Number",
    place: "Country",
    price: "Price",
    a_minute: "a minute",
    who: "Extension",
    bound: "Approved calls may cost in all at most",
    allow_number: "Allow this number today",
    allow_country: "Allow this country today",
    no: "No",
    block: "No, and block this extension",
    over: "The time to answer is over. The next call asks again.",
    answered: "It was answered",
    by: "by",
    failed: "It could not be done now. Nothing was changed; try again in a minute.",
    void: "This link does not work",
    void_more: "It is not whole, or no longer yours. Use the one in the latest mail, or log in to the portal.",
};

const NL: Words = Words {
    language: "nl",
    title: "Een gesprek wacht op uw toestemming",
    asked: "Dit gesprek is geweigerd. U kunt de volgende toestaan.",
    number: "Nummer",
    place: "Land",
    price: "Prijs",
    a_minute: "per minuut",
    who: "Toestel",
    bound: "Toegestane gesprekken mogen samen hoogstens kosten",
    allow_number: "Sta dit nummer vandaag toe",
    allow_country: "Sta dit land vandaag toe",
    no: "Nee",
    block: "Nee, en blokkeer dit toestel",
    over: "De tijd om te antwoorden is voorbij. Het volgende gesprek vraagt het opnieuw.",
    answered: "Het is beantwoord",
    by: "door",
    failed: "Het kon nu niet worden gedaan. Er is niets gewijzigd; probeer het over een minuut opnieuw.",
    void: "Deze link werkt niet",
    void_more: "Hij is niet heel, of niet meer van u. Gebruik die in de laatste mail, of log in op het portaal.",
};

impl Words {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Nl => &NL,
        }
    }

    pub const fn answer(&self, answer: Answer) -> &'static str {
        match answer {
            Answer::Number => self.allow_number,
            Answer::Country => self.allow_country,
            Answer::No => self.no,
            Answer::Block => self.block,
        }
    }
}
