//! The switch: plays a set's stream to a detector, in lock-step, and obeys its replies.
//!
//! A port of the reference scorer; where its order of steps matters for a figure, so does ours.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::io::Write;

use anyhow::{Context, Result};

use super::Detector;
use super::course::Measure;
use super::reply::{Level, Reply};
use super::set::{Event, Set, Start, What};
use super::tally::{Campaign, Tally, Wrong};
use super::truth::DAY_MS;

/// Milliseconds between two `tick` lines while an outbound call is up.
const TICK_MS: i64 = 10_000;
/// Milliseconds from an order to tear a call down until it is down.
pub const LATENCY_MS: i64 = 1_000;
/// Milliseconds before the desk looks at a case.
pub const REVIEW_DELAY_MS: i64 = 3_600_000;
const NEVER: i64 = i64::MAX;

pub struct Replay<'a> {
    pub set: &'a Set,
    detector: &'a mut dyn Detector,
    reply: Vec<u8>,
    pub campaigns: Vec<Campaign>,
    pub tally: Tally,
    pub active: HashMap<u64, Active>,
    started: u64,
    outbound_up: usize,
    /// Calls that are not on the switch though the stream goes on about them.
    pub gone: HashSet<u64>,
    next_tick: i64,
    agenda: BinaryHeap<Reverse<(i64, u64, Due)>>,
    planned: u64,
    /// Standing blocks per tenant: the whole tenant (`None`) or one extension.
    pub blocks: HashMap<u32, BTreeMap<Option<String>, Level>>,
    pub awaiting_review: HashSet<u32>,
    last_wrong_refusal: HashMap<u32, i64>,
    /// Honest calls refused so far by each standing false block.
    pub false_blocks: HashMap<u32, u64>,
}

/// A call on the switch.
#[derive(Debug, Clone, Copy)]
pub struct Active {
    pub start: Start,
    t: i64,
    pub answered: Option<i64>,
    /// Order of arrival, for steps that run over many calls.
    pub nth: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Cut(u64),
    Review(u32),
}

impl<'a> Replay<'a> {
    pub fn new(set: &'a Set, detector: &'a mut dyn Detector) -> Self {
        Self {
            set,
            detector,
            reply: Vec::new(),
            campaigns: set.truth.attacks.iter().map(Campaign::new).collect(),
            tally: Tally::default(),
            active: HashMap::new(),
            started: 0,
            outbound_up: 0,
            gone: HashSet::new(),
            next_tick: set.truth.t0.div_euclid(TICK_MS) * TICK_MS,
            agenda: BinaryHeap::new(),
            planned: 0,
            blocks: HashMap::new(),
            awaiting_review: HashSet::new(),
            last_wrong_refusal: HashMap::new(),
            false_blocks: HashMap::new(),
        }
    }

    /// Plays the whole stream; the figures are in `campaigns` and `tally` afterwards.
    pub fn run(&mut self) -> Result<()> {
        self.hello()?;
        let set = self.set;
        for event in &set.events {
            self.advance(event.t)?;
            self.event(event).with_context(|| {
                format!("at the event {}", String::from_utf8_lossy(set.line(event)))
            })?;
        }
        for call in self.calls_where(|_| true) {
            self.finish(call, set.truth.end);
        }
        for tenant in self.false_blocks.keys().copied().collect::<Vec<_>>() {
            self.close_false_block(tenant);
        }
        Ok(())
    }

    fn hello(&mut self) -> Result<()> {
        let truth = &self.set.truth;
        let line = serde_json::json!({
            "ev": "hello", "t": truth.t0, "v": 1, "rates": self.set.rates_path, "tz": truth.tz,
            "tick_ms": TICK_MS, "latency_ms": LATENCY_MS, "warmup_until": truth.score_from,
        });
        self.send(truth.t0, line.to_string().as_bytes()).map(drop)
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        let line = self.set.line(event);
        match event.what {
            What::Start(start) => return self.start(event.t, start, line),
            What::Answer(call) => {
                let Some(active) = self.active.get_mut(&call) else { return Ok(()) };
                active.answered = Some(event.t);
                self.outbound_up += usize::from(active.start.rate.is_some());
            }
            What::End(call) => {
                if self.finish(call, event.t).is_none() {
                    self.gone.remove(&call);
                    return Ok(());
                }
            }
            What::Other => {}
        }
        self.send(event.t, line).map(drop)
    }

    fn start(&mut self, t: i64, start: Start, line: &[u8]) -> Result<()> {
        let closed = self.campaign(start).is_some_and(|attack| attack.ended.is_some());
        if closed || start.leg.is_some_and(|leg| self.gone.contains(&leg)) {
            self.gone.insert(start.call);
            return Ok(());
        }
        let enforced = start.rate.is_some() && t >= self.set.truth.score_from;
        let block = if enforced { self.standing_block(start) } else { None };
        let reply = match block {
            Some(level) => self.send(t, &with_block(line, level))?,
            None => self.send(t, line)?,
        };
        let verdict = reply.as_ref().and_then(Reply::denial);
        let denied = enforced && (block.is_some() || verdict.is_some());
        if enforced {
            self.count(t, start, denied, block.is_some(), verdict.unwrap_or_default());
        }
        if denied {
            self.gone.insert(start.call);
        } else {
            self.started += 1;
            let active = Active { start, t, answered: None, nth: self.started };
            self.active.insert(start.call, active);
        }
        Ok(())
    }

    fn count(&mut self, t: i64, start: Start, denied: bool, by_block: bool, why: &str) {
        self.tally.emergency_touched += u64::from(denied && start.emergency);
        if let Some(attack) = self.campaign(start) {
            if denied {
                attack.refused += 1;
                attack.detect(t, Measure::Refusal, why);
            } else {
                attack.allowed += 1;
            }
            return;
        }
        let Some(class) = start.rate.map(|at| self.set.deck.rate(at).class) else { return };
        let foreign = u64::from(class.is_foreign());
        self.tally.refused_national += u64::from(denied && class.is_national());
        if self.attack_at(start.tenant, t).is_some() {
            self.tally.coll_legit += 1;
            self.tally.coll_refused += u64::from(denied);
            self.tally.coll_nat += u64::from(denied && class.is_national());
            return;
        }
        self.tally.legit_out += 1;
        self.tally.legit_foreign += foreign;
        if denied {
            self.tally.refused += 1;
            self.tally.refused_foreign += foreign;
            self.count_wrong_refusal(t, start, by_block, why);
        }
    }

    fn count_wrong_refusal(&mut self, t: i64, start: Start, by_block: bool, why: &str) {
        if !by_block {
            self.tally.refused_verdict += 1;
            self.wrong_refusal(start.tenant, t, "deny", why);
        } else if let Some(harmed) = self.false_blocks.get_mut(&start.tenant) {
            *harmed += 1;
        }
        let odd = start.odd.and_then(|at| self.set.truth.hard_negatives.get(usize::from(at)));
        let kind = odd.map_or("-", |odd| odd.kind.as_str());
        *self.tally.refused_by_odd.entry(kind.to_owned()).or_default() += 1;
        self.tally.odd_hit.extend(start.odd);
    }

    /// Wrong refusals and cuts of a tenant without a block count as one episode until 24 h pass
    /// without any.
    pub fn wrong_refusal(&mut self, tenant: u32, t: i64, what: &'static str, why: &str) {
        let last = self.last_wrong_refusal.insert(tenant, t);
        if last.is_none_or(|last| t - last > DAY_MS) {
            self.tally.deny_episodes += 1;
            self.record_wrong(tenant, t, what, why);
        }
    }

    pub fn record_wrong(&mut self, tenant: u32, t: i64, what: &'static str, why: &str) {
        let known = self.set.truth.tenants.get(tenant as usize);
        let (name, kind) = known.map_or(("?", "?"), |(name, facts)| (name, facts.kind.as_str()));
        let (name, kind, why) = (name.to_owned(), kind.to_owned(), why.to_owned());
        let at = self.set.desk.local(t);
        self.tally.wrong(tenant, Wrong { at, t, tenant: name, kind, what, why });
    }

    /// Takes a call off the switch at `t`; the loss of its attack grows by its cost.
    pub fn finish(&mut self, call: u64, t: i64) -> Option<(Active, f64)> {
        let active = self.active.remove(&call)?;
        let secs = active.answered.map_or(0.0, |from| (t - from).max(0) as f64 / 1000.0);
        if let Some(at) = active.start.rate {
            self.outbound_up -= usize::from(active.answered.is_some());
            let scored = active.t >= self.set.truth.score_from;
            let eur = self.set.deck.rate(at).cost(secs);
            if let Some(attack) = self.campaign(active.start).filter(|_| scored) {
                attack.loss_eur += eur;
                attack.course.spend(active.t, eur);
            }
        }
        Some((active, secs))
    }

    /// Ticks, cuts and reviews that are due up to and at `t`.
    fn advance(&mut self, t: i64) -> Result<()> {
        loop {
            let planned = self.agenda.peek().map_or(NEVER, |Reverse((at, ..))| *at);
            let tick = if self.outbound_up > 0 { self.next_tick } else { NEVER };
            if planned.min(tick) > t {
                break;
            }
            if planned > tick {
                self.next_tick += TICK_MS;
                self.tick(tick)?;
            } else if let Some(Reverse((at, _, due))) = self.agenda.pop() {
                match due {
                    Due::Cut(call) => self.tear_down(call, at)?,
                    Due::Review(tenant) => self.review(tenant, at)?,
                }
            }
        }
        if self.next_tick <= t {
            self.next_tick = t.div_euclid(TICK_MS) * TICK_MS + TICK_MS;
        }
        Ok(())
    }

    fn tick(&mut self, t: i64) -> Result<()> {
        let mut line = [0_u8; 48];
        let mut rest = line.as_mut_slice();
        write!(rest, r#"{{"ev":"tick","t":{t}}}"#)?;
        let free = rest.len();
        self.send(t, &line[..line.len() - free]).map(drop)
    }

    pub fn plan(&mut self, t: i64, due: Due) {
        self.planned += 1;
        self.agenda.push(Reverse((t, self.planned, due)));
    }

    /// One line to the detector, its actions obeyed.
    pub fn send(&mut self, t: i64, line: &[u8]) -> Result<Option<Reply>> {
        self.reply.clear();
        self.detector.line(line, &mut self.reply)?;
        let Some(mut reply) = Reply::parse(&self.reply)? else { return Ok(None) };
        for action in std::mem::take(&mut reply.act) {
            self.obey(action, t)?;
        }
        Ok(Some(reply))
    }

    pub fn campaign(&mut self, start: Start) -> Option<&mut Campaign> {
        self.campaigns.get_mut(usize::from(start.attack?))
    }

    /// The attack that explains a stop of this tenant at `t`.
    pub fn attack_at(&self, tenant: u32, t: i64) -> Option<usize> {
        let attacks = self.set.attacks_of.get(tenant as usize)?;
        attacks.iter().copied().find(|at| self.campaigns[*at].explains(t))
    }

    /// Ids of matching calls in order of arrival.
    pub fn calls_where(&self, wanted: impl Fn(&Active) -> bool) -> Vec<u64> {
        let mut calls: Vec<_> = self.active.values().filter(|call| wanted(call)).collect();
        calls.sort_by_key(|call| call.nth);
        calls.into_iter().map(|call| call.start.call).collect()
    }
}

/// The line of a call that a standing block refuses already.
fn with_block(line: &[u8], level: Level) -> Vec<u8> {
    let open = line.strip_suffix(b"}").unwrap_or(line);
    [open, br#","blocked":""#, level.name().as_bytes(), br#""}"#].concat()
}
