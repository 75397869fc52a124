//! English.

use super::{Headline, Words, level_of};
use ringfence_gate::replay::{Case, CaseEvent, Happening, Known};
use ringfence_model::{Block, Level, Window};

pub const WORDS: Words = Words {
    code: "en",
    title: "What Ringfence would have done",
    warning: "warning",
    default_tariff: "default tariff",
    default_tariff_note: "Amounts are at the default tariff, an estimate: give your operator's prices with --tariff.",
    raised_limits_note: "No policy was given, so limits were raised to what was normal while learning; set your own with --policy.",
    rejects_in: "rows that could not be used",
    report_in: "report",
    case_columns: [
        "from",
        "to",
        "extension",
        "destinations",
        "stopped",
        "let through",
        "prevented",
    ],

    never_judged: "An emergency number or helpline: always put through, never judged.",
    internal_call: "A call inside the company: nothing is asked about it.",
    not_outbound: "Not an outgoing call: nothing is asked about it, but it is remembered.",
    was_learning: "The call was made while Ringfence only learned: nothing is stopped then.",
    findings: "Findings (weight in nats; above zero speaks against the call)",
    price_per_minute: "price per minute",
    recorded_cost: "recorded cost",
    would_have_cost: "would have cost",
    reserved: "reserved for this call",
    longest: "cut at the latest after",
    would_pass: "What would have made it pass",

    spend_per_day: "Cost per day",
    spend_per_day_note: "What calls cost per day, against what such a weekday normally costs here.",
    day_columns: ["day", "spent", "prevented", "normal"],
    destinations: "Where the money goes",
    destinations_note: "Destinations by cost. Known: calls there passed on three days or more.",
    destination_columns: ["destination", "calls", "stopped", "spent", "prevented"],
    known: "known",
    new: "new",
    hours: "When paid calls are made",
    hours_note: "Calls abroad and to paid numbers, by hour of the week. Red: hours with stopped calls.",
    hour_columns: ["hour", "paid calls", "stopped"],
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    as_table: "As a table",
    spent: "spent",
    prevented: "prevented",
    normal: "normal",
    paid_calls: "paid calls",
    stopped_calls: "stopped",
    learning_time: "learning",
    few: "few",
    many: "many",

    cases: "Cases",
    no_cases: "Nothing would have been stopped, and nobody would have been asked anything.",
    let_through: "let through",
    refused: "refused",
    cut: "cut",
    why: "Why",
    where_to: "Where the calls went",
    timeline: "What would have happened",
    timeline_columns: ["time", "what", "prevented", "why"],
    only_learned: "Seen while Ringfence only learned: nothing would have been stopped yet.",
    extensions: "Extensions",
    extension_columns: ["extension", "paid calls", "stopped", "spent", "prevented"],
    no_extension: "(none named)",
    doubts: "Possibly wrongly stopped",
    doubts_note: "Stopped calls to numbers or destinations that were called on three or more other days. As far as the records tell; only you know.",
    behind_block: "behind a block",
    no_doubts: "None of the stopped calls went where this company often calls, as far as the records tell.",
    doubt_columns: ["time", "extension", "dialled", "cost", "why it may be honest"],
    import: "What was read",
    import_columns: ["file", "format", "rows"],
    import_rows: [
        "rows read",
        "calls made of them",
        "rows that could not be used",
        "duplicates",
        "parts of other calls",
        "rows of another sort",
        "repaired rows",
        "times in a daylight-saving change",
    ],
    reading: "How to read this",
    reading_points: &[
        "Your recorded calls went through the same program that would stand in their path, in the order in which they were made. It knew nothing that came later.",
        "At first it only learned what is normal for you. After that, refused calls cost nothing and running calls were ended where it would have ended them.",
        "Nobody answered its questions. In reality somebody lifts a wrong block with one tap; here a block stands until it ends by itself.",
        "Prevented is what the stopped calls cost in your records beyond the moment of the stop. An attacker who is stopped early may try elsewhere.",
        "Emergency numbers and helplines are never judged, delayed or stopped.",
    ],
    next: "What next",
    next_points: &[
        "Look at the calls under “possibly wrongly stopped”. Put numbers you need on the permit list of the policy.",
        "Give your operator's prices (--tariff) and limits that fit you (--policy), and run this again.",
        "Let Ringfence watch live calls in observe; switch to enforce when you trust what it says.",
    ],
    numbers_masked: "Phone numbers are shown with their middle hidden.",
    made_by: "Made by Ringfence from call records on this computer. Nothing was sent anywhere.",
};

pub const TOTALS: [&str; 5] =
    ["calls", "paid calls", "emergency and helplines", "calls refused", "calls cut"];

pub fn headline(h: &Headline) -> (String, String) {
    let what = match h.attacks {
        0 if h.stopped == 0 => "Ringfence would have stopped nothing.".to_owned(),
        0 => format!(
            "Ringfence would have seen no attack. Limits and rules would have stopped {}, which cost {}.",
            calls(h.stopped),
            h.saved
        ),
        1 if h.at_once => format!(
            "Ringfence would have stopped 1 attack at its first call, on {}. In your records it cost {}.",
            h.first, h.cost
        ),
        1 => format!(
            "Ringfence would have stopped 1 attack on {} after {}. In your records it cost {}: {} would have been prevented.",
            h.first, h.let_through, h.cost, h.prevented
        ),
        n => format!(
            "Ringfence would have stopped {n} attacks, the first on {}, after {} in all. In your records they cost {}: {} would have been prevented.",
            h.first, h.let_through, h.cost, h.prevented
        ),
    };
    let mut text = String::new();
    if h.stopped > 0 {
        text.push_str(&match h.doubts {
            0 => {
                " No ordinary call would have been stopped by mistake, as far as known.".to_owned()
            }
            1 => " 1 call that may be an ordinary one would have been stopped.".to_owned(),
            n => format!(" {n} calls that may be ordinary ones would have been stopped."),
        });
    }
    if h.behind_block > 0 {
        text.push_str(&format!(
            " {} to known places would have waited until somebody lifted the block.",
            calls(h.behind_block as u64)
        ));
    }
    if h.attacks > 0 && h.others > 0 {
        text.push_str(&match h.others {
            1 => " Limits or rules would have stopped calls once more.".to_owned(),
            n => format!(" Limits or rules would have stopped calls {n} times more."),
        });
    }
    if h.learned > 0 {
        text.push_str(" There was also a suspicion while it only learned: see the cases.");
    }
    (what, text)
}

fn calls(count: u64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

pub fn read(figures: &[String; 6]) -> String {
    let [rows, records, rejected, duplicates, legs, skipped] = figures;
    format!(
        "{rows} rows read: {records} calls, {rejected} rejected, {duplicates} duplicates, {legs} parts of other calls, {skipped} of another sort"
    )
}

pub fn case_title(case: &Case, who: &str) -> String {
    let what = match (case.is_attack(), case.stopped() > 0) {
        (true, _) => "Attack",
        (false, true) => "Stopped by a limit or rule",
        (false, false) => "A question, nothing stopped",
    };
    if who.is_empty() { what.to_owned() } else { format!("{what}: extension {who}") }
}

pub fn happening(event: &CaseEvent, until: impl Fn(&Block) -> Option<String>) -> String {
    let n = calls(event.calls.into());
    let level = level_of(&event.what).map_or("", level);
    match &event.what {
        Happening::Refused => format!("{n} refused"),
        Happening::RefusedByBlock => format!("{n} refused by the block"),
        Happening::RefusedByRule => format!("{n} refused by a limit or rule"),
        Happening::Cut => format!("{n} cut"),
        Happening::Blocked(block) => {
            let whom = block.scope.extension().map_or_else(
                || "the company".to_owned(),
                |extension| format!("extension {extension}"),
            );
            let until = until(block).map_or_else(String::new, |at| format!(", until {at}"));
            format!("{whom} blocked: {level}{until}")
        }
        Happening::Lifted(_) => format!("block ended: {level}"),
        Happening::Alerted => "people asked".to_owned(),
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Open => "nothing closed",
        Level::Guarded => "premium and high-risk calls closed",
        Level::National => "only national calls work",
        Level::Geographic => "only national geographic numbers work",
        Level::Internal => "only internal calls work",
        Level::Suspended => "all calls closed",
    }
}

pub fn doubt(known: Known, days: u32) -> String {
    match known {
        Known::Number => format!("this number was called on {days} other days"),
        Known::Place => format!("this destination was called on {days} other days"),
    }
}

pub const fn window(window: Window) -> &'static str {
    match window {
        Window::Call => "this call",
        Window::Hour => "60 minutes",
        Window::Day => "24 hours",
        Window::Week => "7 days",
        Window::Month => "30 days",
    }
}

pub fn span(from: &str, to: &str, learn: &str) -> String {
    format!("Calls from {from} to {to}. Until {learn} it only learned.")
}
