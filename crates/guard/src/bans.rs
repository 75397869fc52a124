//! Who is not heard for a while: by evidence for one source, by order of a person for any network.

use crate::address::{Host, Transport, canonical};
use crate::bucket::{Bucket, Limit};
use crate::evidence::Evidence;
use crate::nets::Nets;
use crate::settings::Settings;
use crate::table::{Entry, Table};
use ipnet::IpNet;
use ringfence_model::{Moment, Now, WallTime};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a ban shuts out.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// UDP only: the evidence came by UDP, so the address is not proven.
    #[default]
    Datagrams,
    /// Everything.
    All,
}

/// Why somebody is banned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// What brought the evidence over the threshold.
    Evidence(Evidence),
    /// A person or another system, by name.
    Order(Arc<str>),
}

/// A ban in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ban {
    /// Who.
    pub net: IpNet,
    /// From what.
    pub reach: Reach,
    /// Why.
    pub cause: Cause,
    /// How many bans by evidence came shortly before this one; 0 for an order.
    pub earlier: u8,
    /// When it ends; `None` only by a person.
    pub until: Option<WallTime>,
}

/// The list of ordered bans is full.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{net} is not banned: there are already {max} bans by order; lift some, join them into wider networks, or raise orders_max"
)]
pub struct TooManyBans {
    /// What was to be banned.
    pub net: IpNet,
    /// The cap in force.
    pub max: usize,
}

#[derive(Debug)]
pub(crate) struct Bans {
    sentences: Table<Host, Sentence>,
    orders: Vec<Order>,
    ordered: Nets,
}

/// A ban by evidence. It is kept after its end, so that the next one is longer.
#[derive(Debug, Default)]
struct Sentence {
    since: Moment,
    until: Moment,
    earlier: u8,
    reach: Reach,
    evidence: Evidence,
    knocks: Bucket,
}

#[derive(Debug)]
struct Order {
    net: IpNet,
    until: Moment,
    by: Arc<str>,
}

impl Entry for Sentence {
    /// The one that ends last is worth most, proven ones before all others.
    fn worth(&self) -> u64 {
        let proven = if self.reach == Reach::All { 1 << 63 } else { 0 };
        self.until.0.min(u64::MAX >> 1) | proven
    }
}

impl Bans {
    pub(crate) fn new(cap: usize, seed: u64) -> Self {
        Self { sentences: Table::new(cap, seed), orders: Vec::new(), ordered: Nets::default() }
    }

    pub(crate) fn resize(&mut self, cap: usize) {
        self.sentences.resize(cap);
    }

    pub(crate) fn len(&self) -> usize {
        self.sentences.len() + self.orders.len()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.sentences.evicted()
    }

    pub(crate) fn is_ordered(&self, ip: IpAddr, now: Moment) -> bool {
        !self.ordered.is_empty() && self.ordered.contains(ip, now)
    }

    /// Whether `host` is banned by evidence. Who keeps knocking faster than `knocks` slides the end on.
    pub(crate) fn holds(
        &mut self,
        now: Moment,
        host: Host,
        by: Transport,
        knocks: Limit,
        settings: &Settings,
    ) -> bool {
        let Some(sentence) = self.sentences.get_mut(host) else { return false };
        let reached = sentence.reach == Reach::All || by == Transport::Datagram;
        if now >= sentence.until || !reached {
            return false;
        }
        if !sentence.knocks.take(now, knocks) {
            let longest = sentence.since + longest(sentence.reach, settings);
            let slid = now + length(sentence.earlier, sentence.reach, settings);
            sentence.until = sentence.until.max(slid.min(longest));
        }
        true
    }

    pub(crate) fn convict(
        &mut self,
        now: Moment,
        host: Host,
        by: Transport,
        evidence: Evidence,
        settings: &Settings,
    ) {
        let memory = Duration::from_secs(settings.ban_memory_secs.into());
        let sentence = self.sentences.entry(host);
        let first = sentence.until == Moment(0) || now > sentence.until + memory;
        let proven =
            by == Transport::Stream || (now < sentence.until && sentence.reach == Reach::All);
        sentence.earlier = if first { 0 } else { sentence.earlier.saturating_add(1) };
        sentence.reach = if proven { Reach::All } else { Reach::Datagrams };
        sentence.since = now;
        sentence.until = now + length(sentence.earlier, sentence.reach, settings);
        sentence.evidence = evidence;
        sentence.knocks = Bucket::default();
    }

    /// Forgets what evidence said of `host`.
    pub(crate) fn pardon(&mut self, host: Host) {
        self.sentences.remove(host);
    }

    /// Bans `net` by order; an earlier order for the same network is replaced.
    pub(crate) fn order(
        &mut self,
        now: Moment,
        net: IpNet,
        until: Moment,
        by: Arc<str>,
        max: usize,
    ) -> Result<(), TooManyBans> {
        let net = canonical(net);
        self.orders.retain(|order| order.net != net && now < order.until);
        let room = self.orders.len() < max;
        if room {
            self.orders.push(Order { net, until, by });
        }
        self.index();
        if room { Ok(()) } else { Err(TooManyBans { net, max }) }
    }

    /// Lifts the orders inside `net` and pardons the sources that share an address with it. Returns how many bans.
    pub(crate) fn lift(&mut self, now: Moment, net: IpNet) -> usize {
        let net = canonical(net);
        let before = self.orders.len();
        self.orders.retain(|order| !net.contains(&order.net));
        self.index();
        let pardoned: Vec<_> = self
            .sentences
            .iter()
            .filter(|(host, _)| net.contains(&host.net()) || host.net().contains(&net))
            .map(|(host, sentence)| (host, now < sentence.until))
            .collect();
        pardoned.iter().for_each(|(host, _)| self.pardon(*host));
        before - self.orders.len() + pardoned.iter().filter(|(_, held)| *held).count()
    }

    /// What is in force, by network.
    pub(crate) fn list(&self, now: Now) -> Vec<Ban> {
        let by_order =
            self.orders.iter().filter(|order| now.moment < order.until).map(|order| Ban {
                net: order.net,
                reach: Reach::All,
                cause: Cause::Order(order.by.clone()),
                earlier: 0,
                until: wall(now, order.until),
            });
        let by_evidence =
            self.sentences.iter().filter(|(_, sentence)| now.moment < sentence.until).map(
                |(host, sentence)| Ban {
                    net: host.net(),
                    reach: sentence.reach,
                    cause: Cause::Evidence(sentence.evidence),
                    earlier: sentence.earlier,
                    until: wall(now, sentence.until),
                },
            );
        let mut list: Vec<_> = by_order.chain(by_evidence).collect();
        list.sort_by_key(|ban| ban.net);
        list
    }

    /// Takes up bans again after a restart; those that have ended, or no longer fit, are left out.
    pub(crate) fn restore(&mut self, now: Now, bans: Vec<Ban>, settings: &Settings) {
        for ban in bans {
            let until = moment(now, ban.until);
            if until <= now.moment {
                continue;
            }
            match ban.cause {
                Cause::Order(by) if self.orders.len() < settings.orders_max => {
                    self.orders.push(Order { net: canonical(ban.net), until, by });
                }
                Cause::Order(_) => {}
                Cause::Evidence(evidence) => {
                    let sentence = self.sentences.entry(Host::of(ban.net.addr()));
                    sentence.since = now.moment;
                    sentence.until = until.min(now.moment + longest(ban.reach, settings));
                    sentence.earlier = ban.earlier;
                    sentence.reach = ban.reach;
                    sentence.evidence = evidence;
                }
            }
        }
        self.index();
    }

    fn index(&mut self) {
        self.ordered = Nets::until(self.orders.iter().map(|order| (order.net, order.until)));
    }
}

fn length(earlier: u8, reach: Reach, settings: &Settings) -> Duration {
    let doubled = Duration::from_secs(u64::from(settings.ban_secs) << earlier.min(31));
    doubled.min(longest(reach, settings))
}

fn longest(reach: Reach, settings: &Settings) -> Duration {
    let secs = match reach {
        Reach::All => settings.ban_max_secs,
        Reach::Datagrams => settings.ban_max_secs.min(settings.datagram_ban_max_secs),
    };
    Duration::from_secs(secs.into())
}

/// The wall time of a moment; `None` for never.
pub(crate) fn wall(now: Now, moment: Moment) -> Option<WallTime> {
    (moment != Moment(u64::MAX)).then(|| now.wall + (moment - now.moment))
}

/// The moment of a wall time, not before now; the end of time for `None`.
pub(crate) fn moment(now: Now, wall: Option<WallTime>) -> Moment {
    wall.map_or(Moment(u64::MAX), |wall| now.moment + (wall - now.wall))
}
