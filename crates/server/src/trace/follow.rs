//! Which of all messages belong to what is watched.

use bytes::Bytes;
use ringfence_edge::{Traced, Way};
use ringfence_model::CallId;
use ringfence_sip::{Limits, Message, Name, NameAddr};
use std::collections::{HashSet, VecDeque};

/// Calls followed at once; more are not taken up.
const CALLS_MAX: usize = 256;
/// Messages kept for a moment, until it is known which call they belong to: what comes in is told apart only by
/// what goes out for it.
const UNSURE_MAX: usize = 256;
/// The digits of a number that are compared: enough whatever prefix a leg writes.
const TAIL_DIGITS: usize = 9;

/// What is watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// One call.
    Call(CallId),
    /// Calls from or to a number: its digits.
    Number(String),
    /// Everything.
    All,
}

/// Picks the messages of what is watched, both legs of each call.
#[derive(Debug)]
pub struct Follow {
    wanted: Wanted,
    calls: HashSet<CallId>,
    /// Call-IDs of their legs.
    legs: HashSet<Bytes>,
    unsure: VecDeque<(Bytes, Traced)>,
    limits: Limits,
}

impl Follow {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        let calls = match &wanted {
            Wanted::Call(call) => HashSet::from([*call]),
            Wanted::Number(_) | Wanted::All => HashSet::new(),
        };
        Self {
            wanted,
            calls,
            legs: HashSet::new(),
            unsure: VecDeque::new(),
            limits: Limits::default(),
        }
    }

    /// Messages that are now known to be wanted, in their order: this one, and earlier ones it explains.
    pub fn take(&mut self, traced: Traced) -> Vec<Traced> {
        if self.wanted == Wanted::All {
            return vec![traced];
        }
        let Ok(message) = Message::parse(traced.bytes.clone(), &self.limits) else {
            return Vec::new();
        };
        let Some(leg) = message.field(Name::CallId) else { return Vec::new() };
        let leg = traced.bytes.slice_ref(leg);
        let is_known =
            self.legs.contains(&leg) || traced.call.is_some_and(|call| self.calls.contains(&call));
        if !is_known && !self.names_it(&message) {
            if traced.way == Way::In {
                self.unsure.push_back((leg, traced));
                if self.unsure.len() > UNSURE_MAX {
                    self.unsure.pop_front();
                }
            }
            return Vec::new();
        }
        if self.legs.len() < CALLS_MAX * 2 {
            // The whole datagram is kept with it otherwise.
            self.legs.insert(Bytes::copy_from_slice(&leg));
        }
        if let Some(call) = traced.call.filter(|_| self.calls.len() < CALLS_MAX) {
            self.calls.insert(call);
        }
        let mut found = Vec::new();
        self.unsure.retain(|(of, earlier)| {
            let mine = *of == leg;
            if mine {
                found.push(earlier.clone());
            }
            !mine
        });
        found.push(traced);
        found
    }

    fn names_it(&self, message: &Message) -> bool {
        let Wanted::Number(digits) = &self.wanted else { return false };
        let of = |name| NameAddr::read(message.field(name)?)?.uri()?.user_text();
        let called = message.uri().and_then(|uri| uri.user_text());
        [called, of(Name::From), of(Name::To)]
            .into_iter()
            .flatten()
            .any(|user| same(user.as_bytes(), digits))
    }
}

/// Whether two ways to write a number agree in their last digits.
fn same(user: &[u8], digits: &str) -> bool {
    let plain = |bytes: &[u8]| -> Vec<u8> {
        bytes.iter().rev().copied().filter(u8::is_ascii_digit).take(TAIL_DIGITS).collect()
    };
    let (here, there) = (plain(user), plain(digits.as_bytes()));
    !here.is_empty() && here == there
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::WallTime;
    use ringfence_sip::{Flow, Transport};

    fn message(way: Way, to: &str, leg: &str, call: Option<u64>) -> Traced {
        let text = format!(
            "INVITE sip:{to}@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:201@example.com>;tag=1\r\nTo: <sip:{to}@example.com>\r\nCall-ID: {leg}\r\n\
             CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let at = "192.0.2.1:5060".parse().unwrap();
        let flow = Flow { transport: Transport::Udp, local: at, remote: at, connection: None };
        let bytes = Bytes::from(text);
        Traced { shard: 0, way, flow, at: WallTime(0), bytes, call: call.map(CallId) }
    }

    #[test]
    fn a_number_is_followed_over_both_legs_whatever_its_form() {
        let mut follow = Follow::new(Wanted::Number("020 123 4567".into()));
        assert_eq!(follow.take(message(Way::In, "0201234568", "x", None)).len(), 0);
        assert_eq!(follow.take(message(Way::In, "+31201234567", "a", None)).len(), 1);
        assert_eq!(
            follow.take(message(Way::Out, "whoever", "a", Some(7))).len(),
            1,
            "the same leg"
        );
        assert_eq!(
            follow.take(message(Way::Out, "whoever", "b", Some(7))).len(),
            1,
            "the other leg"
        );
        assert_eq!(follow.take(message(Way::In, "whoever", "b", None)).len(), 1);
        assert_eq!(follow.take(message(Way::Out, "whoever", "c", Some(8))).len(), 0);
    }

    #[test]
    fn a_call_is_followed_from_the_message_that_explains_the_earlier_ones() {
        let mut follow = Follow::new(Wanted::Call(CallId(7)));
        assert_eq!(follow.take(message(Way::In, "x", "a", None)).len(), 0);
        assert_eq!(follow.take(message(Way::In, "x", "z", None)).len(), 0);
        let both = follow.take(message(Way::Out, "x", "a", Some(7)));
        assert_eq!(both.iter().map(|of| of.way).collect::<Vec<_>>(), [Way::In, Way::Out]);
    }

    #[test]
    fn junk_and_floods_are_bounded() {
        let mut follow = Follow::new(Wanted::Number("12".into()));
        let mut junk = message(Way::In, "x", "a", None);
        junk.bytes = Bytes::from_static(b"\xff\x00");
        assert!(follow.take(junk).is_empty());
        for leg in 0..10_000 {
            follow.take(message(Way::In, "99", &leg.to_string(), None));
            follow.take(message(Way::In, "12", &format!("m{leg}"), Some(leg)));
        }
        assert!(follow.unsure.len() <= UNSURE_MAX);
        assert!(follow.legs.len() <= CALLS_MAX * 2 && follow.calls.len() <= CALLS_MAX);
    }
}
