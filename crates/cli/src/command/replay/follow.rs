//! `ringfence replay --follow`: a file that still grows, its cases as they happen.
//!
//! A record is written when its call has ended, so calls arrive out of the order of their start. What is new is
//! therefore replayed together with all that came before: the answer is the same as that of a replay afterwards.

use super::{Args, replayed};
use crate::failure::{Failure, Kind, Outcome};
use crate::output::{Form, print};
use crate::records::{failure, now};
use anyhow::anyhow;
use ringfence_connect::cdr::Follower;
use ringfence_fraud::explain::Voice;
use ringfence_gate::Setup;
use ringfence_gate::replay::{CaseEvent, Findings, Happening, Options, Replay};
use ringfence_model::{Cdr, TenantId, WallTime};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often the file is looked at.
const POLL: Duration = Duration::from_secs(2);
/// Replaying takes at most this part of the time, as a divisor.
const SHARE: u32 = 5;
/// Records older than this before the last one are forgotten.
const KEEP: Duration = Duration::from_secs(62 * 86_400);

pub fn run(args: &Args, setup: &Setup, options: Options, voice: &Voice) -> Outcome {
    let [file] = args.files.as_slice() else {
        return Err(usage("one file can be followed at a time"));
    };
    if file == Path::new("-") || args.output == Form::Csv {
        return Err(usage("--follow reads a file and speaks table or json"));
    }
    let zone = &setup.settings.policy().time_zone;
    let mut follower = Follower::open(file, args.records.options(zone)?, None).map_err(failure)?;
    let mut watch = Watch::new(setup, options);
    loop {
        let fresh = follower.poll(now().unwrap_or_default(), &mut |_| {}).map_err(failure)?;
        let begun = Instant::now();
        if !fresh.is_empty() {
            for event in watch.news(fresh)? {
                print(&told(&event, args.output, voice)?)?;
            }
        }
        wait_until(Instant::now() + POLL.max(begun.elapsed() * SHARE));
    }
}

/// Files do not tell that they grow in a way that works everywhere, so they are looked at again at a moment.
fn wait_until(moment: Instant) {
    while let Some(rest) = moment.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
        std::thread::park_timeout(rest);
    }
}

fn usage(message: &str) -> Failure {
    Failure::new(Kind::Input, anyhow!("{message}"))
        .hint("ringfence replay --follow /var/log/asterisk/cdr-csv/Master.csv")
}

/// One happening that was not told before.
#[derive(serde::Serialize)]
pub struct News {
    tenant: String,
    extensions: Vec<String>,
    #[serde(flatten)]
    event: CaseEvent,
}

/// All records so far and what was told of them.
struct Watch<'a> {
    setup: &'a Setup,
    options: Options,
    cdrs: Vec<Cdr>,
    /// What was told: whose, when, what. A call that ends late changes the past, so time alone does not tell what is new.
    told: BTreeSet<(TenantId, WallTime, &'static str)>,
}

impl<'a> Watch<'a> {
    fn new(setup: &'a Setup, options: Options) -> Self {
        Self { setup, options, cdrs: Vec::new(), told: BTreeSet::new() }
    }

    /// What is new with these records.
    fn news(&mut self, fresh: Vec<Cdr>) -> Outcome<Vec<News>> {
        self.cdrs.extend(fresh);
        self.cdrs.sort_by_key(|cdr| cdr.started);
        let newest = self.cdrs.last().map_or(WallTime::default(), |cdr| cdr.started);
        let oldest = newest - KEEP;
        self.cdrs.retain(|cdr| cdr.started >= oldest);
        if self.options.learn_until.is_none() {
            // Fixed by what is there at first: it must not move while the file grows.
            let first = self.cdrs.first().map_or(newest, |cdr| cdr.started);
            self.options.learn_until = Some(Replay::learning_end(first, newest));
        }
        let findings = replayed(self.setup, self.options.clone(), &self.cdrs)?;
        self.told.retain(|(_, at, _)| *at >= oldest);
        Ok(self.untold(&findings))
    }

    fn untold(&mut self, findings: &Findings) -> Vec<News> {
        let mut news = Vec::new();
        for case in &findings.cases {
            for event in &case.timeline {
                if self.told.insert((case.tenant.clone(), event.at, sort(&event.what))) {
                    news.push(News {
                        tenant: case.tenant.to_string(),
                        extensions: case.extensions.iter().map(ToString::to_string).collect(),
                        event: event.clone(),
                    });
                }
            }
        }
        news.sort_by_key(|news| news.event.at);
        news
    }
}

const fn sort(what: &Happening) -> &'static str {
    match what {
        Happening::Refused | Happening::RefusedByBlock | Happening::RefusedByRule => "refused",
        Happening::Cut => "cut",
        Happening::Blocked(_) => "blocked",
        Happening::Lifted(_) => "lifted",
        Happening::Alerted => "alerted",
    }
}

fn told(news: &News, form: Form, voice: &Voice) -> Outcome<String> {
    if form == Form::Json {
        return Ok(serde_json::to_string(news)? + "\n");
    }
    let what = crate::report::words::of(voice.language).happening(&news.event, voice);
    let why = match &news.event.what {
        Happening::Lifted(_) => String::new(),
        _ => format!(": {}", voice.reasons(&news.event.reasons)),
    };
    let who = news.extensions.join(", ");
    let line = format!("{}  {} {}  {what}{why}", voice.time(news.event.at), news.tenant, who);
    Ok(crate::output::safe(&line) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_fraud::Settings;
    use ringfence_model::{Country, Direction, Language, Policy, Via};
    use ringfence_numbering::{DialPlan, Tariff};
    use std::sync::Arc;

    /// Monday 2026-08-31 00:00 in Amsterdam.
    const MONDAY: WallTime = WallTime::from_secs(1_788_127_200);

    fn call(second: u64, dialled: &str, talked: u64) -> Cdr {
        let started = MONDAY + Duration::from_secs(second);
        Cdr {
            native_id: second.to_string().into(),
            correlation_id: None,
            tenant: None,
            trunk: None,
            extension: Some("203".into()),
            direction: Direction::Outbound,
            a_number: "203".into(),
            dialled: dialled.into(),
            c_number: None,
            via: Via::Unknown,
            source: None,
            started,
            answered: Some(started),
            ended: started + Duration::from_secs(talked),
            billable_ms: talked * 1_000,
            code: 200,
        }
    }

    fn setup() -> Setup {
        Setup {
            settings: Arc::new(Settings::new(Policy::default()).unwrap()),
            dial_plan: Arc::new(DialPlan::default()),
            tariff: Arc::new(Tariff::default_bands(Country::NL)),
        }
    }

    #[test]
    fn each_happening_is_told_once() {
        let setup = setup();
        let mut watch = Watch::new(&setup, Options::default());
        let day = 86_400;
        let office =
            (0..26 * 8).map(|n| call(n / 8 * day + (9 + n % 8) * 3_600, "0201234567", 120));
        assert!(watch.news(office.collect()).unwrap().is_empty());
        let learned = watch.options.learn_until;
        let attack = |from: u64| {
            (from..from + 40).map(|n| call(26 * day + 7_200 + n * 60, "005352123456", 900))
        };
        let news = watch.news(attack(0).collect()).unwrap();
        let blocked = |news: &[News]| {
            news.iter().filter(|n| matches!(n.event.what, Happening::Blocked(_))).count()
        };
        assert_eq!(blocked(&news), 1);
        assert_eq!(blocked(&watch.news(attack(40).collect()).unwrap()), 0, "told already");
        assert_eq!(watch.options.learn_until, learned, "does not move while the file grows");
        let voice = Voice::of(Language::En, "Europe/Amsterdam");
        let line = told(&news[0], Form::Table, &voice).unwrap();
        assert!(line.starts_with("Sat 2026-09-26 02:") && line.ends_with('\n'), "{line}");
        let line = told(&news[0], Form::Json, &voice).unwrap();
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["extensions"][0], "203");
    }

    #[test]
    fn old_records_are_forgotten() {
        let setup = setup();
        let mut watch = Watch::new(&setup, Options::default());
        watch.news(vec![call(0, "0201234567", 60)]).unwrap();
        watch.news(vec![call(100 * 86_400, "0201234567", 60)]).unwrap();
        assert_eq!(watch.cdrs.len(), 1);
    }
}
