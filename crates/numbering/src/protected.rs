//! Emergency numbers and helplines, in every form people dial them.
//!
//! Wrongly protecting a number costs at most an unjudged call to a number of a few digits; wrongly judging an
//! emergency call may cost a life. So: only whole, exact short numbers count (`1121` is not 112), and those win
//! over every other reading, also over an extension of the same digits.

use crate::reading::Reader;
use crate::table::End;
use crate::table::class::Class;
use ringfence_model::Protected;

/// A short number has at most 6 digits; calling code, two trunk prefixes and two outside lines may stand before.
const DIGITS_MAX: usize = 20;

/// Outside lines are taken off at most so often: `90112`.
const LINES_MAX: u8 = 2;

impl Reader<'_> {
    /// The protected number these digits are, if they are one.
    pub fn protected(&self, digits: &[u8], plus: bool) -> Option<Protected> {
        if digits.len() > DIGITS_MAX {
            return None;
        }
        if plus {
            // `+112` is what address books make of 112.
            return self.at_home(digits).or_else(|| everywhere(digits));
        }
        self.dialled(digits, LINES_MAX)
    }

    fn dialled(&self, digits: &[u8], lines: u8) -> Option<Protected> {
        if let Some(found) = self.short(digits) {
            return Some(found);
        }
        // All forms with something before the short number: an ordinary number that happens to look like one
        // stays an ordinary number.
        self.behind_prefix(digits, lines).filter(|_| !self.is_number(digits))
    }

    fn behind_prefix(&self, digits: &[u8], lines: u8) -> Option<Protected> {
        if let Some(found) =
            self.behind_international_prefix(digits).find_map(|rest| self.at_home(rest))
        {
            return Some(found);
        }
        let lines = lines.checked_sub(1)?;
        for line in &self.plan.outside_line {
            let rest = digits.strip_prefix(line.as_bytes()).filter(|_| !line.is_empty());
            if let Some(found) = rest.and_then(|rest| self.dialled(rest, lines)) {
                return Some(found);
            }
        }
        // 0 and 9 are outside lines in most offices, so people dial them in distress even where they are none.
        // That is a guess: a named extension 9112 is stronger, and numbers of two digits are too short for it.
        let rest = digits.strip_prefix(b"0").or_else(|| digits.strip_prefix(b"9"))?;
        if rest.len() < 3 || self.plan.names_extension(digits) {
            return None;
        }
        self.dialled(rest, lines)
            .filter(|&found| found == Protected::Emergency || digits.first() == Some(&b'0'))
    }

    /// Digits behind the international prefix or the plus: `31112`, `310112`.
    fn at_home(&self, digits: &[u8]) -> Option<Protected> {
        let (code, len) = self.code_digits()?;
        let national = digits.strip_prefix(code.get(..len)?)?;
        let trunk = self.country?.trunk_prefix;
        let without = national.strip_prefix(trunk.as_bytes()).filter(|_| !trunk.is_empty());
        let found = self.short(national).or_else(|| self.short(without?))?;
        let exists = self.international(digits).is_some_and(|number| number.valid);
        (!exists).then_some(found)
    }

    fn short(&self, digits: &[u8]) -> Option<Protected> {
        if let Some(found) = everywhere(digits) {
            return Some(found);
        }
        let root = self.country?.short_numbers?;
        match self.numbering.table.walk(root, digits).end {
            End::Exact(label) => match label.class {
                Class::Protected(found) => Some(found),
                _ => None,
            },
            _ => None,
        }
    }
}

/// 112 and 911 reach the emergency services from any mobile phone (3GPP TS 22.101 §10), so people of all
/// countries dial them.
fn everywhere(digits: &[u8]) -> Option<Protected> {
    matches!(digits, b"112" | b"911").then_some(Protected::Emergency)
}
