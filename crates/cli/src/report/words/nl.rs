//! Dutch.

use super::{Headline, Words, level_of};
use ringfence_gate::replay::{Case, CaseEvent, Happening, Known};
use ringfence_model::{Block, Level, Window};

pub const WORDS: Words = Words {
    code: "nl",
    title: "Wat Ringfence zou hebben gedaan",
    warning: "let op",
    default_tariff: "standaardtarief",
    default_tariff_note: "Bedragen zijn tegen het standaardtarief, een schatting: geef de prijzen van uw operator met --tariff.",
    raised_limits_note: "Er is geen beleid opgegeven, dus limieten zijn verhoogd naar wat normaal was tijdens het leren; stel uw eigen in met --policy.",
    rejects_in: "regels die niet bruikbaar waren",
    report_in: "rapport",
    case_columns: ["van", "tot", "toestel", "bestemmingen", "gestopt", "doorgelaten", "voorkomen"],

    never_judged: "Een alarmnummer of hulplijn: gaat altijd door en wordt nooit beoordeeld.",
    internal_call: "Een gesprek binnen het bedrijf: daar wordt niets over gevraagd.",
    not_outbound: "Geen uitgaand gesprek: daar wordt niets over gevraagd, maar het wordt onthouden.",
    was_learning: "Dit gesprek was in de leertijd van Ringfence: dan wordt niets gestopt.",
    findings: "Bevindingen (gewicht in nats; boven nul pleit tegen het gesprek)",
    price_per_minute: "prijs per minuut",
    recorded_cost: "kosten volgens de gegevens",
    would_have_cost: "zou hebben gekost",
    reserved: "gereserveerd voor dit gesprek",
    longest: "uiterlijk verbroken na",
    would_pass: "Wat het had doorgelaten",

    spend_per_day: "Kosten per dag",
    spend_per_day_note: "Wat gesprekken per dag kosten, naast wat zo'n weekdag hier normaal kost.",
    day_columns: ["dag", "besteed", "voorkomen", "normaal"],
    destinations: "Waar het geld heen gaat",
    destinations_note: "Bestemmingen naar kosten. Bekend: gesprekken daarheen gingen op drie of meer dagen door.",
    destination_columns: ["bestemming", "gesprekken", "gestopt", "besteed", "voorkomen"],
    known: "bekend",
    new: "nieuw",
    hours: "Wanneer er betaald gebeld wordt",
    hours_note: "Gesprekken naar het buitenland en betaalde nummers, per uur van de week. Rood: uren met gestopte gesprekken.",
    hour_columns: ["uur", "betaalde gesprekken", "gestopt"],
    weekdays: ["ma", "di", "wo", "do", "vr", "za", "zo"],
    as_table: "Als tabel",
    spent: "besteed",
    prevented: "voorkomen",
    normal: "normaal",
    paid_calls: "betaalde gesprekken",
    stopped_calls: "gestopt",
    learning_time: "leertijd",
    few: "weinig",
    many: "veel",

    cases: "Zaken",
    no_cases: "Er zou niets zijn gestopt en er zou niemand iets zijn gevraagd.",
    let_through: "doorgelaten",
    refused: "geweigerd",
    cut: "verbroken",
    why: "Waarom",
    where_to: "Waar de gesprekken heen gingen",
    timeline: "Wat er zou zijn gebeurd",
    timeline_columns: ["tijd", "wat", "voorkomen", "waarom"],
    only_learned: "Gezien in de leertijd van Ringfence: er zou nog niets zijn gestopt.",
    extensions: "Toestellen",
    extension_columns: ["toestel", "betaalde gesprekken", "gestopt", "besteed", "voorkomen"],
    no_extension: "(niet genoemd)",
    doubts: "Mogelijk ten onrechte gestopt",
    doubts_note: "Gestopte gesprekken naar nummers of bestemmingen die op drie of meer andere dagen zijn gebeld. Voor zover de gegevens dat vertellen; alleen u weet het.",
    behind_block: "achter een blokkade",
    no_doubts: "Geen van de gestopte gesprekken ging naar een plek die dit bedrijf vaak belt, voor zover de gegevens dat vertellen.",
    doubt_columns: ["tijd", "toestel", "gekozen", "kosten", "waarom het eerlijk kan zijn"],
    import: "Wat er is gelezen",
    import_columns: ["bestand", "vorm", "regels"],
    import_rows: [
        "gelezen regels",
        "gesprekken daaruit",
        "regels die niet bruikbaar waren",
        "dubbele regels",
        "delen van andere gesprekken",
        "regels van een andere soort",
        "herstelde regels",
        "tijden rond zomer- en wintertijd",
    ],
    reading: "Hoe u dit leest",
    reading_points: &[
        "Uw gesprekken gingen door hetzelfde programma dat in hun weg zou staan, in de volgorde waarin ze zijn gevoerd. Het wist niets van wat later kwam.",
        "Eerst leerde het alleen wat voor u gewoon is. Daarna kostten geweigerde gesprekken niets en eindigden lopende gesprekken waar het ze zou hebben verbroken.",
        "Niemand gaf antwoord op zijn vragen. In werkelijkheid heft iemand een onterechte blokkade met één tik op; hier blijft die staan tot hij vanzelf eindigt.",
        "Voorkomen is wat de gestopte gesprekken volgens uw gegevens hebben gekost na het moment van stoppen. Wie vroeg wordt gestopt, kan het elders proberen.",
        "Alarmnummers en hulplijnen worden nooit beoordeeld, vertraagd of gestopt.",
    ],
    next: "Wat nu",
    next_points: &[
        "Bekijk de gesprekken onder ‘mogelijk ten onrechte gestopt’. Zet nummers die u nodig hebt op de lijst van toegestane nummers in het beleid.",
        "Geef de prijzen van uw operator (--tariff) en grenzen die bij u passen (--policy), en doe dit opnieuw.",
        "Laat Ringfence eerst meekijken (observe); laat het ingrijpen (enforce) als u vertrouwt op wat het zegt.",
    ],
    numbers_masked: "Van telefoonnummers is het midden verborgen.",
    made_by: "Gemaakt door Ringfence uit gespreksgegevens op deze computer. Er is niets verstuurd.",
};

pub const TOTALS: [&str; 5] = [
    "gesprekken",
    "betaalde gesprekken",
    "alarmnummers en hulplijnen",
    "gesprekken geweigerd",
    "gesprekken verbroken",
];

pub fn headline(h: &Headline) -> (String, String) {
    let what = match h.attacks {
        0 if h.stopped == 0 => "Ringfence zou niets hebben gestopt.".to_owned(),
        0 => format!(
            "Ringfence zou geen aanval hebben gezien. Grenzen en regels zouden {} hebben gestopt, goed voor {}.",
            calls(h.stopped),
            h.saved
        ),
        1 if h.at_once => format!(
            "Ringfence zou 1 aanval bij het eerste gesprek hebben gestopt, op {}. In uw gegevens kostte die {}.",
            h.first, h.cost
        ),
        1 => format!(
            "Ringfence zou 1 aanval hebben gestopt op {}, na {}. In uw gegevens kostte die {}: {} zou zijn voorkomen.",
            h.first, h.let_through, h.cost, h.prevented
        ),
        n => format!(
            "Ringfence zou {n} aanvallen hebben gestopt, de eerste op {}, na samen {}. In uw gegevens kostten ze {}: {} zou zijn voorkomen.",
            h.first, h.let_through, h.cost, h.prevented
        ),
    };
    let mut text = String::new();
    if h.stopped > 0 {
        text.push_str(&match h.doubts {
            0 => " Er zou geen gewoon gesprek bij vergissing zijn gestopt, voor zover bekend."
                .to_owned(),
            1 => " Er zou 1 gesprek zijn gestopt dat gewoon kan zijn.".to_owned(),
            n => format!(" Er zouden {n} gesprekken zijn gestopt die gewoon kunnen zijn."),
        });
    }
    if h.behind_block > 0 {
        text.push_str(&format!(
            " {} naar bekende plaatsen zouden hebben gewacht tot iemand de blokkade ophief.",
            calls(h.behind_block as u64)
        ));
    }
    if h.attacks > 0 && h.others > 0 {
        text.push_str(&match h.others {
            1 => " Grenzen of regels zouden nog één keer gesprekken hebben gestopt.".to_owned(),
            n => format!(" Grenzen of regels zouden nog {n} keer gesprekken hebben gestopt."),
        });
    }
    if h.learned > 0 {
        text.push_str(" Er was ook een verdenking in de leertijd: zie de zaken.");
    }
    (what, text)
}

fn calls(count: u64) -> String {
    if count == 1 { "1 gesprek".to_owned() } else { format!("{count} gesprekken") }
}

pub fn read(figures: &[String; 6]) -> String {
    let [rows, records, rejected, duplicates, legs, skipped] = figures;
    format!(
        "{rows} regels gelezen: {records} gesprekken, {rejected} onbruikbaar, {duplicates} dubbel, {legs} delen van andere gesprekken, {skipped} van een andere soort"
    )
}

pub fn case_title(case: &Case, who: &str) -> String {
    let what = match (case.is_attack(), case.stopped() > 0) {
        (true, _) => "Aanval",
        (false, true) => "Gestopt door een grens of regel",
        (false, false) => "Een vraag, niets gestopt",
    };
    if who.is_empty() { what.to_owned() } else { format!("{what}: toestel {who}") }
}

pub fn happening(event: &CaseEvent, until: impl Fn(&Block) -> Option<String>) -> String {
    let n = calls(event.calls.into());
    let level = level_of(&event.what).map_or("", level);
    match &event.what {
        Happening::Refused => format!("{n} geweigerd"),
        Happening::RefusedByBlock => format!("{n} geweigerd door de blokkade"),
        Happening::RefusedByRule => format!("{n} geweigerd door een grens of regel"),
        Happening::Cut => format!("{n} verbroken"),
        Happening::Blocked(block) => {
            let whom = block.scope.extension().map_or_else(
                || "het bedrijf".to_owned(),
                |extension| format!("toestel {extension}"),
            );
            let until = until(block).map_or_else(String::new, |at| format!(", tot {at}"));
            format!("{whom} geblokkeerd: {level}{until}")
        }
        Happening::Lifted(_) => format!("blokkade geëindigd: {level}"),
        Happening::Alerted => "mensen gevraagd".to_owned(),
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Open => "niets dicht",
        Level::Guarded => "betaalde en risicovolle gesprekken dicht",
        Level::National => "alleen nationaal bellen werkt",
        Level::Geographic => "alleen nationale netnummers werken",
        Level::Internal => "alleen intern bellen werkt",
        Level::Suspended => "alles dicht",
    }
}

pub fn doubt(known: Known, days: u32) -> String {
    match known {
        Known::Number => format!("dit nummer is op {days} andere dagen gebeld"),
        Known::Place => format!("deze bestemming is op {days} andere dagen gebeld"),
    }
}

pub const fn window(window: Window) -> &'static str {
    match window {
        Window::Call => "dit gesprek",
        Window::Hour => "60 minuten",
        Window::Day => "24 uur",
        Window::Week => "7 dagen",
        Window::Month => "30 dagen",
    }
}

pub fn span(from: &str, to: &str, learn: &str) -> String {
    format!("Gesprekken van {from} tot {to}. Tot {learn} leerde het alleen.")
}
