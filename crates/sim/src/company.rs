//! The companies of the virtual world and what they honestly do on a day.

use crate::chance::Chance;
use crate::places::{FAR, HOME, NEAR, Place, country, dial, e164};
use crate::wish::{Purpose, Wish};
use ringfence_fraud::calendar::{Calendar, CalendarError, Civil};
use ringfence_model::{Direction, ExtensionId, Hours, Source, TenantId, TenantStart, WallTime};
use std::time::Duration;

/// What a company does for its living, as far as its telephone shows it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Trade {
    /// What people call it.
    pub name: &'static str,
    /// First and last hour of calls, local; past 24 is the next morning.
    pub hours: (u32, u32),
    /// Bit 0 is Monday.
    pub days: u8,
    /// Whether it closes on public holidays.
    pub holidays: bool,
    /// Calls to Dutch numbers on an open day.
    pub national: f64,
    /// Inbound calls on an open day.
    pub inbound: f64,
    /// Suppliers near by and far away.
    pub suppliers: (u32, u32),
    /// Calls to each supplier in a week.
    pub per_supplier: f64,
    /// Calls to new places abroad on an open day: travellers, guests, clients.
    pub anywhere: f64,
    /// Whether it is a customer without any history.
    pub is_new: bool,
}

const WORKDAYS: u8 = 0b001_1111;
const EVERY_DAY: u8 = 0b111_1111;

const OFFICE: Trade = Trade {
    name: "office",
    hours: (8, 18),
    days: WORKDAYS,
    holidays: true,
    national: 14.0,
    inbound: 8.0,
    suppliers: (2, 0),
    per_supplier: 2.0,
    anywhere: 0.0,
    is_new: false,
};

/// Every trade there is.
pub const TRADES: [Trade; 12] = [
    OFFICE,
    Trade {
        name: "shop",
        hours: (9, 18),
        days: 0b011_1111,
        national: 6.0,
        suppliers: (1, 0),
        ..OFFICE
    },
    Trade { name: "clinic", hours: (8, 17), inbound: 25.0, suppliers: (0, 0), ..OFFICE },
    Trade { name: "importer", suppliers: (1, 2), per_supplier: 1.0, ..OFFICE },
    Trade { name: "travel agency", anywhere: 4.0, ..OFFICE },
    Trade {
        name: "hotel",
        hours: (7, 25),
        days: EVERY_DAY,
        holidays: false,
        anywhere: 2.0,
        ..OFFICE
    },
    Trade { name: "call centre", hours: (9, 21), national: 60.0, suppliers: (0, 0), ..OFFICE },
    Trade { name: "night shift", hours: (22, 30), days: EVERY_DAY, holidays: false, ..OFFICE },
    Trade {
        name: "taxi",
        hours: (0, 24),
        days: EVERY_DAY,
        holidays: false,
        national: 20.0,
        suppliers: (0, 0),
        ..OFFICE
    },
    Trade {
        name: "dormant",
        national: 0.2,
        inbound: 0.3,
        suppliers: (1, 0),
        per_supplier: 0.2,
        ..OFFICE
    },
    Trade { name: "new customer", is_new: true, ..OFFICE },
    Trade { name: "school", hours: (8, 16), national: 5.0, suppliers: (0, 0), ..OFFICE },
];

/// One company.
#[derive(Clone, Debug)]
pub struct Company {
    /// Its trade.
    pub trade: Trade,
    /// Its name.
    pub tenant: TenantId,
    /// Its extensions.
    pub extensions: Vec<ExtensionId>,
    /// Where its phones are.
    pub source: Source,
    /// What is dialled for an outside line.
    pub outside_line: &'static str,
    suppliers: Vec<String>,
    calendar: Calendar,
}

impl Company {
    /// A company of this trade.
    ///
    /// # Errors
    /// When the time zone is not known.
    pub fn new(trade: Trade, index: usize, chance: &mut Chance) -> Result<Self, CalendarError> {
        let count = 2 + chance.below(6);
        let (near, far) = trade.suppliers;
        let mut suppliers = Vec::new();
        for (count, places) in [(near, &NEAR), (far, &FAR)] {
            for _ in 0..count {
                suppliers.extend(chance.pick(places).copied().map(|place| place.number(chance)));
            }
        }
        Ok(Self {
            trade,
            tenant: TenantId::new(&format!("{}-{index}", trade.name.replace(' ', "-"))),
            extensions: (0..count).map(|n| ExtensionId::new(&(201 + n).to_string())).collect(),
            source: source(format!("192.0.2.{}", 10 + index), "NL", "Yealink SIP-T46U 108.86"),
            outside_line: if chance.happens(0.5) { "0" } else { "" },
            suppliers,
            calendar: Calendar::new("Europe/Amsterdam", &Hours::default())?,
        })
    }

    /// How it introduces itself.
    #[must_use]
    pub fn start(&self) -> TenantStart {
        TenantStart {
            tenant: self.tenant.clone(),
            trunks: vec![self.trunk()],
            extensions: self.extensions.clone(),
            channels: 10,
            own_pbx: true,
        }
    }

    /// Its only trunk.
    #[must_use]
    pub fn trunk(&self) -> ringfence_model::TrunkId {
        ringfence_model::TrunkId::new(&format!("{}-trunk", self.tenant))
    }

    /// The civil reading of `wall` where the company is.
    pub fn civil(&mut self, wall: WallTime) -> Civil {
        self.calendar.civil(wall)
    }

    /// The local midnight after the one at `midnight`; summer time makes days of 23 and 25 hours.
    pub fn next_midnight(&mut self, midnight: WallTime) -> WallTime {
        // Half past midnight or later, and before the hour at which clocks change.
        let into = midnight + Duration::from_secs(51 * 1_800);
        let minutes = self.civil(into).minute;
        into - Duration::from_secs(u64::from(minutes) * 60)
    }

    /// Whom abroad it calls again and again.
    #[must_use]
    pub fn suppliers(&self) -> &[String] {
        &self.suppliers
    }

    /// Whether its people are at work.
    pub fn is_open(&mut self, wall: WallTime) -> bool {
        let civil = self.civil(wall);
        let hour = u32::from(civil.minute / 60);
        let (from, to) = self.trade.hours;
        let is_hour = (from..to).contains(&hour) || (from..to).contains(&(hour + 24));
        is_hour
            && self.trade.days >> civil.weekday & 1 == 1
            && !(civil.holiday && self.trade.holidays)
    }

    /// Some extension.
    pub fn anyone(&self, chance: &mut Chance) -> ExtensionId {
        chance.pick(&self.extensions).cloned().unwrap_or_else(|| "201".into())
    }

    /// What its people do on the day that begins at `midnight`.
    pub fn day(&mut self, index: usize, midnight: WallTime, chance: &mut Chance) -> Vec<Wish> {
        let noon = self.civil(midnight + Duration::from_secs(12 * 3_600));
        let closed =
            self.trade.days >> noon.weekday & 1 == 0 || (noon.holiday && self.trade.holidays);
        let share = if closed { 0.02 } else { 1.0 };
        let mut wishes = Vec::new();
        for _ in 0..chance.times(self.trade.national * share) {
            wishes.extend(self.call_of(&HOME, index, midnight, chance));
        }
        for _ in 0..chance.times(self.trade.inbound * share) {
            wishes.push(self.inbound(index, midnight, chance));
        }
        for _ in 0..chance.times(2.0 * share) {
            wishes.push(self.inside(index, midnight, chance));
        }
        for number in self.suppliers.clone() {
            for _ in 0..chance.times(self.trade.per_supplier / 5.0 * share) {
                wishes.push(self.outbound(&number, index, midnight, chance));
            }
        }
        for _ in 0..chance.times(self.trade.anywhere * share) {
            let places: &[Place] = if chance.happens(0.7) { &NEAR } else { &FAR };
            wishes.extend(self.call_of(places, index, midnight, chance));
        }
        if chance.happens(0.1) {
            wishes.push(self.distress(index, midnight, chance));
        }
        wishes
    }

    /// Some moment at which this company calls.
    fn moment(&self, midnight: WallTime, chance: &mut Chance) -> WallTime {
        let (from, to) = self.trade.hours;
        let ms = u64::from(chance.within((from * 3_600, to * 3_600))) * 1_000 + chance.below(1_000);
        midnight + Duration::from_millis(ms)
    }

    fn call_of(
        &self,
        places: &[Place],
        index: usize,
        midnight: WallTime,
        chance: &mut Chance,
    ) -> Option<Wish> {
        let number = chance.pick(places).copied()?.number(chance);
        Some(self.outbound(&number, index, midnight, chance))
    }

    fn outbound(
        &self,
        number: &str,
        index: usize,
        midnight: WallTime,
        chance: &mut Chance,
    ) -> Wish {
        let at = self.moment(midnight, chance);
        let extension = self.anyone(chance);
        let dialled = dial(number, self.outside_line, chance);
        Wish {
            ring_secs: chance.within((2, 25)),
            talk_secs: chance.happens(0.85).then(|| chance.talk_secs(110)),
            source: Some(self.source.clone()),
            ..Wish::outbound(at, index, extension.as_str(), &dialled)
        }
    }

    /// A call from outside to some extension.
    pub fn inbound(&self, index: usize, midnight: WallTime, chance: &mut Chance) -> Wish {
        let from = chance.pick(&HOME).copied().map(|place| place.number(chance));
        Wish {
            direction: Direction::Inbound,
            a_number: from.as_deref().and_then(e164),
            source: None,
            ..self.outbound("31201234567", index, midnight, chance)
        }
    }

    /// A call to a colleague.
    fn inside(&self, index: usize, midnight: WallTime, chance: &mut Chance) -> Wish {
        let colleague = self.anyone(chance);
        // Some systems say that a call stays inside, others leave it to the number.
        let direction = if chance.happens(0.5) { Direction::Internal } else { Direction::Outbound };
        let wish = self.outbound("31201234567", index, midnight, chance);
        Wish { direction, dialled: colleague.as_str().into(), ..wish }
    }

    /// Somebody needs help: one of the forms people really dial.
    fn distress(&self, index: usize, midnight: WallTime, chance: &mut Chance) -> Wish {
        let dialled = chance.pick(&DISTRESS).copied().unwrap_or("112");
        let at = self.moment(midnight, chance);
        let extension = self.anyone(chance);
        Wish {
            source: Some(self.source.clone()),
            ..Wish::outbound(at, index, extension.as_str(), dialled)
        }
        .because(Purpose::Protected)
    }
}

/// Emergency numbers and helplines as dialled with and without an outside line or country code.
pub const DISTRESS: [&str; 10] =
    ["112", "0112", "+31112", "0031112", "9112", "113", "0113", "116123", "116111", "144"];

/// A source address in words.
#[must_use]
pub fn source(ip: String, from: &str, agent: &str) -> Source {
    let unknown = std::net::IpAddr::from([198, 51, 100, 1]);
    Source {
        ip: ip.parse().unwrap_or(unknown),
        country: Some(country(from)),
        user_agent: Some(agent.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_day_is_busy_and_a_sunday_is_not() {
        let mut chance = Chance::new(3);
        let mut office = Company::new(OFFICE, 0, &mut chance).unwrap();
        // Monday 2026-01-11T23:00Z is midnight in Amsterdam.
        let mut midnight = WallTime::from_secs(1_768_172_400);
        let mut calls = Vec::new();
        for _ in 0..7 {
            calls.push(office.day(0, midnight, &mut chance).len());
            midnight = office.next_midnight(midnight);
        }
        assert!(calls[0] > 8 && calls[6] < 4, "{calls:?}");
        assert_eq!(office.civil(midnight).minute, 0);
    }

    #[test]
    fn midnights_follow_summer_time() {
        let mut office = Company::new(OFFICE, 0, &mut Chance::new(3)).unwrap();
        let mut midnight = WallTime::from_secs(1_768_172_400);
        for _ in 0..300 {
            midnight = office.next_midnight(midnight);
            assert_eq!(office.civil(midnight).minute, 0);
        }
    }
}
