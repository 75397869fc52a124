//! The calls themselves: 35 people, their suppliers abroad, two odd but honest things, and an attacker who found a
//! password.

use crate::chance::Chance;
use crate::places::{HOME, PAYING, Place, SATELLITE};
use crate::wish::Purpose;
use anyhow::Result;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;

/// The first day, a Monday.
const FIRST: Date = date(2026, 9, 28);
const WEEKS: i32 = 5;
/// The night of the attack begins on the last Saturday.
const ATTACK: Date = date(2026, 10, 31);
/// Whose password was guessed.
const STOLEN: u32 = 219;
const EXTENSIONS: (u32, u32) = (201, 235);
/// The ring group of the reception, the store and the workshop.
const COLLEAGUES: (u32, u32) = (240, 242);

/// From the company's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Over the trunk, to this number in E.164 without the plus.
    Out,
    /// Over the trunk, from this number.
    In,
    /// To a colleague.
    Inside,
}

/// A call that is over. Times in seconds since 1970.
#[derive(Clone, Debug)]
pub struct Ended {
    /// When it began.
    pub started: i64,
    /// How long it rang.
    pub ring_secs: u32,
    /// How long they talked; 0 when nobody answered.
    pub talk_secs: u32,
    /// Which way.
    pub side: Side,
    /// The extension on this side.
    pub extension: u32,
    /// The number or extension on the other.
    pub other: String,
    /// Why.
    pub purpose: Purpose,
}

struct Supplier {
    number: &'static str,
    /// Calls on a working day.
    per_day: f64,
    talk_secs: u32,
}

/// Germany, Belgium, the United Kingdom, Poland and, once or twice a week in the morning, China.
const SUPPLIERS: [Supplier; 7] = [
    Supplier { number: "493023608140", per_day: 3.0, talk_secs: 240 },
    Supplier { number: "4921188267310", per_day: 2.0, talk_secs: 180 },
    Supplier { number: "3225481390", per_day: 2.0, talk_secs: 150 },
    Supplier { number: "442079460123", per_day: 1.0, talk_secs: 300 },
    Supplier { number: "48223981407", per_day: 0.4, talk_secs: 260 },
    Supplier { number: "862162839417", per_day: 0.25, talk_secs: 420 },
    Supplier { number: "32478204411", per_day: 0.8, talk_secs: 90 },
];

/// Every call of the five weeks, in the order in which they began.
///
/// # Errors
/// When a local time does not exist.
pub fn calls(seed: u64) -> Result<Vec<Ended>> {
    let mut weeks = Weeks { chance: Chance::new(seed), calls: Vec::new() };
    let mut day = FIRST;
    for n in 0..WEEKS * 7 {
        if n % 7 < 5 {
            weeks.working_day(day)?
        } else {
            weeks.quiet_day(day)?
        }
        day = day.tomorrow()?;
    }
    weeks.odd()?;
    weeks.attack()?;
    weeks.calls.sort_by_key(|call| call.started);
    Ok(weeks.calls)
}

struct Weeks {
    chance: Chance,
    calls: Vec<Ended>,
}

fn at(day: Date, minute: u32, second: u32) -> Result<i64> {
    let time =
        jiff::civil::time((minute / 60 % 24) as i8, (minute % 60) as i8, (second % 60) as i8, 0);
    let local = DateTime::from_parts(day, time);
    Ok(local.to_zoned(TimeZone::get("Europe/Amsterdam")?)?.timestamp().as_second())
}

impl Weeks {
    fn working_day(&mut self, day: Date) -> Result<()> {
        for _ in 0..self.chance.times(78.0) {
            let other = self.home();
            self.office_call(day, Side::Out, other, 120)?;
        }
        for _ in 0..self.chance.times(52.0) {
            let other = self.home();
            self.office_call(day, Side::In, other, 150)?;
        }
        for _ in 0..self.chance.times(24.0) {
            let other = self.chance.within(COLLEAGUES).to_string();
            self.office_call(day, Side::Inside, other, 60)?;
        }
        for supplier in &SUPPLIERS {
            for _ in 0..self.chance.times(supplier.per_day) {
                self.office_call(day, Side::Out, supplier.number.to_owned(), supplier.talk_secs)?;
            }
        }
        Ok(())
    }

    fn quiet_day(&mut self, day: Date) -> Result<()> {
        for _ in 0..self.chance.times(3.0) {
            let other = self.home();
            let side = if self.chance.happens(0.6) { Side::In } else { Side::Out };
            self.office_call(day, side, other, 80)?;
        }
        Ok(())
    }

    fn home(&mut self) -> String {
        let place: Option<Place> = self.chance.pick(&HOME[..5]).copied();
        place.map(|place| place.number(&mut self.chance)).unwrap_or_default()
    }

    /// Between eight and six, with a lunch at which fewer call.
    fn office_call(&mut self, day: Date, side: Side, other: String, mean_secs: u32) -> Result<()> {
        let mut minute = self.chance.within((8 * 60, 18 * 60 - 1));
        if (12 * 60..13 * 60).contains(&minute) && self.chance.happens(0.6) {
            minute += 75;
        }
        let answered = self.chance.happens(0.82);
        let talk_secs = if answered { self.chance.talk_secs(mean_secs) } else { 0 };
        let call = Ended {
            started: at(day, minute, self.chance.within((0, 59)))?,
            ring_secs: if answered {
                self.chance.within((2, 18))
            } else {
                self.chance.within((12, 40))
            },
            talk_secs,
            side,
            extension: self.chance.within(EXTENSIONS),
            other,
            purpose: Purpose::Honest,
        };
        self.calls.push(call);
        Ok(())
    }

    fn one(&mut self, started: i64, extension: u32, other: &str, talk_secs: u32, purpose: Purpose) {
        let ring_secs = self.chance.within((2, 9));
        let side = Side::Out;
        let other = other.to_owned();
        self.calls.push(Ended { started, ring_secs, talk_secs, side, extension, other, purpose });
    }

    /// A handset that was not hung up, and a first order in Turkey.
    fn odd(&mut self) -> Result<()> {
        let forgotten = at(date(2026, 10, 15), 16 * 60 + 52, 11)?;
        self.one(forgotten, 208, "4921188267310", 9_640, Purpose::Odd("forgotten call"));
        for (day, minute, secs) in
            [(20, 607, 340), (20, 842, 95), (21, 571, 610), (23, 634, 205), (29, 648, 180)]
        {
            let started = at(date(2026, 10, day), minute, 20)?;
            self.one(started, 212, "902123940117", secs, Purpose::Odd("new supplier"));
        }
        Ok(())
    }

    /// Two test calls on Friday night; on Saturday night six lines at once to Sierra Leone and Latvia, and two to
    /// satellite telephones.
    fn attack(&mut self) -> Result<()> {
        let attack = Purpose::Attack(0);
        let [leone, latvia] = [PAYING[0], PAYING[3]];
        let satellite = SATELLITE[0];
        for (minute, secs) in [(23 * 60 + 5, 3), (23 * 60 + 31, 2)] {
            self.one(
                at(ATTACK.yesterday()?, minute, 40)?,
                STOLEN,
                &leone.of_block(17),
                secs,
                attack,
            );
        }
        let start = at(ATTACK, 23 * 60 + 42, 5)?;
        for (line, place) in [leone, latvia, leone, latvia, leone, latvia].into_iter().enumerate() {
            self.pump(start + 40 * line as i64, start + 6 * 3_600, place, (180, 1_500), attack);
        }
        self.pump(start + 5_400, start + 15_600, satellite, (240, 900), attack);
        self.pump(start + 6_000, start + 15_600, satellite, (240, 900), attack);
        Ok(())
    }

    /// One line, one call after the other.
    fn pump(&mut self, from: i64, until: i64, place: Place, talk: (u32, u32), purpose: Purpose) {
        let mut started = from;
        while started < until {
            let number = place.of_block(self.chance.within((10, 60)));
            let talk_secs = self.chance.within(talk);
            self.one(started, STOLEN, &number, talk_secs, purpose);
            started += i64::from(talk_secs + self.chance.within((14, 40)));
        }
    }
}
