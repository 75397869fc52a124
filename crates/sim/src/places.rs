//! Where the people of the virtual world call, and what attackers earn from.

use crate::chance::Chance;
use ringfence_model::{Country, E164};

/// A range of numbers: what they begin with, and how many digits follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Leading digits in E.164, without the plus.
    pub prefix: &'static str,
    /// How many digits follow.
    pub digits: u32,
}

const fn place(prefix: &'static str, digits: u32) -> Place {
    Place { prefix, digits }
}

impl Place {
    /// Some number of it.
    #[must_use]
    pub fn number(self, chance: &mut Chance) -> String {
        let mut number = self.prefix.to_owned();
        for at in 0..self.digits {
            // Subscriber numbers begin with neither 0 nor 1 nearly everywhere.
            let digit = if at == 0 { 2 + chance.below(7) } else { chance.below(10) };
            number.push(char::from(b'0' + digit as u8));
        }
        number
    }

    /// The number `at` of a block of a thousand: attackers rent numbers in blocks.
    #[must_use]
    pub fn of_block(self, at: u32) -> String {
        let fill = "7".repeat(self.digits.saturating_sub(3) as usize);
        format!("{}{fill}{:03}", self.prefix, at % 1_000)
    }
}

/// Dutch lines that honest people call.
pub const HOME: [Place; 6] = [
    place("3120", 7),
    place("3110", 7),
    place("3130", 7),
    place("3161", 7),
    place("31880", 6),
    place("318000", 3),
];

/// Suppliers and customers near by.
pub const NEAR: [Place; 6] = [
    place("4930", 7),
    place("49211", 7),
    place("322", 7),
    place("442079", 6),
    place("331", 8),
    place("4822", 7),
];

/// Suppliers far away.
pub const FAR: [Place; 6] = [
    place("86216", 7),
    place("9021", 8),
    place("2341", 7),
    place("9122", 8),
    place("84283", 7),
    place("1212555", 4),
];

/// Ranges abroad that pay, from published cases and the highest risk tiers.
pub const PAYING: [Place; 10] = [
    place("23276", 6),
    place("2526", 7),
    place("5352", 6),
    place("37127", 6),
    place("21658", 6),
    place("2246", 7),
    place("9609", 6),
    place("67570", 6),
    place("3554", 7),
    place("24390", 6),
];

/// Satellite telephones.
pub const SATELLITE: [Place; 3] = [place("88162", 7), place("87077", 7), place("88213", 8)];

/// Dutch paid services.
pub const PAID_HOME: [Place; 3] = [place("31900", 7), place("31909", 7), place("31906", 7)];

/// How a Dutch business dials a number that is given in E.164 without the plus.
#[must_use]
pub fn dial(number: &str, outside_line: &str, chance: &mut Chance) -> String {
    match number.strip_prefix("31") {
        // Free and paid services exist at home only.
        Some(national) if national.starts_with("90") || national.starts_with("800") => {
            format!("{outside_line}0{national}")
        }
        Some(national) if !chance.happens(0.1) => format!("{outside_line}0{national}"),
        _ if chance.happens(0.2) => format!("+{number}"),
        _ => format!("{outside_line}00{number}"),
    }
}

/// The E.164 form of digits that are known to be some.
#[must_use]
pub fn e164(number: &str) -> Option<E164> {
    number.parse().ok()
}

/// A country by its two letters; the world when they are none.
#[must_use]
pub fn country(code: &str) -> Country {
    code.parse().unwrap_or(Country::WORLD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::Target;
    use ringfence_numbering::{DialPlan, Numbering};

    #[test]
    fn every_place_exists_and_is_read_back_from_what_is_dialled() {
        let mut chance = Chance::new(1);
        let plan = DialPlan { outside_line: vec!["0".into()], ..DialPlan::default() };
        for place in HOME.iter().chain(&NEAR).chain(&FAR).chain(&PAYING).chain(&PAID_HOME) {
            for _ in 0..20 {
                let number = place.number(&mut chance);
                let dialled = dial(&number, "0", &mut chance);
                let target = Numbering::embedded().classify(&dialled, &plan);
                let Target::Outside(to) = target else { panic!("{dialled}: {target:?}") };
                assert_eq!(to.number, e164(&number), "{dialled}");
            }
        }
    }
}
