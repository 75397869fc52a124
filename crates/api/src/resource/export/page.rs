//! The page of a case, for people.

use super::words::Words;
use super::{Evidence, source};
use crate::time::Time;
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;width:100%}\
    td,th{border:1px solid #999;padding:2px 6px;text-align:left;vertical-align:top}";

/// All of it, made by whom and when.
pub(super) fn report(of: &Evidence, words: &Words, (by, at): (&str, Time)) -> String {
    let changes = of.changes.as_ref().filter(|all| !all.is_empty());
    html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                title { (words.case) " " (of.case.id) }
                style { (STYLE) }
            }
            body {
                h1 { (words.title) " " (of.case.id) }
                (summary(of, words, (by, at)))
                p { (words.note) " " (of.from) " " (words.until) " " (of.until) "." }
                @if of.is_cut { p { strong { (words.more) } } }
                h2 { (words.sources) }
                (sources(of, words))
                h2 { (words.events) }
                (events(of, words))
                h2 { (words.calls) }
                (calls(of, words))
                @if let Some(changes) = changes {
                    h2 { (words.changes) }
                    table {
                        (head(&[words.at, words.who, words.what, words.about, words.why]))
                        @for row in changes {
                            tr { td { (row.at) } td { (row.who) } td { (row.what) } td { (row.subject) } td { (row.why) } }
                        }
                    }
                }
                @if !of.notes.is_empty() {
                    h2 { (words.notes) }
                    @for note in &of.notes { p { (note.at) " " (note.who) ": " (note.words) } }
                }
            }
        }
    }
    .into_string()
}

fn head(cells: &[&str]) -> Markup {
    html! { tr { @for cell in cells { th { (cell) } } } }
}

fn summary(of: &Evidence, words: &Words, (by, at): (&str, Time)) -> Markup {
    let case = &of.case;
    html! {
        table {
            tr { th { (words.customer) } td { (case.tenant) } }
            tr { th { (words.what) } td { (case.headline) } }
            tr { th { (words.from) } td { (case.opened) } }
            tr { th { (words.active) } td { (case.active) } }
            tr { th { (words.decision) } td { (words.say(&case.state)) @if let Some(who) = &case.closed_by { " " (words.by) " " (who) } } }
            tr { th { (words.cost_below) } td { (words.money(of.cost)) } }
            tr { th { (words.let_through) } td { (words.money(case.let_through)) } }
            tr { th { (words.prevented) } td { (words.money(of.prevented)) } }
            tr { th { (words.made) } td { (at) " " (words.by) " " (by) } }
        }
    }
}

fn sources(of: &Evidence, words: &Words) -> Markup {
    html! {
        table {
            (head(&[words.address, words.device, words.calls, words.cost]))
            @for source in &of.sources {
                tr {
                    td { (source.ip.as_deref().unwrap_or(words.unknown)) }
                    td { (source.user_agent.as_deref().unwrap_or_default()) }
                    td { (source.calls) } td { (words.money(source.cost)) }
                }
            }
        }
    }
}

fn events(of: &Evidence, words: &Words) -> Markup {
    html! {
        table {
            (head(&[words.at, words.what, words.extension, words.came_from, words.why]))
            @for event in of.logins.iter().chain(&of.events) {
                tr {
                    td { (event.at) } td { (words.say(&event.kind)) }
                    td { (event.extension.as_deref().unwrap_or_default()) }
                    td { (source(event)) } td { (event.why) }
                }
            }
        }
    }
}

fn calls(of: &Evidence, words: &Words) -> Markup {
    html! {
        table {
            (head(&[
                words.started, words.extension, words.came_from, words.to, words.country, words.outcome,
                words.seconds, words.cost,
            ]))
            @for call in &of.calls {
                tr {
                    td { (call.started) }
                    td { (call.extension.as_ref().map(|of| of.as_str()).unwrap_or_default()) }
                    td { (call.a_number) }
                    td { (call.b_number.as_deref().unwrap_or(&call.dialled)) }
                    td { (call.country.as_deref().unwrap_or_default()) }
                    td { (words.say(&call.outcome)) }
                    td { (call.billable_ms / 1_000) }
                    td { (words.money(call.cost)) }
                }
            }
        }
    }
}
