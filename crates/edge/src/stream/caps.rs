//! How many connections may be open, together and per source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::counters::{Counter, StreamCounters};
use crate::settings::StreamSettings;

/// What is remembered of sources, at most: beyond it the pace of a new source is not known, its number is.
const SOURCES_MAX: usize = 65_536;

/// Counts connections while they are open.
pub struct Caps {
    settings: StreamSettings,
    counters: Arc<StreamCounters>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: usize,
    sources: HashMap<IpAddr, Source>,
    swept: Option<Instant>,
}

struct Source {
    open: usize,
    /// Connections it may open now, in millionths.
    tokens: u64,
    at: Instant,
}

/// The right to be open; given back when dropped.
pub struct Ticket {
    caps: Arc<Caps>,
    source: IpAddr,
}

const WHOLE: u64 = 1_000_000;

impl Caps {
    pub fn new(settings: StreamSettings, counters: Arc<StreamCounters>) -> Arc<Self> {
        Arc::new(Self { settings, counters, state: Mutex::default() })
    }

    /// Whether a connection from there may be opened at this instant.
    pub fn admit(self: &Arc<Self>, from: SocketAddr, now: Instant) -> Option<Ticket> {
        let source = source(from.ip());
        match self.refusal(source, now) {
            Some(counter) => {
                counter.up();
                None
            }
            None => {
                self.counters.open.up();
                Some(Ticket { caps: Arc::clone(self), source })
            }
        }
    }

    fn refusal(&self, source: IpAddr, now: Instant) -> Option<&Counter> {
        let settings = &self.settings;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open >= settings.connections_max {
            return Some(&self.counters.refused_total);
        }
        state.sweep(settings, now);
        if state.sources.len() >= SOURCES_MAX && !state.sources.contains_key(&source) {
            return Some(&self.counters.refused_rate);
        }
        let full = u64::from(settings.burst_per_source) * WHOLE;
        let of = state.sources.entry(source).or_insert(Source { open: 0, tokens: full, at: now });
        of.refill(settings, now);
        if of.open >= settings.per_source_max {
            return Some(&self.counters.refused_source);
        }
        match of.tokens.checked_sub(WHOLE) {
            None => return Some(&self.counters.refused_rate),
            Some(left) => of.tokens = left,
        }
        of.open += 1;
        state.open += 1;
        None
    }
}

impl State {
    /// Forgets sources that have nothing open and a full purse, now and then.
    fn sweep(&mut self, settings: &StreamSettings, now: Instant) {
        let often = Duration::from_secs(10);
        if self.swept.is_some_and(|at| now.saturating_duration_since(at) < often) {
            return;
        }
        self.swept = Some(now);
        let full = u64::from(settings.burst_per_source) * WHOLE;
        self.sources.retain(|_, of| {
            of.refill(settings, now);
            of.open > 0 || of.tokens < full
        });
    }
}

impl Source {
    fn refill(&mut self, settings: &StreamSettings, now: Instant) {
        let since = now.saturating_duration_since(self.at);
        let full = u64::from(settings.burst_per_source) * WHOLE;
        let us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let earned = us.saturating_mul(u64::from(settings.per_source_per_sec));
        self.tokens = self.tokens.saturating_add(earned).min(full);
        self.at = now;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.caps.counters.open.down();
        let mut state = self.caps.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open = state.open.saturating_sub(1);
        if let Some(of) = state.sources.get_mut(&self.source) {
            of.open = of.open.saturating_sub(1);
        }
    }
}

/// Who counts as one: an address, or an IPv6 /64, which is what one subscriber has.
fn source(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(settings: StreamSettings) -> Arc<Caps> {
        Caps::new(settings, Arc::default())
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn all_together_each_source_and_its_pace_are_bounded() {
        let settings = StreamSettings {
            connections_max: 5,
            per_source_max: 2,
            burst_per_source: 3,
            per_source_per_sec: 1,
            ..StreamSettings::default()
        };
        let caps = caps(settings);
        let now = Instant::now();
        let one = at("192.0.2.1:1");
        let first = caps.admit(one, now).unwrap();
        let _second = caps.admit(one, now).unwrap();
        assert!(caps.admit(one, now).is_none(), "two at once");
        drop(first);
        let third = caps.admit(one, now).unwrap();
        drop(third);
        assert!(caps.admit(one, now).is_none(), "three in one go");
        let _fourth = caps.admit(one, now + Duration::from_secs(1)).unwrap();
        let _others: Vec<_> =
            (2..5).map(|n| caps.admit(at(&format!("192.0.2.{n}:1")), now).unwrap()).collect();
        assert!(caps.admit(at("192.0.2.9:1"), now).is_none(), "five together");
        let counts = &caps.counters;
        let refused =
            [&counts.refused_source, &counts.refused_rate, &counts.refused_total, &counts.open];
        assert_eq!(refused.map(Counter::get), [1, 1, 1, 5]);
    }

    #[test]
    fn a_subscribers_ipv6_network_is_one_source() {
        let caps = caps(StreamSettings { per_source_max: 1, ..StreamSettings::default() });
        let now = Instant::now();
        let _one = caps.admit(at("[2001:db8::1]:1"), now).unwrap();
        assert!(caps.admit(at("[2001:db8::ffff]:1"), now).is_none());
        assert!(caps.admit(at("[2001:db8:0:1::1]:1"), now).is_some());
    }

    #[test]
    fn sources_that_left_are_forgotten() {
        let caps = caps(StreamSettings::default());
        let now = Instant::now();
        for n in 0..100u8 {
            drop(caps.admit(SocketAddr::from(([10, 0, 0, n], 1)), now));
        }
        drop(caps.admit(at("192.0.2.1:1"), now + Duration::from_secs(60)));
        assert_eq!(caps.state.lock().unwrap().sources.len(), 1);
    }
}
