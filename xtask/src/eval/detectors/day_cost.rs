//! The usual rule of a phone system: stop a tenant's costly calls once they pass EUR 40 in a day.
//! A yardstick; its figures from the reference scorer are known.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use serde::Deserialize;

use super::Detector;
use crate::eval::deck::{Class, Deck};

const DAY_LIMIT_EUR: f64 = 40.0;
const DAY_MS: i64 = 86_400_000;

#[derive(Deserialize)]
struct Event {
    ev: String,
    t: i64,
    #[serde(default)]
    call: u64,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    dir: String,
    #[serde(default)]
    b: String,
    blocked: Option<String>,
}

struct Call {
    id: u64,
    tenant: String,
    rate: u16,
    answered: Option<i64>,
}

pub struct DayCost<'a> {
    deck: &'a Deck,
    /// Costly calls in order of arrival: blocks of one tick go out in that order.
    calls: Vec<Call>,
    /// EUR of ended calls per tenant and UTC day.
    spent: HashMap<(String, i64), f64>,
    stopped: HashSet<(String, i64)>,
}

impl<'a> DayCost<'a> {
    pub fn new(deck: &'a Deck) -> Self {
        Self { deck, calls: Vec::new(), spent: HashMap::new(), stopped: HashSet::new() }
    }

    fn start(&mut self, event: Event) {
        if event.dir != "out" || event.blocked.is_some() {
            return;
        }
        let rate = self.deck.find(&event.b);
        let class = self.deck.rate(rate).class;
        if rate != 0 && (class.is_foreign() || class == Class::NatService) {
            self.calls.push(Call { id: event.call, tenant: event.tenant, rate, answered: None });
        }
    }

    fn end(&mut self, id: u64, t: i64) {
        let Some(at) = self.calls.iter().position(|call| call.id == id) else { return };
        let call = self.calls.remove(at);
        let eur = self.eur(&call, t);
        *self.spent.entry((call.tenant, t / DAY_MS)).or_default() += eur;
    }

    fn eur(&self, call: &Call, t: i64) -> f64 {
        let secs = call.answered.map_or(0.0, |from| (t - from) as f64 / 1000.0);
        self.deck.rate(call.rate).cost(secs)
    }

    fn stop(&mut self, t: i64) -> Vec<serde_json::Value> {
        let mut running: Vec<(&str, f64)> = Vec::new();
        for call in self.calls.iter().filter(|call| call.answered.is_some()) {
            let eur = self.eur(call, t);
            match running.iter_mut().find(|(tenant, _)| *tenant == call.tenant) {
                Some((_, sum)) => *sum += eur,
                None => running.push((&call.tenant, eur)),
            }
        }
        let mut blocks = Vec::new();
        for (tenant, eur) in running {
            let day = (tenant.to_owned(), t / DAY_MS);
            let spent = self.spent.get(&day).copied().unwrap_or_default();
            if eur + spent > DAY_LIMIT_EUR && self.stopped.insert(day) {
                blocks.push(serde_json::json!({
                    "do": "block", "tenant": tenant, "level": "intl", "kill": true,
                    "why": "day cost",
                }));
            }
        }
        blocks
    }
}

impl Detector for DayCost<'_> {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        if line.starts_with(br#"{"ev":"tick""#) && self.calls.is_empty() {
            return Ok(());
        }
        let event: Event = serde_json::from_slice(line)?;
        match event.ev.as_str() {
            "start" => self.start(event),
            "answer" => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.id == event.call) {
                    call.answered = Some(event.t);
                }
            }
            "end" => self.end(event.call, event.t),
            "tick" => {
                let blocks = self.stop(event.t);
                if !blocks.is_empty() {
                    reply.extend(serde_json::json!({ "act": blocks }).to_string().bytes());
                }
            }
            _ => {}
        }
        Ok(())
    }
}
