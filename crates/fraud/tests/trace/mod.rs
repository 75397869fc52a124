//! Reads a trace: what happens at one tenant, one line for each event.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ringfence_model::{
    Attempt, CallEvent, CallId, ConfigChange, Direction, Limits, Money, Policy, Registration,
    RegistrationFailure, Release, ReleasedBy, SignalKind, Source, Steering, Via, WallTime,
};
use serde::Deserialize;
use serde::de::{IntoDeserializer, value::StrDeserializer};
use std::fmt::Write;

/// What a trace is to show.
pub struct Expected {
    /// Of which signal.
    pub kind: SignalKind,
    /// The strongest finding weighs at least this, in nats.
    pub at_least: Option<f32>,
    /// It weighs less than this.
    pub below: Option<f32>,
}

/// A trace.
pub struct Trace {
    pub expected: Expected,
    pub policy: Policy,
    /// The price deck as CSV.
    pub deck: String,
    /// From then on findings count.
    pub watch: WallTime,
    /// In the order of time.
    pub events: Vec<(WallTime, CallEvent)>,
}

type Result<T> = std::result::Result<T, String>;

impl Trace {
    pub fn parse(text: &str) -> Result<Self> {
        let mut reading = Reading::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if !line.is_empty() {
                reading.line(line).map_err(|error| format!("line {}: {error}: {line}", at + 1))?;
            }
        }
        reading.events.sort_by_key(|(at, _)| *at);
        Ok(Self {
            expected: reading.expected.ok_or("no expect line")?,
            policy: reading.policy.unwrap_or_else(patient),
            deck: reading.deck,
            watch: reading.watch.ok_or("no watch line")?,
            events: reading.events,
        })
    }
}

/// Nothing is stopped, so that the whole trace is seen.
fn patient() -> Policy {
    Policy {
        limits: Limits::default(),
        extension_limits: Limits::default(),
        steering: Steering { loss_accept: Money::units(100_000), ..Steering::default() },
        ..Policy::default()
    }
}

struct Reading {
    expected: Option<Expected>,
    policy: Option<Policy>,
    deck: String,
    watch: Option<WallTime>,
    events: Vec<(WallTime, CallEvent)>,
    calls: u64,
}

impl Default for Reading {
    fn default() -> Self {
        let deck = "prefix,eur_min,eur_call,min_s,step_s\n".to_owned();
        Self { expected: None, policy: None, deck, watch: None, events: Vec::new(), calls: 0 }
    }
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["expect", kind, sign, weight] => self.expect(kind, sign, number(weight)? as f32),
            ["policy", "default"] => {
                self.policy = Some(Policy::default());
                Ok(())
            }
            ["price", prefix, per_minute, rest @ ..] => {
                let fee = rest.first().copied().unwrap_or("0");
                writeln!(self.deck, "{prefix},{per_minute},{fee},0,1").map_err(|e| e.to_string())
            }
            ["watch", date, time] => {
                self.watch = Some(wall(date, time)?);
                Ok(())
            }
            [date, time, event @ ..] => self.repeated(wall(date, time)?, event),
            [] | [_] => Err("not understood".into()),
        }
    }

    fn expect(&mut self, kind: &str, sign: &str, weight: f32) -> Result<()> {
        let kind = word(kind)?;
        let (at_least, below) = match sign {
            ">=" => (Some(weight), None),
            "<" => (None, Some(weight)),
            _ => return Err("use >= or <".into()),
        };
        self.expected = Some(Expected { kind, at_least, below });
        Ok(())
    }

    /// `… x20/1d`: so many times, each so much later.
    fn repeated(&mut self, at: WallTime, event: &[&str]) -> Result<()> {
        let Some((times, words)) = event.split_last() else { return Err("no event".into()) };
        let Some((count, step)) = times.strip_prefix('x').and_then(|t| t.split_once('/')) else {
            return self.event(at, event, 0);
        };
        let step_ms = duration_ms(step)?;
        for n in 0..number(count)? as i64 {
            self.event(WallTime(at.0 + n * step_ms * 1_000), words, n)?;
        }
        Ok(())
    }

    fn event(&mut self, at: WallTime, words: &[&str], nth: i64) -> Result<()> {
        let tenant = "acme".into();
        let event = match *words {
            ["call", extension, to, secs, ref rest @ ..] => {
                let attempt = self.attempt(
                    Direction::Outbound,
                    &counted(extension, nth)?,
                    &counted(to, nth)?,
                    rest,
                )?;
                return self.call(at, attempt, secs);
            }
            ["in", extension, from, secs] => {
                let mut attempt =
                    self.attempt(Direction::Inbound, &counted(extension, nth)?, "0201234567", &[])?;
                attempt.a_number = Some(counted(from, nth)?.parse().map_err(|e| format!("{e}"))?);
                return self.call(at, attempt, secs);
            }
            ["register", extension, from] => CallEvent::Registered(Registration {
                tenant,
                extension: extension.into(),
                source: source(from)?,
            }),
            ["guess", extension, count, from] => {
                CallEvent::RegistrationFailed(RegistrationFailure {
                    tenant,
                    extension: Some(extension.into()),
                    count: number(count)? as u32,
                    source: source(from)?,
                })
            }
            ["forward", extension, to, from] => CallEvent::ConfigChanged(ConfigChange {
                tenant,
                extension: extension.into(),
                forward_to: Some(to.into()),
                source: Some(source(from)?),
            }),
            _ => return Err("no event of this form".into()),
        };
        self.events.push((at, event));
        Ok(())
    }

    fn attempt(
        &mut self,
        direction: Direction,
        extension: &str,
        to: &str,
        rest: &[&str],
    ) -> Result<Attempt> {
        self.calls += 1;
        let mut attempt = Attempt {
            call: CallId(self.calls),
            tenant: "acme".into(),
            trunk: None,
            extension: Some(extension.into()),
            direction,
            a_number: None,
            dialled: to.into(),
            forwarded_by: None,
            via: Via::Phone,
            source: Some(source("192.0.2.10/NL/Yealink")?),
            parent: None,
        };
        for option in rest {
            match option.split_once('=') {
                Some(("from", from)) => attempt.source = Some(source(from)?),
                Some(("via", via)) => {
                    attempt.via = word(via)?;
                }
                _ => return Err(format!("{option:?} is neither from= nor via=")),
            }
        }
        if attempt.via == Via::Forward {
            attempt.forwarded_by.clone_from(&attempt.extension);
        }
        Ok(attempt)
    }

    /// Rings five seconds; `0` seconds: nobody answers.
    fn call(&mut self, at: WallTime, attempt: Attempt, secs: &str) -> Result<()> {
        let (call, secs) = (attempt.call, number(secs)? as i64);
        let answered = WallTime(at.0 + 5_000_000);
        self.events.push((at, CallEvent::Attempt(attempt)));
        if secs > 0 {
            self.events.push((answered, CallEvent::Answered { call }));
        }
        let release = Release {
            call,
            code: if secs > 0 { 200 } else { 487 },
            billable_ms: secs.unsigned_abs() * 1_000,
            by: ReleasedBy::Parties,
        };
        self.events.push((WallTime(answered.0 + secs * 1_000_000), CallEvent::Released(release)));
        Ok(())
    }
}

/// `201+1`, `+4930200100+7`: the number that is so much higher for each repetition.
fn counted(text: &str, nth: i64) -> Result<String> {
    let (plus, digits) = text.strip_prefix('+').map_or(("", text), |digits| ("+", digits));
    let Some((base, step)) = digits.split_once('+') else { return Ok(text.to_owned()) };
    let zeros = base.len();
    let value = base.parse::<i64>().map_err(|e| e.to_string())? + nth * number(step)? as i64;
    Ok(format!("{plus}{value:0zeros$}"))
}

/// `203.0.113.9/PS/scanner`: address, country, program.
fn source(text: &str) -> Result<Source> {
    let mut parts = text.split('/');
    let mut next =
        || parts.next().ok_or_else(|| format!("{text:?} is not address/country/program"));
    Ok(Source {
        ip: next()?.parse().map_err(|_| "not an address".to_owned())?,
        country: Some(next()?.parse().map_err(|_| "not a country".to_owned())?),
        user_agent: Some(next()?.into()),
    })
}

fn wall(date: &str, time: &str) -> Result<WallTime> {
    let local: DateTime =
        format!("{date}T{time}").parse().map_err(|e: jiff::Error| e.to_string())?;
    let zone = TimeZone::get("Europe/Amsterdam").map_err(|e| e.to_string())?;
    let stamp = local.to_zoned(zone).map_err(|e| e.to_string())?.timestamp();
    Ok(WallTime::from_secs(stamp.as_second()))
}

fn duration_ms(text: &str) -> Result<i64> {
    let (count, unit) = text.split_at_checked(text.len() - 1).ok_or("no unit")?;
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("{text:?} is not a time such as 90s, 15m, 2h, 1d")),
    };
    Ok(number(count)? as i64 * unit)
}

/// A word of the vocabulary, such as `call_back` or `forward`.
fn word<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    let word: StrDeserializer<'a, serde::de::value::Error> = text.into_deserializer();
    T::deserialize(word).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<f64> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}
