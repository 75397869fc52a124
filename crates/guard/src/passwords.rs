//! Around each check of a password: may it be looked at, and what if it was wrong.

use crate::address::{Host, Sender};
use crate::admission::Standing;
use crate::bucket::{Bucket, Limit};
use crate::evidence::Evidence;
use crate::guard::Guard;
use crate::guessing::{Aor, Guessing, Key, Tally, Watch};
use crate::settings::Settings;
use crate::table::{Entry, Table};
use ringfence_model::Moment;
use std::time::Duration;

/// Senders of datagrams give up after 32 seconds (RFC 3261 §17.1.2.2, Timer F); an answer must come well before.
const TARPIT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Passwords {
    limits: Limits,
    report_failures: u32,
    pairs: Table<(Host, Aor), Bucket>,
    sources: Table<Host, Record>,
    accounts: Table<Aor, Record>,
    watch: Watch,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    pair: Limit,
    source: Limit,
    account: Limit,
    good: Limit,
    unchecked: Limit,
}

/// What is held against a source or an account.
#[derive(Debug, Default)]
struct Record {
    failures: Bucket,
    unchecked: Bucket,
    tally: Tally,
}

impl Entry for Record {
    fn worth(&self) -> u64 {
        self.failures.empty_at().max(self.unchecked.empty_at())
    }
}

impl Guard {
    /// Whether the password given for `aor` may be looked at. If not, answer with the very challenge a wrong
    /// password gets, and call [`Guard::failed`]: then a right guess looks like a wrong one.
    #[must_use]
    pub fn may_try(&self, now: Moment, sender: Sender, aor: Aor) -> bool {
        let good = self.passwords.limits.good;
        match self.known.pair(now, sender, aor) {
            Some(pair) => {
                let flow = self.known.flow(now, sender);
                pair.failures.has_room(now, good)
                    || flow.is_some_and(|flow| flow.failures.has_room(now, good))
            }
            None => self.passwords.has_room(now, sender, aor, self.standing(now, sender)),
        }
    }

    /// How long a wrong password waits for its answer.
    #[must_use]
    pub fn tarpit(&self) -> Duration {
        Duration::from_millis(self.settings.guessing.tarpit_ms.into()).min(TARPIT_MAX)
    }

    /// The password of `aor` was wrong, or was not looked at. A challenge that was not answered yet, or with a stale
    /// nonce, is no failure. `aor` may be one that does not exist.
    pub fn failed(&mut self, now: Moment, sender: Sender, aor: Aor) {
        let checked = self.may_try(now, sender, aor);
        self.counts.failures += 1;
        self.passwords.tally(now, sender, aor);
        let good = self.passwords.limits.good;
        if !checked {
            self.counts.failures_unchecked += 1;
            if self.passwords.hammers(now, sender.host()) {
                self.observed(now, sender, Evidence::Guessing);
            }
        } else if let Some(pair) = self.known.pair_mut(now, sender, aor) {
            if !pair.failures.take(now, good)
                && let Some(flow) = self.known.flow_mut(now, sender)
            {
                flow.failures.take(now, good);
            }
        } else {
            let standing = self.standing(now, sender);
            self.passwords.charge(now, sender, aor, standing);
        }
    }

    /// The next report of guessing, if one is due. Ask until there is none, after failures and at least each second.
    pub fn guessing(&mut self, now: Moment) -> Option<Guessing> {
        self.passwords.report(now)
    }
}

impl Passwords {
    pub(crate) fn new(settings: &Settings, seed: u64) -> Self {
        Self {
            limits: Limits::of(settings),
            report_failures: settings.guessing.report_failures,
            pairs: Table::new(settings.accounts_max, seed),
            sources: Table::new(settings.sources_max / 4, seed),
            accounts: Table::new(settings.accounts_max / 4, seed),
            watch: Watch::default(),
        }
    }

    pub(crate) fn reconfigure(&mut self, settings: &Settings) {
        self.limits = Limits::of(settings);
        self.report_failures = settings.guessing.report_failures;
        self.pairs.resize(settings.accounts_max);
        self.sources.resize(settings.sources_max / 4);
        self.accounts.resize(settings.accounts_max / 4);
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len() + self.sources.len() + self.accounts.len()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.pairs.evicted() + self.sources.evicted() + self.accounts.evicted()
    }

    /// A trusted source may stand for many phones, and a known one is not held back by what strangers do to the
    /// account.
    fn has_room(&self, now: Moment, sender: Sender, aor: Aor, standing: Standing) -> bool {
        let host = sender.host();
        let pair = || self.pairs.get((host, aor)).is_none_or(|b| b.has_room(now, self.limits.pair));
        let source =
            || self.sources.get(host).is_none_or(|of| of.has_room(now, self.limits.source));
        let account =
            || self.accounts.get(aor).is_none_or(|of| of.has_room(now, self.limits.account));
        match standing {
            Standing::Trusted => pair(),
            Standing::Known => pair() && source(),
            Standing::Stranger => pair() && source() && account(),
        }
    }

    /// Only what was looked at is charged: a phone that repeats a wrong password does not use up its neighbours' room.
    fn charge(&mut self, now: Moment, sender: Sender, aor: Aor, standing: Standing) {
        let host = sender.host();
        self.pairs.entry((host, aor)).take(now, self.limits.pair);
        if standing != Standing::Trusted {
            self.sources.entry(host).failures.take(now, self.limits.source);
        }
        if standing == Standing::Stranger {
            self.accounts.entry(aor).failures.take(now, self.limits.account);
        }
    }

    /// Whether tries that are not looked at any more come faster than broken phones make them.
    fn hammers(&mut self, now: Moment, host: Host) -> bool {
        !self.sources.entry(host).unchecked.take(now, self.limits.unchecked)
    }

    fn tally(&mut self, now: Moment, sender: Sender, aor: Aor) {
        let (host, ip, guessing) = (sender.host(), sender.ip(), self.report_failures);
        let source = &mut self.sources.entry(host).tally;
        if source.fail(now, aor, ip, guessing) {
            self.watch.begin(Key::Source(host), source);
        }
        let account = &mut self.accounts.entry(aor).tally;
        if account.fail(now, aor, ip, guessing) {
            self.watch.begin(Key::Account(aor), account);
        }
    }

    fn report(&mut self, now: Moment) -> Option<Guessing> {
        while let Some(key) = self.watch.due(now) {
            let tally = match key {
                Key::Account(aor) => self.accounts.get_mut(aor).map(|record| &mut record.tally),
                Key::Source(host) => self.sources.get_mut(host).map(|record| &mut record.tally),
            };
            // A record that made room in its table meanwhile has nothing to say any more.
            if let Some(report) = tally.and_then(|tally| tally.report(key)) {
                self.watch.again(now, key);
                return Some(report);
            }
        }
        None
    }
}

impl Record {
    fn has_room(&self, now: Moment, limit: Limit) -> bool {
        self.failures.has_room(now, limit)
    }
}

impl Limits {
    fn of(settings: &Settings) -> Self {
        let guessing = &settings.guessing;
        Self {
            pair: guessing.pair_rate.limit(),
            source: guessing.source_rate.limit(),
            account: guessing.account_rate.limit(),
            good: guessing.good_rate.limit(),
            unchecked: guessing.unchecked_rate.limit(),
        }
    }
}
