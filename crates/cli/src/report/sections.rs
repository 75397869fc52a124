//! The parts of the page around the charts.

use super::{Report, chart};
use maud::{Markup, html};
use ringfence_gate::replay::{DayMoney, DestinationMoney};
use ringfence_model::Money;

/// So many destinations and extensions are listed.
const LISTED: usize = 20;
/// So many destinations have a bar.
const BARS: usize = 10;
/// So many doubtful calls are listed.
const DOUBTS: usize = 100;

impl Report<'_> {
    pub(super) fn header(&self) -> Markup {
        let (w, v, f) = (self.words(), self.voice, self.findings);
        let (what, more) = w.headlines(f, v);
        html! {
            header {
                p.brand { (chart::mark()) "Ringfence" }
                h1 { (what) }
                @if !more.is_empty() { p.lead { (more.trim_start()) } }
                p.sub { (w.span(&v.time(f.begin), &v.time(f.end), &v.time(f.learn_until))) }
            }
        }
    }

    pub(super) fn tiles(&self) -> Markup {
        let (w, v, t) = (self.words(), self.voice, self.findings.totals);
        let stopped = words_count(self, t.refused + t.cut);
        let behind = self.findings.doubts.iter().filter(|doubt| doubt.by_block).count();
        let doubts = words_count(self, (self.findings.doubts.len() - behind) as u64);
        html! {
            dl.tiles {
                div { dt { (w.recorded_cost) } dd { (v.money(t.recorded)) } }
                div { dt { (w.would_have_cost) } dd { (v.money(t.spent)) } }
                div.good { dt { (w.prevented) } dd { (v.money(t.prevented)) } }
                div { dt { (w.stopped_calls) } dd { (stopped) } }
                div {
                    dt { (w.doubts) }
                    dd { (doubts) @if behind > 0 { small { " + " (behind) " " (w.behind_block) } } }
                }
            }
        }
    }

    pub(super) fn days(&self) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let days = &self.findings.days;
        if days.is_empty() {
            return html! {};
        }
        let attacks: Vec<(i32, i32)> = self.attack_days();
        html! {
            section {
                h2 { (w.spend_per_day) }
                p.sub { (w.spend_per_day_note) }
                (chart::days(self, days, &attacks))
                details {
                    summary { (w.as_table) }
                    div.scroll { table {
                        thead { tr {
                            @for heading in w.day_columns { th scope="col" { (heading) } }
                        } }
                        tbody {
                            @for day in days.iter().filter(|day| has_money(day)) {
                                tr {
                                    th scope="row" { (self.date(day.day)) }
                                    td.n { (v.money(day.spent)) }
                                    td.n { (v.money(day.prevented)) }
                                    td.n { (v.money(day.normal)) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }

    /// First and last local day of each attack.
    fn attack_days(&self) -> Vec<(i32, i32)> {
        let attacks = self.findings.cases.iter().filter(|case| case.is_attack());
        attacks.filter_map(|case| Some((self.day(case.begin)?, self.day(case.end)?))).collect()
    }

    pub(super) fn destinations(&self) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let paid = |d: &&DestinationMoney| d.spent + d.prevented > Money::ZERO;
        let all: Vec<&DestinationMoney> = self.findings.destinations.iter().filter(paid).collect();
        if all.is_empty() {
            return html! {};
        }
        html! {
            section {
                h2 { (w.destinations) }
                p.sub { (w.destinations_note) }
                (chart::bars(self, all.get(..BARS).unwrap_or(&all)))
                details {
                    summary { (w.as_table) }
                    div.scroll { table {
                        thead { tr { @for h in w.destination_columns { th scope="col" { (h) } } } }
                        tbody {
                            @for d in all.iter().take(LISTED) {
                                tr {
                                    th scope="row" { (self.place(d)) }
                                    td.n { (words_count(self, d.calls.into())) }
                                    td.n { (words_count(self, d.stopped.into())) }
                                    td.n { (v.money(d.spent)) }
                                    td.n { (v.money(d.prevented)) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }

    pub(super) fn place(&self, d: &DestinationMoney) -> String {
        format!("{}, {}", self.voice.country(d.to.country), self.voice.kind(d.to.kind))
    }

    pub(super) fn hours(&self) -> Markup {
        let w = self.words();
        if self.findings.hours.is_empty() {
            return html! {};
        }
        html! {
            section {
                h2 { (w.hours) }
                p.sub { (w.hours_note) }
                (chart::hours(self))
                details {
                    summary { (w.as_table) }
                    div.scroll { table {
                        thead { tr { @for h in w.hour_columns { th scope="col" { (h) } } } }
                        tbody {
                            @for (&hour, &(all, stopped)) in &self.findings.hours {
                                tr {
                                    th scope="row" { (chart::hour_name(self, hour)) }
                                    td.n { (all) }
                                    td.n { (stopped) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }

    pub(super) fn doubts(&self) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let doubts = &self.findings.doubts;
        if self.findings.totals.refused + self.findings.totals.cut == 0 {
            return html! {};
        }
        html! {
            section {
                h2 { (w.doubts) }
                @if doubts.is_empty() {
                    p { (w.no_doubts) }
                } @else {
                    p.sub { (w.doubts_note) }
                    div.scroll { table {
                        thead { tr { @for h in w.doubt_columns { th scope="col" { (h) } } } }
                        tbody {
                            @for doubt in doubts.iter().take(DOUBTS) {
                                @if let (Some(cdr), Some(call)) = (
                                    self.cdrs.get(doubt.call as usize),
                                    self.findings.calls.get(doubt.call as usize),
                                ) {
                                    tr {
                                        th scope="row" { (v.time(cdr.started)) }
                                        td { @if let Some(e) = &cdr.extension { (e) } }
                                        td { (self.number(&cdr.dialled)) }
                                        td.n { (v.money(call.recorded)) }
                                        td {
                                            (w.doubt(doubt.known, doubt.days))
                                            @if doubt.by_block { " " span.tag { (w.behind_block) } }
                                        }
                                    }
                                }
                            }
                        }
                    } }
                    @if doubts.len() > DOUBTS { p.sub { "+ " (doubts.len() - DOUBTS) } }
                }
            }
        }
    }

    pub(super) fn extensions(&self) -> Markup {
        let (w, v) = (self.words(), self.voice);
        let paid = self.findings.extensions.iter().filter(|e| e.paid > 0).take(LISTED);
        let several = self.several_tenants();
        html! {
            section {
                details {
                    summary { h2 { (w.extensions) } }
                    div.scroll { table {
                        thead { tr { @for h in w.extension_columns { th scope="col" { (h) } } } }
                        tbody {
                            @for e in paid {
                                tr {
                                    th scope="row" {
                                        @if several { (e.tenant) " " }
                                        @match &e.extension {
                                            Some(extension) => (extension),
                                            None => (w.no_extension),
                                        }
                                    }
                                    td.n { (words_count(self, e.paid.into())) }
                                    td.n { (words_count(self, e.stopped.into())) }
                                    td.n { (v.money(e.spent)) }
                                    td.n { (v.money(e.prevented)) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }

    pub(super) fn import_table(&self) -> Markup {
        let (w, s) = (self.words(), self.import);
        let counts = [
            s.rows,
            s.records,
            s.rejected,
            s.duplicates,
            s.dropped_legs,
            s.skipped,
            s.repaired,
            s.dst_ambiguous,
        ];
        html! {
            section {
                h2 { (w.import) }
                div.scroll { table {
                    thead { tr { @for h in w.import_columns { th scope="col" { (h) } } } }
                    tbody {
                        @for file in &s.files {
                            tr {
                                th scope="row" { (file.file) }
                                td { (file.detection.format.name()) }
                                td.n { (words_count(self, file.rows)) }
                            }
                        }
                    }
                } }
                dl.counts {
                    @for (name, count) in w.import_rows.iter().zip(counts).filter(|(_, n)| *n > 0) {
                        div { dt { (name) } dd { (words_count(self, count)) } }
                    }
                }
                @for warning in &s.warnings { p.warn { (w.warning) ": " (warning) } }
            }
        }
    }

    pub(super) fn reading(&self) -> Markup {
        let w = self.words();
        html! {
            div.pair {
                section { h2 { (w.reading) } ul { @for point in w.reading_points { li { (point) } } } }
                section { h2 { (w.next) } ol { @for point in w.next_points { li { (point) } } } }
            }
        }
    }
}

fn has_money(day: &DayMoney) -> bool {
    day.spent + day.prevented > Money::ZERO
}

fn words_count(report: &Report<'_>, count: u64) -> String {
    super::words::grouped(count, report.words().code == "nl")
}
