//! Who has proven a password lately: a source, a port of it, and the pair of source and account.

use crate::address::{Host, Sender};
use crate::bucket::Bucket;
use crate::guessing::Aor;
use crate::settings::Settings;
use crate::table::{Entry, Table};
use ringfence_model::Moment;
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Known {
    sources: Table<Host, Source>,
    flows: Table<(Host, u16), Flow>,
    pairs: Table<(Host, Aor), Pair>,
}

#[derive(Debug, Default)]
pub(crate) struct Source {
    until: Moment,
    pub(crate) messages: Bucket,
    answers: Bucket,
}

/// One port of a source. Whoever forges the source's address, or shares it, does not have this port.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    until: Moment,
    pub(crate) messages: Bucket,
    pub(crate) failures: Bucket,
}

#[derive(Debug, Default)]
pub(crate) struct Pair {
    until: Moment,
    /// The port of the last success.
    port: u16,
    pub(crate) failures: Bucket,
}

impl Entry for Source {
    fn worth(&self) -> u64 {
        self.until.0
    }
}

impl Entry for Flow {
    fn worth(&self) -> u64 {
        self.until.0
    }
}

impl Entry for Pair {
    fn worth(&self) -> u64 {
        self.until.0
    }
}

impl Known {
    pub(crate) fn new(settings: &Settings, seed: u64) -> Self {
        Self {
            sources: Table::new(settings.sources_max, seed),
            flows: Table::new(settings.accounts_max, seed),
            pairs: Table::new(settings.accounts_max, seed),
        }
    }

    pub(crate) fn resize(&mut self, settings: &Settings) {
        self.sources.resize(settings.sources_max);
        self.flows.resize(settings.accounts_max);
        self.pairs.resize(settings.accounts_max);
    }

    /// A password was proven.
    pub(crate) fn prove(&mut self, sender: Sender, aor: Aor, until: Moment) {
        let host = sender.host();
        self.prove_source(host, until);
        self.prove_account(host, sender.address.port(), aor, until);
    }

    pub(crate) fn prove_source(&mut self, host: Host, until: Moment) {
        let source = self.sources.entry(host);
        source.until = source.until.max(until);
    }

    pub(crate) fn prove_account(&mut self, host: Host, port: u16, aor: Aor, until: Moment) {
        let flow = self.flows.entry((host, port));
        flow.until = flow.until.max(until);
        let pair = self.pairs.entry((host, aor));
        pair.until = pair.until.max(until);
        pair.port = port;
    }

    pub(crate) fn has(&self, now: Moment, host: Host) -> bool {
        self.sources.get(host).is_some_and(|source| now < source.until)
    }

    pub(crate) fn source_mut(&mut self, now: Moment, host: Host) -> Option<&mut Source> {
        self.sources.get_mut(host).filter(|source| now < source.until)
    }

    pub(crate) fn answers(&mut self, host: Host) -> Option<&mut Bucket> {
        self.sources.get_mut(host).map(|source| &mut source.answers)
    }

    pub(crate) fn flow(&self, now: Moment, sender: Sender) -> Option<&Flow> {
        let flow = self.flows.get((sender.host(), sender.address.port()));
        flow.filter(|flow| now < flow.until)
    }

    pub(crate) fn flow_mut(&mut self, now: Moment, sender: Sender) -> Option<&mut Flow> {
        let flow = self.flows.get_mut((sender.host(), sender.address.port()));
        flow.filter(|flow| now < flow.until)
    }

    pub(crate) fn pair(&self, now: Moment, sender: Sender, aor: Aor) -> Option<&Pair> {
        self.pairs.get((sender.host(), aor)).filter(|pair| now < pair.until)
    }

    pub(crate) fn pair_mut(&mut self, now: Moment, sender: Sender, aor: Aor) -> Option<&mut Pair> {
        self.pairs.get_mut((sender.host(), aor)).filter(|pair| now < pair.until)
    }

    /// Sources and the end of their standing.
    pub(crate) fn sources(&self, now: Moment) -> impl Iterator<Item = (Host, Moment)> {
        let live = self.sources.iter().filter(move |(_, source)| now < source.until);
        live.map(|(host, source)| (host, source.until))
    }

    /// Source, account, the port it last succeeded from, and the end of its standing.
    pub(crate) fn accounts(&self, now: Moment) -> impl Iterator<Item = (Host, Aor, u16, Moment)> {
        let live = self.pairs.iter().filter(move |(_, pair)| now < pair.until);
        live.map(|((host, aor), pair)| (host, aor, pair.port, pair.until))
    }

    pub(crate) fn len(&self) -> usize {
        self.sources.len()
    }

    pub(crate) fn pairs_len(&self) -> usize {
        self.pairs.len()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.sources.evicted() + self.flows.evicted() + self.pairs.evicted()
    }
}

/// When what is proven now stops counting.
pub(crate) fn until(now: Moment, settings: &Settings) -> Moment {
    now + Duration::from_secs(settings.known_secs.into())
}
