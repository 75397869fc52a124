//! Attackers at work: those who only send, and the one who knows a password and listens.

use super::World;
use super::schedule::Event;
use crate::sip::attack::{Attack, Method};
use crate::sip::house::{DOMAIN, HOSTED};
use crate::sip::plan::{End, Fact, Plan, Purpose, Treatment};
use crate::sip::scenario::Scenario;
use anyhow::Result;
use bytes::Bytes;
use ringfence_sip::{ConnectionId, Flow, Transport};
use std::time::Duration;

/// What an attacker can keep of what it overheard.
const OVERHEARD: usize = 40;

impl World<'_> {
    /// The one who knows a password goes on after each call.
    pub(super) fn react(&mut self, node: usize) {
        if node != self.scenario.house.cracked() {
            return;
        }
        let (Some(agent), Some(read)) = (self.agents.get(node), self.read.get_mut(node)) else {
            return;
        };
        let facts = agent.facts.get(*read..).unwrap_or_default();
        *read = agent.facts.len();
        let mut waits = Vec::new();
        for (_, fact) in facts {
            match fact {
                Fact::Over { .. } | Fact::GaveUp { .. } => waits.push(self.greed.within((1, 20))),
                // Refused: it waits until limits may be wider again, and takes another number.
                Fact::Final { code: 300.., .. } => waits.push(self.greed.within((5, 120))),
                _ => {}
            }
        }
        for secs in waits {
            self.put(self.at + Duration::from_secs(u64::from(secs)), Event::Greed);
        }
    }

    pub(super) fn greedy_call(&mut self) -> Result<()> {
        let Some((_, until)) = self.scenario.cracked else { return Ok(()) };
        if self.at > until {
            return Ok(());
        }
        let number = self.plans.len();
        let plan = Plan {
            at: self.at,
            caller: self.scenario.house.cracked(),
            tenant: HOSTED.into(),
            identity: "1001".into(),
            dialled: Scenario::paying(&mut self.greed),
            purpose: Purpose::Fraud,
            treatment: Treatment::Answer { ring: Duration::from_secs(1), forks: 1 },
            patience: Duration::from_secs(60),
            talk: Duration::from_secs(u64::from(self.greed.within((60, 900)))),
            hangs_up: End::Caller,
            hold: None,
            transfer: None,
            late_offer: false,
            hops: 70,
        };
        self.plans.push(plan);
        self.happen(Event::Begin(number))
    }

    pub(super) fn strike(&mut self, index: usize, count: u32) -> Result<()> {
        let Some(attack) = self.scenario.attacks.get(index) else { return Ok(()) };
        let Attack { every, count: most, .. } = *attack;
        if count + 1 < most {
            self.put(self.at + every, Event::Strike(index, count + 1));
        }
        let Some((remote, bytes)) = attack.strike(&mut self.chance, DOMAIN, &self.overheard) else {
            return Ok(());
        };
        self.strikes += 1;
        let mut flow =
            Flow { transport: Transport::Udp, local: self.gate_at, remote, connection: None };
        if self.chance.happens(0.2) {
            self.connections += 1;
            flow.transport = Transport::Tcp;
            flow.connection = Some(ConnectionId(self.connections));
            self.put(
                self.at + Duration::from_secs(1),
                Event::Closed(flow, ringfence_call::End::Broke),
            );
        }
        self.happen(Event::ToGate { flow, bytes })
    }

    /// Keeps some messages for attackers who listen on the way.
    pub(super) fn overhear(&mut self, flow: &Flow, bytes: &Bytes) {
        let own = Method::of(&flow.remote).is_some();
        if own || self.scenario.attacks.is_empty() || !self.chance.happens(0.3) {
            return;
        }
        if self.overheard.len() < OVERHEARD {
            self.overheard.push(bytes.clone());
        } else {
            let at = self.chance.below(OVERHEARD as u64) as usize;
            if let Some(place) = self.overheard.get_mut(at) {
                *place = bytes.clone();
            }
        }
    }
}
