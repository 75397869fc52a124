//! What of a message crosses from one party to the other: everything but what belongs to a hop, names the other
//! party's network, or is only for those who are trusted.

mod fate;
mod hide;
mod identity;
mod options;

pub use hide::Hidden;
pub use identity::{Caller, identity, shown_as};
pub use options::{ALLOW, unsupported};

use fate::{Fate, fate};
use ringfence_sip::{Builder, Field, Message, Name};
use serde::{Deserialize, Serialize};

/// How far a party is believed, and what it may see (RFC 3325, RFC 5806, RFC 7044).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Trust {
    /// A phone of the tenant: not believed, but it may see who calls it.
    Phone,
    /// A phone whose password the PBX asks for: credentials and challenges pass.
    PassedPhone,
    /// A trunk whose assertions are believed, and which sees ours.
    Trusted,
    /// A trunk that neither is believed nor may see.
    Untrusted,
}

/// From whom to whom a message goes.
#[derive(Clone, Copy, Debug)]
pub struct Crossing<'a> {
    /// Who sent it.
    pub from: Trust,
    /// Who gets it.
    pub to: Trust,
    /// What names the sender's network.
    pub hidden: &'a Hidden,
    /// The host that stands for us towards who gets it.
    pub ours: &'a [u8],
    /// An option that we take care of ourselves.
    pub without: Option<&'static [u8]>,
}

impl Crossing<'_> {
    /// Copies the fields that pass, in their order. Those that speak of identity are for [`identity`], those that
    /// number or name dialogs are for the caller.
    pub fn copy(&self, from: &Message, to: &mut Builder) {
        for field in from.fields() {
            match fate(&field) {
                Fate::Pass => self.pass(field, to),
                Fate::Options => self.options(field, to),
                Fate::Warning => self.warning(field, to),
                Fate::Credentials => {
                    if self.from == Trust::PassedPhone || self.to == Trust::PassedPhone {
                        self.pass(field, to);
                    }
                }
                Fate::Trusted => {
                    if self.from == Trust::Trusted && self.to == Trust::Trusted {
                        self.pass(field, to);
                    }
                }
                Fate::Stays => {}
            }
        }
    }

    fn pass(&self, field: Field<'_>, to: &mut Builder) {
        if !self.hidden.is_in(field.line) {
            to.copy(field);
            return;
        }
        let value = self.hidden.replaced(field.value, self.ours);
        match (field.name, std::str::from_utf8(field.written)) {
            (Name::Other, Ok(name)) => to.other(name, &[&value]),
            (Name::Other, Err(_)) => to,
            (name, _) => to.field(name, &[&value]),
        };
    }

    fn options(&self, field: Field<'_>, to: &mut Builder) {
        let kept = options::kept(field.name, field.value, self.without);
        if !kept.is_empty() {
            to.field(field.name, &[&kept]);
        }
    }

    /// `399 agent "text"`: the agent is a host of the sender's network (RFC 3261 §20.43).
    fn warning(&self, field: Field<'_>, to: &mut Builder) {
        for one in ringfence_sip::split_commas(field.value) {
            let mut parts = one.splitn(3, |byte| *byte == b' ');
            if let (Some(code), Some(_), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                let text = self.hidden.replaced(text, self.ours);
                to.field(Name::Warning, &[code, b" ", self.ours, b" ", &text]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use ringfence_sip::Limits;

    fn crossed(fields: &str, from: Trust, to: Trust) -> String {
        let text = format!("SIP/2.0 200 OK\r\n{fields}\r\n");
        let message = Message::parse(Bytes::from(text), &Limits::default()).unwrap();
        let hidden = Hidden::new("10.0.0.7".parse().unwrap(), b"sip:x@10.1.1.1:5060");
        let crossing = Crossing { from, to, hidden: &hidden, ours: b"edge.example", without: None };
        let mut builder = Builder::response(200, b"OK");
        crossing.copy(&message, &mut builder);
        String::from_utf8(builder.finish(b"").unwrap().to_vec()).unwrap()
    }

    #[test]
    fn unknown_fields_pass_to_the_letter_and_in_order() {
        let fields = "X-b:  odd   spacing \r\nSubject: s\r\nX-A: 1\r\n";
        assert!(crossed(fields, Trust::Phone, Trust::Untrusted).contains(fields));
    }

    #[test]
    fn fields_of_a_hop_stay() {
        let fields = "Via: SIP/2.0/UDP h\r\nRecord-Route: <sip:h;lr>\r\nContact: <sip:h>\r\nServer: x\r\n\
            User-Agent: y\r\nPath: <sip:h>\r\nProxy-Authorization: Digest x\r\nWWW-Authenticate: Digest x\r\n\
            Max-Breadth: 7\r\nSecurity-Verify: q\r\nRoute: <sip:h>\r\n";
        let left = crossed(fields, Trust::Trusted, Trust::Trusted);
        assert_eq!(left, "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    }

    #[test]
    fn addresses_of_the_other_network_are_replaced() {
        let fields = "X-Where: 10.0.0.7:5060 and 10.0.0.70 and 10.1.1.1\r\nWarning: 399 pbx.intern \"at 10.0.0.7\"\r\n";
        let left = crossed(fields, Trust::Trusted, Trust::Trusted);
        assert!(
            left.contains("X-Where: edge.example:5060 and 10.0.0.70 and edge.example\r\n"),
            "{left}"
        );
        assert!(left.contains("Warning: 399 edge.example \"at edge.example\"\r\n"), "{left}");
    }

    #[test]
    fn options_are_what_both_sides_can_have_through_us() {
        let left = crossed(
            "Allow: INVITE, PUBLISH,ACK\r\nSupported: timer, gruu, 100rel, outbound\r\nk: path\r\n",
            Trust::Phone,
            Trust::Untrusted,
        );
        assert!(
            left.contains("Allow: INVITE, ACK\r\nSupported: timer, 100rel\r\nContent"),
            "{left}"
        );
    }

    #[test]
    fn a_pbx_may_ask_its_phones_for_their_passwords() {
        let field = "Proxy-Authenticate: Digest realm=\"x\"\r\n";
        assert!(crossed(field, Trust::Trusted, Trust::PassedPhone).contains(field));
        assert!(!crossed(field, Trust::Trusted, Trust::Phone).contains(field));
    }

    #[test]
    fn charging_fields_are_among_friends() {
        let field = "P-Charging-Vector: icid-value=1\r\n";
        assert!(crossed(field, Trust::Trusted, Trust::Trusted).contains(field));
        assert!(!crossed(field, Trust::Trusted, Trust::Untrusted).contains(field));
        assert!(!crossed(field, Trust::Phone, Trust::Trusted).contains(field));
    }
}
