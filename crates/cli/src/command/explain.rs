//! `ringfence explain`.

use super::replay::{midnight, replayed};
use crate::failure::{Failure, Kind, Outcome};
use crate::output::{Form, print, print_json, safe};
use crate::records::RecordArgs;
use crate::report::words;
use crate::setup::SetupArgs;
use anyhow::anyhow;
use jiff::civil::Date;
use ringfence_fraud::explain::Voice;
use ringfence_gate::Setup;
use ringfence_gate::replay::{Fate, Judged, Options, Watched};
use ringfence_model::{Cdr, Language, Masked, Money, Target, Verdict, Window};
use serde::Serialize;
use std::path::PathBuf;

/// Explain the verdict on one recorded call: findings with weights, exposure, limits, what would have made it pass
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file of call records that holds the call
    file: PathBuf,
    /// The call: the id its record has, or its number in the order of time, as the summary of a replay lists it
    #[arg(long, value_name = "ID")]
    call: String,
    #[command(flatten)]
    records: RecordArgs,
    #[command(flatten)]
    setup: SetupArgs,
    /// Only learn until this day, as in the replay that is asked about
    #[arg(long, value_name = "DATE")]
    learn_until: Option<Date>,
    /// The language: en, nl
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = super::language)]
    lang: Language,
    /// Show phone numbers in full
    #[arg(long)]
    full_numbers: bool,
    /// The form of the answer; csv is not offered
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

const EXAMPLES: &str = "\
The id is in the column `id` of `ringfence replay --output csv`.

Examples:
  ringfence explain Master.csv --call 1795423449.312
  ringfence explain Master.csv --call 1795423449.312 --lang nl";

/// The answer as JSON. Amounts are in millionths of the currency.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    fate: Fate,
    learning: bool,
    recorded: Money,
    spent: Money,
    price_per_minute: Option<Money>,
    default_tariff: Option<bool>,
    verdict: Option<&'a Verdict>,
    exposure: &'a [(Window, Money)],
    words: String,
}

pub fn run(args: &Args) -> Outcome {
    let setup = args.setup.load()?;
    let policy = setup.settings.policy();
    let zone = policy.time_zone.clone();
    let voice = Voice { currency: policy.currency, ..Voice::of(args.lang, &zone) };
    let imported = args.records.import(std::slice::from_ref(&args.file), &zone)?;
    let (index, cdr) = find(&imported.cdrs, &args.call)?;
    let learn_until = args.learn_until.map(|day| midnight(day, &zone)).transpose()?;
    let options = Options {
        tenant: args.records.tenant(),
        learn_until,
        watch: Some(index),
        fit_limits: args.setup.policy.is_none(),
    };
    let findings = replayed(&setup, options, &imported.cdrs)?;
    let (Some(watched), Some(judged)) = (&findings.watched, findings.calls.get(index)) else {
        return Err(Failure::new(Kind::Input, anyhow!("the call has an impossible time"))
            .hint("calls are judged from 1970 to 2100; check the time zone and the row"));
    };
    let explained =
        Explained { cdr, judged, watched, setup: &setup, voice: &voice, full: args.full_numbers };
    match args.output {
        Form::Json => print_json(&Answer {
            id: &cdr.native_id,
            fate: judged.fate,
            learning: watched.learning,
            recorded: judged.recorded,
            spent: judged.spent,
            price_per_minute: watched.price.map(|(price, _)| price),
            default_tariff: watched.price.map(|(_, default)| default),
            verdict: watched.verdict.as_ref(),
            exposure: &watched.exposure,
            words: explained.text(),
        })?,
        Form::Table => print(&explained.text())?,
        Form::Csv => {
            return Err(Failure::new(Kind::Input, anyhow!("an explanation has no rows"))
                .hint("use --output table or json"));
        }
    }
    super::done()
}

/// The record of that id; a plain number that is no id is a position, from 0.
fn find<'a>(cdrs: &'a [Cdr], id: &str) -> Outcome<(usize, &'a Cdr)> {
    // Asterisk's uniqueid is only part of its key, but it is what people know.
    let whole = |cdr: &Cdr| &*cdr.native_id == id;
    let begins = |cdr: &Cdr| cdr.native_id.split_once('/').is_some_and(|(first, _)| first == id);
    let by_id = cdrs.iter().position(whole).or_else(|| cdrs.iter().position(begins));
    let index = by_id.or_else(|| id.parse().ok().filter(|&index| index < cdrs.len()));
    index.and_then(|index| Some((index, cdrs.get(index)?))).ok_or_else(|| {
        let example = cdrs.first().map_or_else(
            || "the file holds no calls".to_owned(),
            |cdr| format!("ids here look like {:?}", safe(&cdr.native_id)),
        );
        Failure::new(Kind::Input, anyhow!("no call has the id {:?}", safe(id))).hint(example)
    })
}

struct Explained<'a> {
    cdr: &'a Cdr,
    judged: &'a Judged,
    watched: &'a Watched,
    setup: &'a Setup,
    voice: &'a Voice,
    full: bool,
}

impl Explained<'_> {
    fn text(&self) -> String {
        let w = words::of(self.voice.language);
        let v = self.voice;
        let mut lines = vec![self.heading(), String::new()];
        match (&self.watched.target, &self.watched.verdict) {
            (_, None) => lines.push(w.not_outbound.to_owned()),
            (Target::Protected(_), _) => lines.push(w.never_judged.to_owned()),
            (Target::Internal(_), _) => lines.push(w.internal_call.to_owned()),
            (Target::Outside(_), Some(verdict)) => self.verdict(w, verdict, &mut lines),
        }
        if let Some((at, after, reasons)) = &self.watched.cut {
            let cut = w.cut_after(&v.time(*at), &v.duration(after.as_secs_f32()));
            lines.push(String::new());
            lines.push(cut);
            lines.extend(reasons.iter().map(|reason| format!("  - {}", v.reason(reason))));
        }
        if self.watched.learning {
            lines.push(String::new());
            lines.push(w.was_learning.to_owned());
        }
        lines.iter().map(|line| safe(line) + "\n").collect()
    }

    fn heading(&self) -> String {
        let cdr = self.cdr;
        let shown = |number: &str| {
            if self.full { number.to_owned() } else { Masked(number).to_string() }
        };
        let from = cdr.extension.as_ref().map_or_else(|| shown(&cdr.a_number), ToString::to_string);
        let place = match &self.watched.target {
            Target::Outside(to) => {
                format!(" ({}, {})", self.voice.country(to.country), self.voice.kind(to.kind))
            }
            _ => String::new(),
        };
        format!(
            "{} {}: {} -> {}{place}, {}",
            cdr.native_id,
            self.voice.time(cdr.started),
            from,
            shown(&cdr.dialled),
            self.voice.duration(cdr.billable_ms as f32 / 1_000.0)
        )
    }

    fn verdict(&self, w: &words::Words, verdict: &Verdict, lines: &mut Vec<String>) {
        let v = self.voice;
        lines.push(v.verdict(verdict));
        if !verdict.reasons.is_empty() {
            lines.push(String::new());
            lines.push(format!("{}:", w.findings));
            for reason in &verdict.reasons {
                let weight = match reason {
                    ringfence_model::Reason::Signal(signal) => {
                        format!("{:>6}  ", format!("{:+.1}", signal.weight))
                    }
                    _ => " ".repeat(8),
                };
                lines.push(format!("  {weight}{}", v.reason(reason)));
            }
        }
        lines.push(String::new());
        if let Some((price, default)) = self.watched.price {
            let label = if default { format!(" ({})", w.default_tariff) } else { String::new() };
            lines.push(format!("{}: {}{label}", w.price_per_minute, v.price(price)));
        }
        lines.push(format!("{}: {}", w.recorded_cost, v.money(self.judged.recorded)));
        lines.push(format!("{}: {}", w.would_have_cost, v.money(self.judged.spent)));
        if verdict.exposure > Money::ZERO {
            lines.push(format!("{}: {}", w.reserved, v.money(verdict.exposure)));
        }
        if let Some(most) = verdict.max_duration {
            lines.push(format!("{}: {}", w.longest, v.duration(most.as_secs_f32())));
        }
        self.limits(w, lines);
        if !verdict.pass.is_empty() {
            lines.push(String::new());
            lines.push(format!("{}:", w.would_pass));
            lines.extend(verdict.pass.iter().map(|pass| format!("  - {}", v.pass(pass))));
        }
    }

    /// Spent and reserved in each window against the limit of the customer.
    fn limits(&self, w: &words::Words, lines: &mut Vec<String>) {
        let limits = self.setup.settings.policy().limits;
        for (window, used) in &self.watched.exposure {
            let limit = match window {
                Window::Call => limits.per_call,
                Window::Hour => limits.per_hour,
                Window::Day => limits.per_day,
                Window::Week => limits.per_week,
                Window::Month => limits.per_month,
            };
            if let Some(limit) = limit {
                let (used, limit) = (self.voice.money(*used), self.voice.money(limit));
                lines.push(w.used_of(*window, &used, &limit));
            }
        }
    }
}
