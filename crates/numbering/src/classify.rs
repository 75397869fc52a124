//! From what was dialled to where it goes.

use crate::dial_string::{Chars, DialString};
use crate::reading::Reader;
use crate::table::End;
use crate::table::class::Class;
use crate::table::country::plan;
use crate::{DialPlan, Numbering};
use ringfence_model::{Country, Destination, E164, ExtensionId, Kind, Protected, RiskTier, Target};

impl Numbering {
    /// Where `dialled` goes under a tenant's plan. Any text may be given; what is no number is
    /// [`Kind::Unknown`].
    ///
    /// In this order:
    /// 1. Emergency numbers and helplines of the plan's country, and 112 and 911 anywhere: bare, behind a
    ///    configured outside line or tenant prefix, behind 0 or 9 as outside lines nobody configured, behind
    ///    `+`, 00 and the calling code, and as `urn:service:sos`. They win over an extension 112.
    /// 2. Extensions the plan names.
    /// 3. National short numbers (Dutch 18xx, 14xxx), then extensions by their length.
    /// 4. Numbers: behind a configured outside line, then as dialled. The first reading that exists wins; when
    ///    none does, an international form wins over a national one.
    ///
    /// `*` and `#` codes are services, unless a number follows them (`*31#0612345678`): then that number counts.
    #[must_use]
    pub fn classify(&self, dialled: &str, dial_plan: &DialPlan) -> Target {
        let country = plan(dial_plan.country);
        let reader = Reader { numbering: self, plan: dial_plan, country };
        match DialString::read(dialled) {
            DialString::Sos => Target::Protected(Protected::Emergency),
            DialString::Counseling => Target::Protected(Protected::Helpline),
            DialString::Number { chars, plus, context } => reader.target(chars, plus, context),
            DialString::Nothing => Target::Outside(NOTHING),
        }
    }
}

/// What says nothing. Counted as foreign, so that a policy closed to the world is closed to it too.
const NOTHING: Destination = Destination {
    number: None,
    kind: Kind::Unknown,
    country: Country::WORLD,
    home: false,
    tier: RiskTier::D,
    range: None,
    valid: false,
};

/// So many digits behind a `*` or `#` code are a number abroad even if no plan has it.
const CALLED_ABROAD_MIN: usize = 10;

impl Reader<'_> {
    fn target(&self, chars: Chars, plus: bool, context: Chars) -> Target {
        if let Some(found) = self.protected(chars.as_slice(), plus) {
            return Target::Protected(found);
        }
        let Some((chars, plus)) = self.in_context(chars, plus, context) else {
            return Target::Outside(NOTHING);
        };
        let Some((chars, plus)) = self.without_tenant_prefix(chars, plus) else {
            return Target::Outside(NOTHING);
        };
        let chars = chars.as_slice();
        // A lone # at the end only says that dialling is over.
        let digits = chars.strip_suffix(b"#").unwrap_or(chars);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return self.code(chars);
        }
        if let Some(found) = self.protected(digits, plus) {
            return Target::Protected(found);
        }
        if plus {
            return Target::Outside(self.international(digits).unwrap_or(NOTHING));
        }
        self.extension(digits)
            .unwrap_or_else(|| Target::Outside(self.outside(digits).unwrap_or(NOTHING)))
    }

    /// A number that is local to `phone-context=+…` is read behind it.
    fn in_context(&self, chars: Chars, plus: bool, context: Chars) -> Option<(Chars, bool)> {
        if context.as_slice().is_empty() {
            return Some((chars, plus));
        }
        Chars::join(&[context.as_slice(), chars.as_slice()]).map(|joined| (joined, true))
    }

    fn without_tenant_prefix(&self, chars: Chars, plus: bool) -> Option<(Chars, bool)> {
        for rule in &self.plan.prefixes {
            let (strip, with_plus) = split_plus(&rule.strip);
            if with_plus != plus || (strip.is_empty() && !with_plus) {
                continue;
            }
            if let Some(rest) = chars.as_slice().strip_prefix(strip.as_bytes()) {
                let (replace, plus) = split_plus(&rule.replace);
                return Chars::join(&[replace.as_bytes(), rest]).map(|joined| (joined, plus));
            }
        }
        Some((chars, plus))
    }

    /// A feature code, or the number behind one. `*67` and its like (two digits, North America) take the number
    /// directly behind them.
    fn code(&self, chars: &[u8]) -> Target {
        let last = chars.iter().rposition(|c| matches!(c, b'*' | b'#'));
        let behind = last.and_then(|at| chars.get(at + 1..)).unwrap_or_default();
        let vertical = behind.get(2..).filter(|_| last == Some(0)).unwrap_or_default();
        // `*112` and `**112` are a code and a pickup; only behind a code of digits is 112 the number.
        let code = last.and_then(|at| chars.get(..at)).unwrap_or_default();
        let called = if code.iter().any(u8::is_ascii_digit) { behind } else { vertical };
        if let Some(found) = self.protected(called, false) {
            return Target::Protected(found);
        }
        let read = |digits: &[u8]| self.outside(digits);
        // An unallocated number abroad is called like any other; fewer digits are a code's settings.
        let abroad = |number: &Destination| !number.home && behind.len() >= CALLED_ABROAD_MIN;
        let number = [behind, vertical].into_iter().filter_map(read).find(|number| number.valid);
        let number = number.or_else(|| read(behind).filter(abroad));
        Target::Outside(number.unwrap_or_else(|| self.service(Kind::Service, None)))
    }

    /// Named extensions, national short numbers, then what is as long as an extension.
    fn extension(&self, digits: &[u8]) -> Option<Target> {
        let internal = || {
            let text = std::str::from_utf8(digits).ok()?;
            Some(Target::Internal(ExtensionId::new(text)))
        };
        if self.plan.names_extension(digits) {
            return internal();
        }
        if let Some(service) = self.short_number(digits) {
            return Some(Target::Outside(service));
        }
        if self.plan.looks_like_extension(digits) {
            return internal();
        }
        None
    }

    /// A national short number, also behind a configured outside line.
    fn short_number(&self, digits: &[u8]) -> Option<Destination> {
        let root = self.country?.short_numbers?;
        let lines = self.plan.outside_line.iter().filter(|line| !line.is_empty());
        let behind = lines.filter_map(|line| digits.strip_prefix(line.as_bytes()));
        std::iter::once(digits).chain(behind).find_map(|digits| {
            let End::Exact(label) = self.numbering.table.walk(root, digits).end else {
                return None;
            };
            let Class::Kind(kind) = label.class else { return None };
            // With its calling code the number can be priced and listed like any other.
            let (code, len) = self.code_digits()?;
            let joined = Chars::join(&[code.get(..len)?, digits])?;
            Some(self.service(kind, E164::from_digits(joined.as_slice()).ok()))
        })
    }

    fn service(&self, kind: Kind, number: Option<E164>) -> Destination {
        Destination {
            number,
            kind,
            country: self.plan.country,
            home: true,
            tier: RiskTier::D,
            range: number,
            valid: true,
        }
    }
}

fn split_plus(text: &str) -> (&str, bool) {
    text.strip_prefix('+').map_or((text, false), |rest| (rest, true))
}
