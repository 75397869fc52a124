//! One line in.

use super::fields::{Fields, Head};
use crate::intern::Interned;
use ringfence_model::{
    Attempt, CallEvent, CallId, ConfigChange, Country, Direction, ExtensionId, Registration,
    RegistrationFailure, Release, ReleasedBy, Review, Source, TenantId, TenantStart, TrunkId, Via,
    WallTime,
};
use std::net::IpAddr;
use std::sync::Arc;

/// The longest line read, in bytes: a tenant with ten thousand extensions fits many times over.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Names kept per sort. Past it the cache starts again.
const NAMES_MAX: usize = 1 << 16;

/// What the asking side says.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // nearly every line is an event, and a line lives for one step
pub enum Line {
    /// The first line.
    Hello(Hello),
    /// Time passes while calls are up: the moment to look at running ones.
    Tick {
        /// Now.
        t: WallTime,
    },
    /// Something happened.
    Event {
        /// When.
        t: WallTime,
        /// What.
        event: CallEvent,
        /// The attempt is already refused by a standing block: a verdict on it has no effect.
        blocked: bool,
    },
    /// An event this version does not know. It is answered with nothing to say.
    Other,
}

/// The settings of the asking side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// Path of the rate deck.
    pub rates: String,
    /// IANA name of the time zone of civil time; empty when not told.
    pub tz: String,
    /// Milliseconds between ticks.
    pub tick_ms: u64,
    /// Milliseconds until an order to end a call takes effect.
    pub latency_ms: u64,
    /// Until then nothing is enforced.
    pub warmup_until: WallTime,
}

/// Why a line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Over a mebibyte.
    #[error("the line has {bytes} bytes; at most {LINE_BYTES_MAX} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not a JSON object with fields of the right type.
    #[error("the line is not a JSON event: {0}")]
    Json(#[from] serde_json::Error),
    /// A field that the event needs is missing.
    #[error("event {event:?} needs the field {field:?}")]
    Missing {
        /// The event.
        event: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A field holds none of its known words.
    #[error("event {event:?}: {field:?} is {value:?}, expected one of {expected}")]
    Word {
        /// The event.
        event: &'static str,
        /// The field.
        field: &'static str,
        /// What it holds, cut short.
        value: String,
        /// What it may hold.
        expected: &'static str,
    },
}

/// Reads lines. It remembers names it has seen, so that known tenants, extensions and devices cost no allocation.
pub struct Parser {
    tenants: Interned<TenantId>,
    trunks: Interned<TrunkId>,
    extensions: Interned<ExtensionId>,
    user_agents: Interned<Arc<str>>,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            tenants: Interned::new(NAMES_MAX),
            trunks: Interned::new(NAMES_MAX),
            extensions: Interned::new(NAMES_MAX),
            user_agents: Interned::new(NAMES_MAX),
        }
    }
}

impl Parser {
    /// Reads one line, with or without its line end. Fields it does not know are ignored.
    ///
    /// # Errors
    /// When the line is too long, no JSON object, or lacks what its event needs.
    pub fn parse(&mut self, line: &[u8]) -> Result<Line, LineError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong { bytes: line.len() });
        }
        match serde_json::from_slice::<Fields<'_>>(line) {
            Ok(fields) => self.line(&fields),
            // An event of a later version may use our field names with other types.
            Err(error) => match serde_json::from_slice::<Head<'_>>(line) {
                Ok(head) if !KNOWN.contains(&&*head.ev.0) => Ok(Line::Other),
                _ => Err(error.into()),
            },
        }
    }

    fn line(&mut self, f: &Fields<'_>) -> Result<Line, LineError> {
        let event = match &*f.ev.0 {
            "start" => CallEvent::Attempt(self.attempt(f)?),
            "answer" => CallEvent::Answered { call: f.call("answer")? },
            "end" => CallEvent::Released(release(f)?),
            "tick" => return Ok(Line::Tick { t: f.time("tick")? }),
            "reg" => CallEvent::Registered(Registration {
                tenant: self.tenant(f, "reg")?,
                extension: self.extension(f.ext.one()).ok_or(missing("reg", "ext"))?,
                source: self.source(f).ok_or(missing("reg", "ip"))?,
            }),
            "reg_fail" => CallEvent::RegistrationFailed(RegistrationFailure {
                tenant: self.tenant(f, "reg_fail")?,
                extension: self.extension(f.ext.one()),
                count: f.n.unwrap_or(1),
                source: self.source(f).ok_or(missing("reg_fail", "ip"))?,
            }),
            "config" => match &*f.what.0 {
                "forward_set" => CallEvent::ConfigChanged(self.config(f, true)?),
                "forward_clear" => CallEvent::ConfigChanged(self.config(f, false)?),
                _ => return Ok(Line::Other),
            },
            "tenant" => CallEvent::Tenant(self.tenant_start(f)?),
            "review" => CallEvent::Reviewed(self.review(f)?),
            "hello" => return Ok(Line::Hello(hello(f)?)),
            _ => return Ok(Line::Other),
        };
        let t = f.t.map(WallTime::from_millis).ok_or(missing("any", "t"))?;
        Ok(Line::Event { t, event, blocked: f.blocked.0 })
    }

    fn attempt(&mut self, f: &Fields<'_>) -> Result<Attempt, LineError> {
        let direction = match &*f.dir.0 {
            "out" => Direction::Outbound,
            "in" => Direction::Inbound,
            "internal" => Direction::Internal,
            other => return Err(word("start", "dir", other, "out, in, internal")),
        };
        let via = match &*f.via.0 {
            "phone" => Via::Phone,
            "pbx" => Via::Pbx,
            "softphone" => Via::Softphone,
            "fwd" => Via::Forward,
            "disa" => Via::Disa,
            "vm" => Via::Voicemail,
            "api" => Via::Api,
            _ => Via::Unknown,
        };
        let trunk = f.trunk.get().map(|name| self.trunks.get(name));
        Ok(Attempt {
            call: f.call("start")?,
            tenant: self.tenant(f, "start")?,
            trunk,
            extension: self.extension(f.ext.one()),
            direction,
            a_number: f.a.0.parse().ok(),
            dialled: f.b.get().ok_or(missing("start", "b"))?.into(),
            forwarded_by: self.extension(f.fwd.get()),
            via,
            source: self.source(f),
            parent: f.leg.map(CallId),
        })
    }

    fn config(&mut self, f: &Fields<'_>, set: bool) -> Result<ConfigChange, LineError> {
        let target = f.value.get().map(Arc::from);
        if set && target.is_none() {
            return Err(missing("config", "value"));
        }
        Ok(ConfigChange {
            tenant: self.tenant(f, "config")?,
            extension: self.extension(f.ext.one()).ok_or(missing("config", "ext"))?,
            forward_to: target.filter(|_| set),
            source: self.source(f),
        })
    }

    fn tenant_start(&mut self, f: &Fields<'_>) -> Result<TenantStart, LineError> {
        Ok(TenantStart {
            tenant: self.tenant(f, "tenant")?,
            trunks: f.trunks.iter().map(|name| self.trunks.get(&name.0)).collect(),
            extensions: f.ext.many().map(|name| self.extensions.get(name)).collect(),
            channels: f.channels.unwrap_or(0),
            own_pbx: f.pbx.0,
        })
    }

    fn review(&mut self, f: &Fields<'_>) -> Result<Review, LineError> {
        let fraud = match &*f.result.0 {
            "fraud" => true,
            "legit" => false,
            other => return Err(word("review", "result", other, "fraud, legit")),
        };
        Ok(Review { tenant: self.tenant(f, "review")?, fraud, call: f.call.map(CallId) })
    }

    fn tenant(&mut self, f: &Fields<'_>, event: &'static str) -> Result<TenantId, LineError> {
        let name = f.tenant.get().ok_or(missing(event, "tenant"))?;
        Ok(self.tenants.get(name))
    }

    fn extension(&mut self, name: Option<&str>) -> Option<ExtensionId> {
        name.map(|name| self.extensions.get(name))
    }

    fn source(&mut self, f: &Fields<'_>) -> Option<Source> {
        let ip: IpAddr = f.ip.0.parse().ok()?;
        let user_agent = f.ua.get().map(|text| self.user_agents.get(text));
        Some(Source { ip, country: f.cc.0.parse::<Country>().ok(), user_agent })
    }
}

fn hello(f: &Fields<'_>) -> Result<Hello, LineError> {
    Ok(Hello {
        rates: f.rates.get().ok_or(missing("hello", "rates"))?.to_owned(),
        tz: f.tz.0.clone().into_owned(),
        tick_ms: f.tick_ms.unwrap_or(10_000),
        latency_ms: f.latency_ms.unwrap_or(0),
        warmup_until: WallTime::from_millis(f.warmup_until.unwrap_or(0)),
    })
}

fn release(f: &Fields<'_>) -> Result<Release, LineError> {
    let secs = f.dur.unwrap_or(0.0).max(0.0);
    Ok(Release {
        call: f.call("end")?,
        code: f.code.ok_or(missing("end", "code"))?,
        billable_ms: (secs * 1_000.0).round() as u64,
        by: if f.by.0 == "policy" { ReleasedBy::Policy } else { ReleasedBy::Parties },
    })
}

fn missing(event: &'static str, field: &'static str) -> LineError {
    LineError::Missing { event, field }
}

fn word(
    event: &'static str,
    field: &'static str,
    value: &str,
    expected: &'static str,
) -> LineError {
    LineError::Word { event, field, value: value.chars().take(32).collect(), expected }
}

impl Fields<'_> {
    fn call(&self, event: &'static str) -> Result<CallId, LineError> {
        self.call.map(CallId).ok_or(missing(event, "call"))
    }

    fn time(&self, event: &'static str) -> Result<WallTime, LineError> {
        self.t.map(WallTime::from_millis).ok_or(missing(event, "t"))
    }
}

const KNOWN: [&str; 10] =
    ["hello", "tenant", "start", "answer", "end", "reg", "reg_fail", "config", "tick", "review"];
