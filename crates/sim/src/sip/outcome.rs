//! What a run did, or what it broke.

use std::collections::BTreeMap;

/// Something that must always hold did not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}\n  at {at_ms} ms; replay: cargo run -p ringfence-sim --bin world -- sip {replay}")]
pub struct Broken {
    /// What shows it again.
    pub replay: String,
    /// Virtual time, in milliseconds.
    pub at_ms: u64,
    /// What.
    pub what: String,
}

/// What a run did.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// A hash of everything the gate said.
    pub hash: u64,
    /// A hash after each message sent, up to the first act of the firewall.
    pub trail: Vec<u64>,
    /// What was said of each outbound call, by plan: whether it was refused, and why.
    pub verdicts: BTreeMap<usize, String>,
    /// Messages the gate was given, and those it sent.
    pub messages: (u64, u64),
    /// Calls that were asked about or came in.
    pub attempts: u64,
    /// Those that were answered, refused by a verdict, and cut.
    pub answered: u64,
    /// See `answered`.
    pub rejected: u64,
    /// See `answered`.
    pub cut: u64,
    /// Emergency calls that reached a carrier.
    pub protected: u64,
    /// Calls whose end was foretold and came so.
    pub foretold: u64,
    /// Messages of attackers.
    pub strikes: u64,
    /// Calls somebody earns from that were answered.
    pub fraud: u64,
    /// INVITEs of calls that go round in circles.
    pub rounds: u64,
    /// Calls that somebody was asked for and sent elsewhere.
    pub redirected: u64,
    /// Faults that happened.
    pub faults: u64,
    /// Messages that were lost, arrived twice, or were overtaken.
    pub lost: u64,
    /// See `lost`.
    pub twice: u64,
    /// See `lost`.
    pub overtaken: u64,
}

impl Outcome {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.messages.0 += other.messages.0;
        self.messages.1 += other.messages.1;
        self.attempts += other.attempts;
        self.answered += other.answered;
        self.rejected += other.rejected;
        self.cut += other.cut;
        self.protected += other.protected;
        self.foretold += other.foretold;
        self.strikes += other.strikes;
        self.fraud += other.fraud;
        self.rounds += other.rounds;
        self.redirected += other.redirected;
        self.faults += other.faults;
        self.lost += other.lost;
        self.twice += other.twice;
        self.overtaken += other.overtaken;
    }
}
