//! Attack campaigns. The attacker is closed loop: told of a refusal, it tries another extension or country, slows
//! down, or waits until the block is over.

mod kind;
mod prelude;
mod tactics;

pub use kind::Kind;
pub use tactics::{Hours, Numbers, Phase, Reaction, Tactics};

use crate::chance::Chance;
use crate::company::{Company, source};
use crate::places::{Place, dial, e164};
use crate::wish::{Purpose, Wish};
use crate::world::Planned;
use ringfence_model::{Direction, ExtensionId, Source, WallTime};
use std::time::Duration;

/// One campaign against one company.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What it does.
    pub kind: Kind,
    /// Against which company.
    pub company: usize,
    /// When it begins.
    pub start: WallTime,
    /// When it gives up, or is thrown out.
    pub end: WallTime,
    /// When it tried its last call so far.
    pub last_call: Option<WallTime>,
    tactics: Tactics,
    source: Source,
    number: String,
    is_open: bool,
    up: u32,
    tried: u32,
    refused_in_a_row: u32,
    slower: u32,
    quiet_until: WallTime,
    extension: usize,
    place: usize,
}

impl Campaign {
    /// A campaign of this kind that lasts at most `secs`.
    #[must_use]
    pub fn new(
        kind: Kind,
        company: usize,
        start: WallTime,
        secs: u64,
        chance: &mut Chance,
    ) -> Self {
        let tactics = kind.tactics();
        let network = 2 + chance.below(250);
        let at = chance.below(tactics.places.len() as u64) as usize;
        let number = tactics.places.get(at).map(|place| place.number(chance)).unwrap_or_default();
        Self {
            kind,
            company,
            start,
            end: start + Duration::from_secs(secs),
            last_call: None,
            source: source(format!("203.0.113.{network}"), "PS", "friendly-caller/1.0"),
            number,
            tactics,
            is_open: false,
            up: 0,
            tried: 0,
            refused_in_a_row: 0,
            slower: 1,
            quiet_until: start,
            extension: chance.below(50) as usize,
            place: at,
        }
    }

    /// A call of this campaign is over.
    pub fn ended(&mut self, _at: WallTime) {
        self.up = self.up.saturating_sub(1);
        self.refused_in_a_row = 0;
    }

    /// A call was refused: reacts.
    pub fn refused(&mut self, at: WallTime) {
        self.up = self.up.saturating_sub(1);
        self.refused_in_a_row += 1;
        match self.tactics.reaction {
            Reaction::Insist => {}
            Reaction::NextExtension => self.extension += 1,
            Reaction::NextPlace => self.place += 1,
            Reaction::Slower => self.slower = (self.slower * 2).min(64),
            Reaction::WaitOut => self.quiet_until = at + Duration::from_secs(7 * 3_600),
        }
        if self.refused_in_a_row >= 25 {
            self.quiet_until = self.quiet_until.max(at + Duration::from_secs(4 * 3_600));
            self.refused_in_a_row = 0;
        }
    }

    /// The attacker looks at its watch: what it does now, and when it looks again.
    pub fn wake(
        &mut self,
        index: usize,
        at: WallTime,
        company: &mut Company,
        chance: &mut Chance,
    ) -> (Vec<Planned>, Option<WallTime>) {
        if at >= self.end || self.tried >= self.tactics.calls_max {
            return (Vec::new(), None);
        }
        if !self.is_open {
            self.is_open = true;
            let planned = prelude::of(self, index, at, company, chance);
            let secs = u64::from(chance.within(self.tactics.lead_secs));
            return (planned, Some(at + Duration::from_secs(secs)));
        }
        let office = company.civil(at).office;
        let is_time = match self.tactics.hours {
            Hours::Any => true,
            Hours::Office => office,
            Hours::Closed => !office,
        };
        if !is_time {
            return (Vec::new(), Some(at + Duration::from_secs(1_800)));
        }
        if at < self.quiet_until {
            return (Vec::new(), Some(self.quiet_until));
        }
        let phase = self.tactics.phase(at - self.start);
        let planned = if self.up < phase.parallel {
            self.call(index, at, phase, company, chance)
        } else {
            Vec::new()
        };
        let pause = u64::from(chance.within(phase.pause_secs).max(1)) * u64::from(self.slower);
        (planned, Some(at + Duration::from_secs(pause)))
    }

    fn call(
        &mut self,
        index: usize,
        at: WallTime,
        phase: Phase,
        company: &Company,
        chance: &mut Chance,
    ) -> Vec<Planned> {
        self.up += 1;
        self.tried += 1;
        self.last_call = Some(at);
        let number = self.next_number(chance);
        let extension = self.next_extension(company);
        let answered = chance.happens(self.tactics.answer_rate);
        let wish = Wish {
            via: self.tactics.via,
            source: Some(if self.tactics.from_inside {
                company.source.clone()
            } else {
                self.source.clone()
            }),
            talk_secs: answered.then(|| chance.within(phase.talk_secs)),
            ring_secs: chance.within((1, 8)),
            ..Wish::outbound(at, index, extension.as_str(), &self.dialled(&number, company, chance))
        };
        let wish = Wish { company: self.company, purpose: Purpose::Attack(index), ..wish };
        if !self.tactics.through {
            return vec![Planned::Call(wish)];
        }
        let inbound = Wish {
            direction: Direction::Inbound,
            a_number: e164("447911123456"),
            source: None,
            talk_secs: wish.talk_secs.map(|secs| secs + 20),
            purpose: Purpose::Honest,
            ..wish.clone()
        };
        vec![Planned::Through(
            inbound,
            Wish { forwarded_by: self.tactics.diverts(&extension), ..wish },
        )]
    }

    fn dialled(&self, number: &str, company: &Company, chance: &mut Chance) -> String {
        if self.tactics.numbers != Numbers::PrefixSpray {
            return dial(number, company.outside_line, chance);
        }
        let prefix = ["+", "00", "000", "900", "9011", "0", "011", "8800"];
        format!("{}{number}", prefix.get(self.tried as usize % prefix.len()).unwrap_or(&"+"))
    }

    fn next_number(&mut self, chance: &mut Chance) -> String {
        let places = &self.tactics.places;
        if self.tactics.numbers == Numbers::Scattered {
            self.place += 1;
        }
        let place: Option<&Place> = places.get(self.place % places.len().max(1));
        match self.tactics.numbers {
            Numbers::One | Numbers::PrefixSpray => self.number.clone(),
            Numbers::Block => place.map(|place| place.of_block(self.tried)).unwrap_or_default(),
            Numbers::Random | Numbers::Scattered => {
                place.map(|place| place.number(chance)).unwrap_or_default()
            }
        }
    }

    fn next_extension(&mut self, company: &Company) -> ExtensionId {
        if self.tactics.all_extensions {
            self.extension += 1;
        }
        let count = company.extensions.len().max(1);
        company.extensions.get(self.extension % count).cloned().unwrap_or_else(|| "201".into())
    }
}
