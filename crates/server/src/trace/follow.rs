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
