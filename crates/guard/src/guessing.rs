//! Password guessing as it is reported: at once, then each minute as long as it goes on.

use crate::address::Host;
use ringfence_model::Moment;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A keyed hash of an account's aor. The key must outlive a restart, or what is known of accounts is lost with it.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Aor(pub u64);

/// What stands out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Focus {
    /// One account, tried from anywhere.
    Account,
    /// One source, trying any account.
    Source,
}

/// Passwords are being guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guessing {
    /// Which of the two below stands out.
    pub focus: Focus,
    /// The account, or the one tried last.
    pub aor: Aor,
    /// The source, or the one that tried last.
    pub ip: IpAddr,
    /// Wrong passwords since the last report, looked at or not.
    pub failures: u32,
}

/// How often the same guessing is reported.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// Guessing watched at once; more is limited all the same, but not reported one by one.
const WATCHED_MAX: usize = 4_096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Account(Aor),
    Source(Host),
}

/// Failures since the last report, or of the running minute while nothing is reported.
#[derive(Debug)]
pub(crate) struct Tally {
    since: Moment,
    failures: u32,
    watched: bool,
    aor: Aor,
    ip: IpAddr,
}

/// Whose next report is due when.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    fresh: VecDeque<Key>,
    waiting: VecDeque<(Moment, Key)>,
}

impl Default for Tally {
    fn default() -> Self {
        let ip = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self { since: Moment(0), failures: 0, watched: false, aor: Aor(0), ip }
    }
}

impl Tally {
    /// Counts a failure; whether this one makes it guessing.
    pub(crate) fn fail(&mut self, now: Moment, aor: Aor, ip: IpAddr, guessing: u32) -> bool {
        if !self.watched && now - self.since >= REPORT_EVERY {
            (self.since, self.failures) = (now, 0);
        }
        (self.aor, self.ip) = (aor, ip);
        self.failures = self.failures.saturating_add(1);
        !self.watched && self.failures >= guessing
    }

    /// What there is to say since the last time. Nothing to say ends the watch.
    pub(crate) fn report(&mut self, key: Key) -> Option<Guessing> {
        if !self.watched {
            return None;
        }
        let focus = match key {
            Key::Account(_) => Focus::Account,
            Key::Source(_) => Focus::Source,
        };
        let failures = std::mem::take(&mut self.failures);
        self.watched = failures > 0;
        self.watched.then_some(Guessing { focus, aor: self.aor, ip: self.ip, failures })
    }
}

impl Watch {
    /// Puts a tally under watch: its first report is due at once.
    pub(crate) fn begin(&mut self, key: Key, tally: &mut Tally) {
        tally.watched = self.fresh.len() + self.waiting.len() < WATCHED_MAX;
        if tally.watched {
            self.fresh.push_back(key);
        }
    }

    /// Whose report is due.
    pub(crate) fn due(&mut self, now: Moment) -> Option<Key> {
        let waited = |(due, _): &mut (Moment, Key)| *due <= now;
        self.fresh.pop_front().or_else(|| self.waiting.pop_front_if(waited).map(|(_, key)| key))
    }

    /// The next report of `key` is a minute away.
    pub(crate) fn again(&mut self, now: Moment, key: Key) {
        self.waiting.push_back((now + REPORT_EVERY, key));
    }
}
