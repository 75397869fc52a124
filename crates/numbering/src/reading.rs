//! The ways in which digits can be a number, and which of them is meant.

use crate::table::country::{CountryPlan, calling_code};
use crate::{Bare, DialPlan, Numbering};
use ringfence_model::{Destination, E164};

/// Longest calling code, outside line and the like in front of a number that fills [`E164`]: room to join.
const JOINED_MAX: usize = 40;

/// One tenant's way of reading digits.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub numbering: &'a Numbering,
    pub plan: &'a DialPlan,
    /// The country of the plan; `None` for one without a numbering plan.
    pub country: Option<&'static CountryPlan>,
}

/// How much speaks for a reading, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// No prefix, and no such number.
    Bare,
    /// A trunk prefix, but no such number.
    National,
    /// An international prefix, but no such number.
    International,
    /// There is such a number.
    Valid,
}

/// The reading for which most speaks so far; the earlier one of equals.
#[derive(Default)]
struct Best(Option<(Weight, Destination)>);

impl Best {
    fn offer(&mut self, destination: Option<Destination>, otherwise: Weight) {
        let Some(destination) = destination else { return };
        let weight = if destination.valid { Weight::Valid } else { otherwise };
        if self.0.is_none_or(|(known, _)| weight > known) {
            self.0 = Some((weight, destination));
        }
    }

    fn offer_valid(&mut self, destination: Option<Destination>) {
        self.offer(destination.filter(|d| d.valid), Weight::Bare);
    }

    fn is_valid(&self) -> bool {
        matches!(self.0, Some((Weight::Valid, _)))
    }
}

impl Reader<'_> {
    /// The number that dialled digits without a plus mean, if they can mean any.
    ///
    /// A configured outside line is taken to have been dialled when a valid number remains behind it.
    pub fn outside(&self, digits: &[u8]) -> Option<Destination> {
        let mut best = Best::default();
        for line in &self.plan.outside_line {
            if let Some(rest) = digits.strip_prefix(line.as_bytes()).filter(|_| !line.is_empty()) {
                self.direct(rest, &mut best);
            }
        }
        if !best.is_valid() {
            self.direct(digits, &mut best);
            self.behind_other_prefixes(digits, &mut best);
        }
        best.0.map(|(_, destination)| destination)
    }

    /// Whether the digits, without an outside line, are a number that exists.
    ///
    /// Where a trunk prefix is dialled, a national number without it is only what some records contain: that
    /// counts when the plan says so.
    pub fn is_number(&self, digits: &[u8]) -> bool {
        let mut best = Best::default();
        self.prefixed(digits, &mut best);
        if self.trunk_prefix().is_empty() || self.plan.bare != Bare::Auto {
            self.bare(digits, &mut best);
        }
        best.is_valid()
    }

    /// The international number of these digits, its tail cut where it is longer than any number: switches
    /// route on the leading digits.
    pub fn international(&self, digits: &[u8]) -> Option<Destination> {
        let kept = digits.get(..digits.len().min(E164::DIGITS_MAX))?;
        let number = E164::from_digits(kept).ok()?;
        let mut destination = self.numbering.destination(number, self.plan.country);
        destination.valid &= kept.len() == digits.len();
        Some(destination)
    }

    /// What follows the international dialling prefix, for each way to read one: the country's own first, then
    /// 00, which softphones and foreign phones send anywhere.
    pub fn behind_international_prefix<'d>(
        &self,
        digits: &'d [u8],
    ) -> impl Iterator<Item = &'d [u8]> {
        let root = self.country.and_then(|country| country.international_prefixes);
        let own = root.into_iter().flat_map(|root| self.numbering.table.entries(root, digits));
        let general = digits.starts_with(b"00").then_some(2);
        own.chain(general).filter_map(|len| digits.get(len..)).filter(|rest| !rest.is_empty())
    }

    fn direct(&self, digits: &[u8], best: &mut Best) {
        self.prefixed(digits, best);
        if !best.is_valid() {
            self.bare(digits, best);
            self.local(digits, best);
        }
    }

    fn prefixed(&self, digits: &[u8], best: &mut Best) {
        for rest in self.behind_international_prefix(digits) {
            best.offer(self.international(rest), Weight::International);
        }
        let trunk = self.trunk_prefix();
        let behind_trunk = digits.strip_prefix(trunk.as_bytes()).filter(|_| !trunk.is_empty());
        if let Some(rest) = behind_trunk.filter(|rest| !rest.is_empty() && !best.is_valid()) {
            best.offer(self.national(rest), Weight::National);
        }
    }

    fn trunk_prefix(&self) -> &'static str {
        self.country.map_or("", |country| country.trunk_prefix)
    }

    fn bare(&self, digits: &[u8], best: &mut Best) {
        let international = |weight, best: &mut Best| {
            if calling_code(digits).is_some() {
                best.offer(self.international(digits), weight);
            }
        };
        match self.plan.bare {
            Bare::National => best.offer(self.national(digits), Weight::Bare),
            Bare::International => international(Weight::International, best),
            Bare::Auto => {
                best.offer_valid(self.national(digits));
                // Shorter ones are local numbers and codes that happen to begin like a country.
                if !best.is_valid() && digits.len() >= 8 {
                    international(Weight::Bare, best);
                }
            }
        }
    }

    /// A local number dialled without the area code.
    fn local(&self, digits: &[u8], best: &mut Best) {
        let (Some(country), false) = (self.country, self.plan.area_code.is_empty()) else { return };
        let area = self.plan.area_code.as_str();
        let area = area.strip_prefix(country.trunk_prefix).unwrap_or(area);
        let mut buffer = [0u8; JOINED_MAX];
        if let Some(national) = join(&mut buffer, area.as_bytes(), digits) {
            best.offer_valid(self.national(national));
        }
    }

    fn national(&self, digits: &[u8]) -> Option<Destination> {
        let (code, len) = self.code_digits()?;
        let mut buffer = [0u8; JOINED_MAX];
        self.international(join(&mut buffer, code.get(..len)?, digits)?)
    }

    /// The country's calling code as digits.
    pub fn code_digits(&self) -> Option<([u8; 3], usize)> {
        let code = self.country?.calling_code;
        let digit = |value: u16| b'0' + (value % 10) as u8;
        Some(match code {
            0..10 => ([digit(code), 0, 0], 1),
            10..100 => ([digit(code / 10), digit(code), 0], 2),
            _ => ([digit(code / 100), digit(code / 10), digit(code)], 3),
        })
    }

    /// Attackers try the same number behind every prefix a PBX may want (9011, 900, 000 …): where nothing else
    /// fits, what stands behind up to three digits 0 and 9 is looked at, and 011 is read as a prefix anywhere.
    fn behind_other_prefixes(&self, digits: &[u8], best: &mut Best) {
        for skipped in 0..=3 {
            if best.is_valid() {
                return;
            }
            let Some((junk, rest)) = digits.split_at_checked(skipped) else { return };
            if !junk.iter().all(|digit| matches!(digit, b'0' | b'9')) {
                return;
            }
            for behind in self.behind_international_prefix(rest) {
                best.offer_valid(self.international(behind));
            }
            if let Some(behind) = rest.strip_prefix(b"011") {
                best.offer_valid(self.international(behind));
            }
        }
    }
}

fn join<'b>(buffer: &'b mut [u8; JOINED_MAX], head: &[u8], tail: &[u8]) -> Option<&'b [u8]> {
    let len = head.len() + tail.len();
    let joined = buffer.get_mut(..len)?;
    let (front, back) = joined.split_at_mut_checked(head.len())?;
    front.copy_from_slice(head);
    back.copy_from_slice(tail);
    Some(joined)
}
