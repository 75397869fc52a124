//! What an operator may set about who is heard. Every figure has a default that suits one shard.

use crate::bucket::Limit;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// So many events per time on average, and so many at once. A zero in `events` or `burst` lets nothing through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Events that come back per `per_secs`.
    pub events: u32,
    /// Seconds in which `events` come back; 0 counts as 1.
    pub per_secs: u32,
    /// Events at once after a quiet time.
    pub burst: u32,
}

/// Who is heard, how often, and for how long not.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Networks of the operator's own PBXs, SBCs and carriers. Never banned by evidence, never scanned for tools.
    pub trusted: Vec<IpNet>,
    /// If not empty, only these networks and the trusted ones are heard at all.
    pub allowed: Vec<IpNet>,
    /// Never heard, whatever else is said of them.
    pub denied: Vec<IpNet>,

    /// Messages of one trusted source. More than a shard can handle: it only stops a broken peer.
    pub trusted_rate: Rate,
    /// Messages of one source that has proven a password within `known_secs`. The burst is an office of 200 phones
    /// that registers and subscribes at once after a power cut: about 12 messages each.
    pub known_rate: Rate,
    /// Messages kept free for each port of a known source that has proven a password, so that a flood with the
    /// forged address of a phone does not silence the phone.
    pub flow_rate: Rate,
    /// Messages of one source nobody has vouched for: enough for an office behind a new address to get its first
    /// phone registered, after which it is known.
    pub stranger_rate: Rate,
    /// Messages of all strangers of one network together.
    pub network_rate: Rate,
    /// Messages of all strangers together, datagrams and streams each: what a flood from any number of addresses
    /// may cost. Some 10 microseconds each, so a few percent of a core.
    pub strangers_rate: Rate,
    /// Prefix length of an IPv4 network, in bits.
    pub network_v4_bits: u8,
    /// Prefix length of an IPv6 network, in bits, at most 64: the /48 of one site (RFC 6177).
    pub network_v6_bits: u8,

    /// Longest datagram heard, in bytes. Video and ICE make INVITEs of some thousand.
    pub datagram_bytes_max: usize,
    /// Longest message heard on a stream, in bytes.
    pub stream_bytes_max: usize,

    /// Points of evidence at which a stranger is banned (`burst`), and how they are forgotten.
    pub evidence: Rate,
    /// Malformed and other suspicious messages of a known or trusted source that are still answered.
    pub suspicious_answers: Rate,
    /// First ban, in seconds; each further one doubles.
    pub ban_secs: u32,
    /// Longest ban, in seconds.
    pub ban_max_secs: u32,
    /// Longest ban that rests on datagrams only, in seconds: their address may be forged, and its owner suffers.
    pub datagram_ban_max_secs: u32,
    /// How long after a ban the next one still counts as a further one, in seconds.
    pub ban_memory_secs: u32,
    /// How long a source stays known after its last success, in seconds.
    pub known_secs: u32,

    /// Guesses at passwords.
    pub guessing: GuessingSettings,
    /// When and how new calls are shed.
    pub load: LoadSettings,

    /// Most sources remembered, of strangers and of known ones each; other tables follow from it.
    pub sources_max: usize,
    /// Most accounts and pairs of source and account remembered.
    pub accounts_max: usize,
    /// Most networks banned by people at once.
    pub orders_max: usize,
}

/// How often a wrong password is a mistake.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuessingSettings {
    /// Failures of one source at one account.
    pub pair_rate: Rate,
    /// Failures of one source over all accounts. It refills faster than that of a pair, so that one phone with a
    /// wrong password leaves room for new phones behind the same address.
    pub source_rate: Rate,
    /// Failures at one account, of all strangers together.
    pub account_rate: Rate,
    /// Failures of a pair that succeeded within `known_secs`, and of a port that did.
    pub good_rate: Rate,
    /// Tries of one source that are no longer looked at, before each further one is evidence of guessing: some phones
    /// that repeat a wrong password all day stay below it.
    pub unchecked_rate: Rate,
    /// Failures within a minute, of one source or at one account, that are reported as guessing.
    pub report_failures: u32,
    /// The tarpit: how long a wrong password waits for its answer, in milliseconds; 0: not at all. It slows programs
    /// that guess one after the other, and people who mistyped. At most 10 seconds.
    pub tarpit_ms: u32,
}

/// The queue that new calls must leave short.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadSettings {
    /// Waiting time of inputs that the controller steers to under overload, in milliseconds.
    pub target_ms: u32,
    /// How long the waiting time must stay above the target before anything is shed, in milliseconds: a single
    /// stall of the machine is no overload. The same as the interval of CoDel (RFC 8289 §4.3).
    pub patience_ms: u32,
    /// Waiting time above which new calls are dropped without an answer, in milliseconds. Half of SIP timer T1:
    /// beyond it callers begin to repeat themselves (RFC 3261 §17.1.1.2).
    pub extreme_ms: u32,
    /// Waiting inputs above which new calls are dropped without an answer.
    pub extreme_backlog: usize,
    /// Refusals answered per hundred calls taken; the rest is dropped in silence, since answering costs too.
    pub answers_percent: u32,
    /// Longest `Retry-After`, in seconds; the shortest is 1.
    pub retry_after_max_secs: u32,
}

impl Rate {
    /// `events` per `per_secs`, `burst` at once.
    #[must_use]
    pub const fn new(events: u32, per_secs: u32, burst: u32) -> Self {
        Self { events, per_secs, burst }
    }

    pub(crate) fn limit(self) -> Limit {
        Limit::new(self.events, self.per_secs, self.burst)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            allowed: Vec::new(),
            denied: Vec::new(),
            trusted_rate: Rate::new(250_000, 1, 250_000),
            known_rate: Rate::new(300, 1, 3_000),
            flow_rate: Rate::new(20, 1, 100),
            stranger_rate: Rate::new(20, 1, 60),
            network_rate: Rate::new(100, 1, 300),
            strangers_rate: Rate::new(2_000, 1, 2_000),
            network_v4_bits: 24,
            network_v6_bits: 48,
            datagram_bytes_max: 16 * 1024,
            stream_bytes_max: 64 * 1024,
            evidence: Rate::new(1, 30, 10),
            suspicious_answers: Rate::new(1, 1, 10),
            ban_secs: 300,
            ban_max_secs: 86_400,
            datagram_ban_max_secs: 3_600,
            ban_memory_secs: 86_400,
            known_secs: 86_400,
            guessing: GuessingSettings::default(),
            load: LoadSettings::default(),
            sources_max: 65_536,
            accounts_max: 65_536,
            orders_max: 65_536,
        }
    }
}

impl Default for GuessingSettings {
    fn default() -> Self {
        Self {
            pair_rate: Rate::new(1, 60, 5),
            source_rate: Rate::new(10, 60, 20),
            account_rate: Rate::new(6, 60, 20),
            good_rate: Rate::new(4, 60, 30),
            unchecked_rate: Rate::new(1, 1, 30),
            report_failures: 10,
            tarpit_ms: 0,
        }
    }
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            target_ms: 10,
            patience_ms: 100,
            extreme_ms: 250,
            extreme_backlog: 20_000,
            answers_percent: 400,
            retry_after_max_secs: 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_keeps_its_default_and_a_misspelt_name_is_refused() {
        let text = r#"{"trusted": ["10.0.0.0/8"], "guessing": {"report_failures": 3}}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.guessing.report_failures, 3);
        assert_eq!(settings.guessing.pair_rate, GuessingSettings::default().pair_rate);
        assert_eq!(settings.ban_secs, 300);
        let again: Settings =
            serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
        assert_eq!(again, settings);
        assert!(serde_json::from_str::<Settings>(r#"{"trustet": []}"#).is_err());
    }
}
