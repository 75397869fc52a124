//! Which way a call went, from its parties.

use super::options::Sides;
use ringfence_model::Direction;

/// What stands at one end of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum End {
    /// A trunk to a carrier.
    Carrier,
    /// A trunk to this firewall, for asking it.
    Guard,
    /// A phone of the tenant.
    Phone,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// What a record says about its parties.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parties<'a> {
    pub from: End,
    pub to: End,
    pub context: &'a str,
    pub a_number: &'a str,
    pub dialled: &'a str,
}

impl Sides {
    /// What the name of a peer, gateway or device says by itself.
    pub(crate) fn end_of(&self, name: &str) -> End {
        if name.is_empty() {
            End::Unknown
        } else if matches_any(&self.carrier_trunks, name) {
            End::Carrier
        } else if matches_any(&self.guard_trunks, name) {
            End::Guard
        } else if self.is_extension(name) {
            End::Phone
        } else {
            End::Unknown
        }
    }

    /// Whether the text can be an extension by its length.
    pub(crate) fn is_extension(&self, text: &str) -> bool {
        self.extension_digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }

    pub(crate) fn is_carrier_context(&self, name: &str) -> bool {
        !name.is_empty() && matches_any(&self.carrier_contexts, name)
    }

    /// From the tenant's side. Ends that are known decide; then the context; then the numbers.
    pub(crate) fn direction(&self, p: Parties<'_>) -> Direction {
        match (p.from, p.to) {
            // Also from carrier to carrier: the call that is forwarded out is the one that costs.
            (_, End::Carrier | End::Guard) => return Direction::Outbound,
            (End::Carrier, _) => return Direction::Inbound,
            (End::Phone, End::Phone) => return Direction::Internal,
            _ => {}
        }
        if self.is_carrier_context(p.context) {
            return Direction::Inbound;
        }
        let to_inside = p.to == End::Phone || self.is_inside(p.dialled);
        match (self.is_inside(p.a_number), to_inside) {
            (true, true) => Direction::Internal,
            (false, true) if p.from != End::Phone => Direction::Inbound,
            (false, true) => Direction::Internal,
            // A call we cannot place is taken for one that may cost money.
            (_, false) => Direction::Outbound,
        }
    }

    /// A number of somebody else.
    pub(crate) fn is_outside(&self, party: &str) -> bool {
        party.bytes().any(|b| b.is_ascii_digit()) && !self.is_inside(party)
    }

    /// An extension, a name, or one of the tenant's own numbers.
    fn is_inside(&self, party: &str) -> bool {
        let digits: String = party.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            // `sipp`, `alice`; but an anonymous caller shows nothing either.
            return !party.is_empty() && !party.eq_ignore_ascii_case("anonymous");
        }
        digits.len() <= *self.extension_digits.end() || self.is_own(&digits)
    }

    fn is_own(&self, digits: &str) -> bool {
        let significant = digits.trim_start_matches('0');
        self.own_numbers.iter().any(|own| {
            let range = own.ends_with('*');
            let own: String = own.chars().filter(char::is_ascii_digit).collect();
            // National forms lack the country code, which has one to three digits.
            (0..=3).any(|cut| match own.get(cut..) {
                Some(form) if form.len() >= 5 && range => significant.starts_with(form),
                Some(form) if form.len() >= 5 => significant == form,
                _ => false,
            })
        })
    }
}

fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(sides: &Sides, from: End, to: End, context: &str, a: &str, b: &str) -> Direction {
        sides.direction(Parties { from, to, context, a_number: a, dialled: b })
    }

    #[test]
    fn known_ends_decide_before_context_and_numbers() {
        let sides = Sides::default();
        let ask = |from, to| direction(&sides, from, to, "from-trunk", "205", "206");
        assert_eq!(ask(End::Unknown, End::Carrier), Direction::Outbound);
        assert_eq!(ask(End::Carrier, End::Carrier), Direction::Outbound);
        assert_eq!(ask(End::Carrier, End::Phone), Direction::Inbound);
        assert_eq!(ask(End::Phone, End::Phone), Direction::Internal);
        assert_eq!(ask(End::Unknown, End::Unknown), Direction::Inbound, "by context");
    }

    #[test]
    fn numbers_decide_when_nothing_else_is_known() {
        let sides = Sides {
            own_numbers: vec!["+31402282800".into(), "+3120765*".into()],
            ..Sides::default()
        };
        let ask = |a, b| direction(&sides, End::Unknown, End::Unknown, "default", a, b);
        assert_eq!(ask("205", "0031612345678"), Direction::Outbound);
        assert_eq!(ask("alice", "+31612345678"), Direction::Outbound);
        assert_eq!(ask("0612345678", "205"), Direction::Inbound);
        assert_eq!(ask("0612345678", "0402282800"), Direction::Inbound);
        assert_eq!(ask("", "+31207651234"), Direction::Inbound);
        assert_eq!(ask("anonymous", "0207651234"), Direction::Inbound);
        assert_eq!(ask("+31402282800", "0612345678"), Direction::Outbound);
        assert_eq!(ask("205", "206"), Direction::Internal);
        assert_eq!(ask("0612345678", "0687654321"), Direction::Outbound, "unplaced");
    }

    #[test]
    fn names_match_by_beginning_without_case() {
        let sides =
            Sides { carrier_trunks: vec!["KPN*".into(), "tele2".into()], ..Sides::default() };
        assert_eq!(sides.end_of("kpn-1"), End::Carrier);
        assert_eq!(sides.end_of("Tele2"), End::Carrier);
        assert_eq!(sides.end_of("tele22"), End::Unknown);
        assert_eq!(sides.end_of("ringfence-ams"), End::Guard);
        assert_eq!(sides.end_of("205"), End::Phone);
        assert_eq!(sides.end_of("é"), End::Unknown);
    }
}
