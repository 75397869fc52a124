//! The door: is this message heard?

use crate::address::{Host, Network, Sender, Transport};
use crate::admission::{Admission, Standing, Why};
use crate::bans::{Ban, Bans, TooManyBans, moment};
use crate::bucket::{Bucket, Limit};
use crate::counts::{Counts, Sizes};
use crate::evidence::Evidence;
use crate::guessing::Aor;
use crate::known::{Known, until};
use crate::nets::Nets;
use crate::passwords::Passwords;
use crate::scanner::{Scanners, Strength};
use crate::settings::Settings;
use crate::shape::{self, Shape};
use crate::table::{Entry, Table};
use ipnet::IpNet;
use ringfence_model::{Moment, Now, WallTime};
use std::net::IpAddr;
use std::sync::Arc;

/// The guard of one shard.
#[derive(Debug)]
pub struct Guard {
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    lists: Lists,
    scanners: Scanners,
    pub(crate) bans: Bans,
    pub(crate) known: Known,
    pub(crate) trusted_sources: Table<Host, TrustedSource>,
    pub(crate) strangers: Table<Host, Stranger>,
    networks: Table<Network, Bucket>,
    all_datagrams: Bucket,
    all_streams: Bucket,
    pub(crate) passwords: Passwords,
    pub(crate) counts: Counts,
}

/// The rates of the settings, ready for use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    trusted: Limit,
    known: Limit,
    flow: Limit,
    stranger: Limit,
    network: Limit,
    strangers: Limit,
    pub(crate) evidence: Limit,
    pub(crate) answers: Limit,
}

/// The networks of the settings, ready for use.
#[derive(Debug)]
struct Lists {
    trusted: Nets,
    allowed: Nets,
    denied: Nets,
}

#[derive(Debug, Default)]
pub(crate) struct TrustedSource {
    messages: Bucket,
    pub(crate) answers: Bucket,
}

#[derive(Debug, Default)]
pub(crate) struct Stranger {
    messages: Bucket,
    pub(crate) datagram_score: Bucket,
    pub(crate) stream_score: Bucket,
}

impl Entry for TrustedSource {
    fn worth(&self) -> u64 {
        self.messages.empty_at()
    }
}

impl Entry for Stranger {
    fn worth(&self) -> u64 {
        let score = self.datagram_score.empty_at().max(self.stream_score.empty_at());
        self.messages.empty_at().max(score)
    }
}

impl Entry for Bucket {
    fn worth(&self) -> u64 {
        self.empty_at()
    }
}

impl Guard {
    /// A guard that knows nobody. `seed` keys its tables: secret and different on each start.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let side = settings.sources_max / 4;
        Self {
            limits: Limits::of(&settings),
            lists: Lists::of(&settings),
            scanners: Scanners::new(),
            bans: Bans::new(side, seed),
            known: Known::new(&settings, seed),
            trusted_sources: Table::new(side, seed),
            strangers: Table::new(settings.sources_max, seed),
            networks: Table::new(side, seed),
            all_datagrams: Bucket::default(),
            all_streams: Bucket::default(),
            passwords: Passwords::new(&settings, seed),
            counts: Counts::default(),
            settings,
        }
    }

    /// Other settings from now on; what was learned stays, as far as smaller tables hold it.
    pub fn reconfigure(&mut self, settings: Settings) {
        let side = settings.sources_max / 4;
        self.limits = Limits::of(&settings);
        self.lists = Lists::of(&settings);
        self.bans.resize(side);
        self.known.resize(&settings);
        self.trusted_sources.resize(side);
        self.strangers.resize(settings.sources_max);
        self.networks.resize(side);
        self.passwords.reconfigure(&settings);
        self.settings = settings;
    }

    /// Whether one datagram, or one message framed from a stream, is heard. Each call is counted against the limits.
    pub fn admit(&mut self, now: Moment, sender: Sender, bytes: &[u8]) -> Admission {
        let admission = match self.hear(now, sender, bytes) {
            Ok((_, Shape::KeepAlive)) => Admission::KeepAlive,
            Ok((standing, _)) => Admission::Pass(standing),
            Err(why) => Admission::Drop(why),
        };
        self.counts.admission(admission);
        admission
    }

    /// Whether a new stream is taken, before any handshake; it is counted like a message.
    ///
    /// # Errors
    /// Why it is closed at once.
    pub fn connects(&mut self, now: Moment, sender: Sender) -> Result<Standing, Why> {
        let entered = self.enter(now, sender, &[]);
        if let Err(why) = entered {
            self.counts.admission(Admission::Drop(why));
        }
        entered
    }

    /// Who `sender` is now.
    #[must_use]
    pub fn standing(&self, now: Moment, sender: Sender) -> Standing {
        if self.lists.trusted.contains(sender.ip(), now) {
            Standing::Trusted
        } else if self.known.has(now, sender.host()) {
            Standing::Known
        } else {
            Standing::Stranger
        }
    }

    /// The password of `aor` was right. The address is proven with it: the answer to the challenge needed the nonce
    /// that was sent there. Makes the source known and ends a ban by evidence.
    pub fn succeeded(&mut self, now: Moment, sender: Sender, aor: Aor) {
        self.counts.successes += 1;
        self.known.prove(sender, aor, until(now, &self.settings));
        self.bans.pardon(sender.host());
    }

    /// Bans a network by order of `by` until a wall time, or until it is lifted. It holds for trusted ones too.
    ///
    /// # Errors
    /// When there are already `orders_max` of them.
    pub fn ban(
        &mut self,
        now: Now,
        net: IpNet,
        until: Option<WallTime>,
        by: &str,
    ) -> Result<(), TooManyBans> {
        let (until, max) = (moment(now, until), self.settings.orders_max);
        self.bans.order(now.moment, net, until, Arc::from(by), max)
    }

    /// Lifts the bans inside `net`, and that of the source it lies in; returns how many. An ordered ban of a wider
    /// network stays.
    pub fn unban(&mut self, now: Moment, net: IpNet) -> usize {
        self.bans.lift(now, net)
    }

    /// The bans in force, by network.
    #[must_use]
    pub fn bans(&self, now: Now) -> Vec<Ban> {
        self.bans.list(now)
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let evicted = self.strangers.evicted()
            + self.networks.evicted()
            + self.trusted_sources.evicted()
            + self.bans.evicted()
            + self.known.evicted()
            + self.passwords.evicted();
        let mut counts = self.counts;
        counts.evicted = evicted;
        counts
    }

    /// How full the tables are.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes {
            strangers: self.strangers.len(),
            networks: self.networks.len(),
            trusted: self.trusted_sources.len(),
            known: self.known.len(),
            pairs: self.known.pairs_len(),
            bans: self.bans.len(),
            guessing: self.passwords.len(),
        }
    }

    fn hear(
        &mut self,
        now: Moment,
        sender: Sender,
        bytes: &[u8],
    ) -> Result<(Standing, Shape), Why> {
        let longest = match sender.transport {
            Transport::Datagram => self.settings.datagram_bytes_max,
            Transport::Stream => self.settings.stream_bytes_max,
        };
        if bytes.len() > longest {
            return Err(Why::TooLong);
        }
        let shape = shape::of(bytes);
        if shape == Shape::Other {
            return Err(Why::NotSip);
        }
        let request = if shape == Shape::Request { bytes } else { &[] };
        let standing = self.enter(now, sender, request)?;
        Ok((standing, shape))
    }

    /// Lists, bans and limits; for `request`, if not empty, also the names of tools.
    fn enter(&mut self, now: Moment, sender: Sender, request: &[u8]) -> Result<Standing, Why> {
        if !sender.answerable() {
            return Err(Why::Unanswerable);
        }
        let (ip, host) = (sender.ip(), sender.host());
        let trusted = self.listed(now, ip)?;
        if trusted {
            let source = self.trusted_sources.entry(host);
            return fits(source.messages.take(now, self.limits.trusted), Why::SourceRate)
                .map(|()| Standing::Trusted);
        }
        if let Some(source) = self.known.source_mut(now, host) {
            let fit = source.messages.take(now, self.limits.known) || self.flow_takes(now, sender);
            fits(fit, Why::SourceRate)?;
            return match self.scanners.find(request) {
                Some(Strength::Tool) => Err(Why::Scanner),
                _ => Ok(Standing::Known),
            };
        }
        self.enter_stranger(now, sender, request).map(|()| Standing::Stranger)
    }

    /// What the operator's lists and orders say; whether the address is trusted.
    fn listed(&self, now: Moment, ip: IpAddr) -> Result<bool, Why> {
        fits(!self.lists.denied.contains(ip, now), Why::Denied)?;
        fits(!self.bans.is_ordered(ip, now), Why::Banned)?;
        let trusted = self.lists.trusted.contains(ip, now);
        let open = trusted || self.lists.allowed.is_empty() || self.lists.allowed.contains(ip, now);
        fits(open, Why::NotAllowed).map(|()| trusted)
    }

    fn flow_takes(&mut self, now: Moment, sender: Sender) -> bool {
        let limit = self.limits.flow;
        self.known.flow_mut(now, sender).is_some_and(|flow| flow.messages.take(now, limit))
    }

    /// The budget of all strangers comes last: what is dropped before does not use it up.
    fn enter_stranger(&mut self, now: Moment, sender: Sender, request: &[u8]) -> Result<(), Why> {
        let (host, limits) = (sender.host(), self.limits);
        let by = sender.transport;
        if self.bans.holds(now, host, by, limits.stranger, &self.settings) {
            return Err(Why::Banned);
        }
        let stranger = self.strangers.entry(host);
        fits(stranger.messages.take(now, limits.stranger), Why::SourceRate)?;
        match self.scanners.find(request) {
            Some(Strength::Tool) => {
                self.observed(now, sender, Evidence::Scanner);
                return Err(Why::Scanner);
            }
            // A name that honest equipment has too prepares a ban, but never makes one.
            Some(Strength::Weak) => match by {
                Transport::Datagram => &mut stranger.datagram_score,
                Transport::Stream => &mut stranger.stream_score,
            }
            .pour_below_half(now, limits.evidence, 1),
            None => {}
        }
        let (v4_bits, v6_bits) = (self.settings.network_v4_bits, self.settings.network_v6_bits);
        let network = self.networks.entry(host.network(v4_bits, v6_bits));
        fits(network.take(now, limits.network), Why::NetworkRate)?;
        let all = match by {
            Transport::Datagram => &mut self.all_datagrams,
            Transport::Stream => &mut self.all_streams,
        };
        fits(all.take(now, limits.strangers), Why::StrangersRate)
    }
}

impl Limits {
    fn of(settings: &Settings) -> Self {
        Self {
            trusted: settings.trusted_rate.limit(),
            known: settings.known_rate.limit(),
            flow: settings.flow_rate.limit(),
            stranger: settings.stranger_rate.limit(),
            network: settings.network_rate.limit(),
            strangers: settings.strangers_rate.limit(),
            evidence: settings.evidence.limit(),
            answers: settings.suspicious_answers.limit(),
        }
    }
}

impl Lists {
    fn of(settings: &Settings) -> Self {
        Self {
            trusted: Nets::of(&settings.trusted),
            allowed: Nets::of(&settings.allowed),
            denied: Nets::of(&settings.denied),
        }
    }
}

fn fits(fits: bool, why: Why) -> Result<(), Why> {
    if fits { Ok(()) } else { Err(why) }
}
