//! Between the nodes and the firewall: delay, loss, repetition, disorder, address translators, connections.

use crate::chance::Chance;
use ringfence_model::Moment;
use ringfence_sip::{ConnectionId, Flow, Transport};
use std::net::SocketAddr;
use std::time::Duration;

/// What a way does to what travels on it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weather {
    /// Shortest and longest delay, in microseconds; the difference makes disorder.
    pub delay_us: (u32, u32),
    /// Share of datagrams lost.
    pub loss: f64,
    /// Share of datagrams that arrive twice.
    pub twice: f64,
}

impl Weather {
    /// Whether anything is lost.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.loss > 0.0
    }
}

/// The way between one node and the firewall.
#[derive(Clone, Debug)]
pub struct Way {
    /// How it talks.
    pub transport: Transport,
    /// The address the node believes to have.
    pub inside: SocketAddr,
    /// The address others see.
    pub outside: SocketAddr,
    /// The open connection.
    pub connection: Option<ConnectionId>,
    /// Nothing passes either way.
    pub cut: bool,
    weather: Weather,
    chance: Chance,
    /// When the last piece of each direction of a stream arrives: streams keep their order.
    last: [Moment; 2],
    /// What became of what was sent.
    pub carried: Carried,
}

/// What became of messages on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carried {
    /// Never arrived.
    pub lost: u64,
    /// Arrived twice.
    pub twice: u64,
    /// Arrived after one that was sent later.
    pub overtaken: u64,
}

/// To or from the firewall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Towards {
    /// To it.
    Gate,
    /// From it.
    Node,
}

impl Way {
    /// A way of a node at `inside`, seen as `outside`.
    #[must_use]
    pub const fn new(
        transport: Transport,
        (inside, outside): (SocketAddr, SocketAddr),
        weather: Weather,
        chance: Chance,
    ) -> Self {
        let last = [Moment(0), Moment(0)];
        let carried = Carried { lost: 0, twice: 0, overtaken: 0 };
        Self {
            transport,
            inside,
            outside,
            connection: None,
            cut: false,
            weather,
            chance,
            last,
            carried,
        }
    }

    /// The flow the firewall at `local` sees.
    #[must_use]
    pub const fn flow(&self, local: SocketAddr) -> Flow {
        Flow { transport: self.transport, local, remote: self.outside, connection: self.connection }
    }

    /// When what is sent at `at` arrives: never, once or twice.
    pub fn travel(&mut self, at: Moment, towards: Towards) -> Vec<Moment> {
        let delay = |chance: &mut Chance, weather: &Weather| {
            Duration::from_micros(u64::from(chance.within(weather.delay_us)))
        };
        // Drawn in any case, so that a cut shifts nothing that comes after it.
        let (lost, twice) =
            (self.chance.happens(self.weather.loss), self.chance.happens(self.weather.twice));
        let first = at + delay(&mut self.chance, &self.weather);
        let second = first + delay(&mut self.chance, &self.weather);
        if self.cut {
            return Vec::new();
        }
        let [to, from] = &mut self.last;
        let last = if towards == Towards::Gate { to } else { from };
        if self.transport.is_reliable() {
            *last = first.max(Moment(last.0 + 1));
            return vec![*last];
        }
        self.carried.lost += u64::from(lost);
        self.carried.twice += u64::from(twice && !lost);
        self.carried.overtaken += u64::from(first < *last && !lost);
        *last = first.max(*last);
        match (lost, twice) {
            (true, _) => Vec::new(),
            (false, false) => vec![first],
            (false, true) => vec![first, second],
        }
    }

    /// The address translator forgets the node: from now on it is seen at another port, and what is sent to the old
    /// one is lost.
    pub fn rebind(&mut self) {
        let port = self.outside.port();
        self.outside.set_port(if port >= 60_000 { 20_001 } else { port + 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(transport: Transport, loss: f64, twice: f64) -> Way {
        let at = "192.0.2.101:5060".parse().unwrap();
        let weather = Weather { delay_us: (1_000, 50_000), loss, twice };
        Way::new(transport, (at, at), weather, Chance::new(1))
    }

    #[test]
    fn datagrams_are_lost_repeated_and_overtaken() {
        let mut way = way(Transport::Udp, 0.2, 0.2);
        let arrivals: Vec<_> =
            (0..1_000).map(|n| way.travel(Moment(n * 5_000), Towards::Gate)).collect();
        let count = |times| arrivals.iter().filter(|all| all.len() == times).count();
        assert!(count(0) > 150 && count(2) > 100 && count(1) > 500);
        let single: Vec<_> = arrivals.iter().filter_map(|all| all.first()).collect();
        assert!(single.windows(2).any(|pair| pair[1] < pair[0]), "one overtakes another");
    }

    #[test]
    fn streams_lose_nothing_and_keep_their_order() {
        let mut way = way(Transport::Tcp, 0.9, 0.9);
        let arrivals: Vec<_> =
            (0..1_000).flat_map(|n| way.travel(Moment(n * 100), Towards::Gate)).collect();
        assert_eq!(arrivals.len(), 1_000);
        assert!(arrivals.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
