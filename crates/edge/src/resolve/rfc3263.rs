//! Where the target of a trunk is (RFC 3263): its transport, its servers, their addresses.

use hickory_resolver::TokioResolver;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, RecordType};
use ringfence_call::{Hop, Target};
use ringfence_sip::Transport;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Servers taken from one target, at most: more only make a dead carrier take longer to give up.
const HOPS_MAX: usize = 16;

/// Where we can send from: the transport and whether it is IPv4, of each listener.
pub type Ways = Vec<(Transport, bool)>;

/// An answer and until when it holds; for ever where DNS was not asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Best first.
    pub hops: Vec<Hop>,
    /// The end of the shortest time to live on the way.
    pub until: Option<Instant>,
}

/// The answer for a target that is an address already.
pub fn literal(target: &Target, ways: &Ways) -> Option<Answer> {
    let ip = target.host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let transport = target.transport.unwrap_or_default();
    let port = target.port.unwrap_or(transport.default_port());
    let hop = Hop { remote: SocketAddr::new(ip, port), transport };
    Some(Answer { hops: Vec::from_iter(reaches(ways, &hop).then_some(hop)), until: None })
}

fn reaches(ways: &Ways, hop: &Hop) -> bool {
    ways.contains(&(hop.transport, hop.remote.is_ipv4()))
}

/// One look-up of one target.
pub struct Search<'a> {
    dns: &'a TokioResolver,
    ways: &'a Ways,
    answer: Answer,
}

impl<'a> Search<'a> {
    /// Begins.
    pub const fn new(dns: &'a TokioResolver, ways: &'a Ways) -> Self {
        Self { dns, ways, answer: Answer { hops: Vec::new(), until: None } }
    }

    /// The addresses of a target. An error when DNS did not answer, or knows no address.
    pub async fn find(mut self, target: &Target) -> Result<Answer, NetError> {
        if let Some(answer) = literal(target, self.ways) {
            return Ok(answer);
        }
        let host = target.host.as_str();
        match (target.port, target.transport) {
            // A port leaves nothing for SRV to say (§4.1, §4.2).
            (Some(port), transport) => {
                self.addresses(host, port, transport.unwrap_or_default()).await?;
            }
            (None, Some(transport)) => self.servers_or_host(host, &[transport]).await?,
            (None, None) => self.by_naptr(host).await?,
        }
        self.answer.hops.truncate(HOPS_MAX);
        if self.answer.hops.is_empty() {
            return Err(NetError::Message("no address that can be reached from here"));
        }
        Ok(self.answer)
    }

    async fn by_naptr(&mut self, host: &str) -> Result<(), NetError> {
        let found = match self.dns.lookup(fully(host), RecordType::NAPTR).await {
            Ok(found) => found,
            // Some forwarders know no NAPTR and say so by an error; SRV is next either way (§4.1).
            Err(NetError::Timeout) => return Err(NetError::Timeout),
            Err(_) => return self.without_naptr(host).await,
        };
        let mut services: Vec<_> =
            found.answers().iter().filter_map(|of| service(&of.data)).collect();
        services.retain(|of| self.ways.iter().any(|(transport, _)| *transport == of.transport));
        if services.is_empty() {
            return self.without_naptr(host).await;
        }
        self.holds(&found);
        services.sort_by_key(|of| of.rank);
        for service in services {
            self.servers(&service.name, service.transport).await?;
        }
        Ok(())
    }

    /// Every transport we have, in the order of the standard's list; then the host itself, by UDP.
    async fn without_naptr(&mut self, host: &str) -> Result<(), NetError> {
        let all = [Transport::Udp, Transport::Tcp, Transport::Tls];
        let ours = |of: &Transport| self.ways.iter().any(|(transport, _)| transport == of);
        let transports: Vec<_> = all.into_iter().filter(ours).collect();
        self.servers_or_host(host, &transports).await
    }

    async fn servers_or_host(
        &mut self,
        host: &str,
        transports: &[Transport],
    ) -> Result<(), NetError> {
        for transport in transports {
            let name = match transport {
                Transport::Udp => format!("_sip._udp.{host}"),
                Transport::Tcp => format!("_sip._tcp.{host}"),
                Transport::Tls => format!("_sips._tcp.{host}"),
            };
            self.servers(&name, *transport).await?;
            if !self.answer.hops.is_empty() {
                return Ok(());
            }
        }
        let transport = match transports {
            [only] => *only,
            _ => Transport::Udp,
        };
        self.addresses(host, transport.default_port(), transport).await
    }

    /// Adds the servers of an SRV name. None is no error.
    async fn servers(&mut self, name: &str, transport: Transport) -> Result<(), NetError> {
        let found = match self.dns.lookup(fully(name), RecordType::SRV).await {
            Err(error) if error.is_no_records_found() => return Ok(()),
            found => found?,
        };
        self.holds(&found);
        let servers = found.answers().iter().filter_map(|of| match &of.data {
            RData::SRV(srv) => Some(srv.clone()),
            _ => None,
        });
        let mut failed = None;
        for server in in_order(servers.collect(), |below| fastrand::u32(..below)) {
            // "." says: not here (RFC 2782).
            if server.target.is_root() || self.answer.hops.len() >= HOPS_MAX {
                continue;
            }
            let host = server.target.to_utf8();
            if let Err(error) = self.addresses(&host, server.port, transport).await {
                failed = Some(error);
            }
        }
        match failed {
            Some(error) if self.answer.hops.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    async fn addresses(
        &mut self,
        host: &str,
        port: u16,
        transport: Transport,
    ) -> Result<(), NetError> {
        // A name without a dot is one of the local network: the search list may complete it.
        let name = if host.contains('.') { fully(host) } else { host.to_owned() };
        let found = self.dns.lookup_ip(name).await?;
        self.shorten(found.valid_until());
        let mut ips: Vec<_> = found.iter().collect();
        ips.sort_by_key(IpAddr::is_ipv6);
        for ip in ips {
            self.add(ip, port, transport);
        }
        Ok(())
    }

    /// Adds an address, if we have a socket to reach it from.
    fn add(&mut self, ip: IpAddr, port: u16, transport: Transport) {
        let hop = Hop { remote: SocketAddr::new(ip, port), transport };
        if reaches(self.ways, &hop) && !self.answer.hops.contains(&hop) {
            self.answer.hops.push(hop);
        }
    }

    fn holds(&mut self, found: &Lookup) {
        self.shorten(found.valid_until());
    }

    fn shorten(&mut self, until: Instant) {
        self.answer.until = Some(self.answer.until.map_or(until, |at| at.min(until)));
    }
}

/// With the final dot, so that no search list is tried.
fn fully(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

struct Service {
    rank: (u16, u16),
    transport: Transport,
    name: String,
}

/// A NAPTR record that leads to SRV (§4.1).
fn service(data: &RData) -> Option<Service> {
    let RData::NAPTR(record) = data else { return None };
    let transport = match record.services.to_ascii_uppercase().as_slice() {
        b"SIP+D2U" => Transport::Udp,
        b"SIP+D2T" => Transport::Tcp,
        b"SIPS+D2T" => Transport::Tls,
        _ => return None,
    };
    let leads_on = record.flags.eq_ignore_ascii_case(b"s");
    leads_on.then(|| Service {
        rank: (record.order, record.preference),
        transport,
        name: record.replacement.to_utf8(),
    })
}

/// By priority; among equals drawn by weight (RFC 2782). `draw(n)` gives a number below `n`.
fn in_order(mut servers: Vec<SRV>, draw: impl Fn(u32) -> u32) -> Vec<SRV> {
    // Those without weight first, so that they have their small chance.
    servers.sort_by_key(|server| (server.priority, server.weight));
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some(first) = servers.first() {
        let priority = first.priority;
        let equals = servers.iter().take_while(|server| server.priority == priority);
        let sum: u32 = equals.clone().map(|server| u32::from(server.weight)).sum();
        let mark = draw(sum + 1);
        let mut running = 0;
        let drawn = equals
            .map(|server| {
                running += u32::from(server.weight);
                running
            })
            .position(|running| running >= mark);
        ordered.push(servers.remove(drawn.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::Name;

    fn server(priority: u16, weight: u16, name: &str) -> SRV {
        SRV::new(priority, weight, 5060, Name::from_ascii(name).unwrap())
    }

    fn names(servers: &[SRV]) -> Vec<String> {
        servers.iter().map(|server| server.target.to_utf8()).collect()
    }

    #[test]
    fn priority_comes_before_weight_and_weight_decides_the_draw() {
        let all = vec![server(20, 0, "c."), server(10, 30, "b."), server(10, 10, "a.")];
        assert_eq!(names(&in_order(all.clone(), |_| 0)), ["a.", "b.", "c."]);
        assert_eq!(names(&in_order(all.clone(), |below| below - 1)), ["b.", "a.", "c."]);
        // a: 0..=10, b: 11..=40
        let first =
            |mark: u32| names(&in_order(all.clone(), |below| mark.min(below - 1))).remove(0);
        assert_eq!((first(10), first(11)), ("a.".into(), "b.".into()));
    }
}
