//! The user agents of `ringfence-sim` on real sockets and by a real clock. They are pure: what arrives and what time it is
//! comes from here, and what they send goes out here. All of them talk to the firewall alone, on this machine alone.

use bytes::Bytes;
use ringfence_model::Moment;
use ringfence_sim::chance::Chance;
use ringfence_sim::sip::{Agent, Fact, Plan, Role};
use ringfence_sip::Transport;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Calls at once, in all.
const CALLS_MAX: usize = 250;
/// No datagram is longer.
const DATAGRAM_MAX: usize = 65_535;
/// Datagrams taken from one socket before others have their turn.
const TURN: usize = 64;

/// A user agent and its socket.
struct Node {
    agent: Agent,
    socket: UdpSocket,
}

/// All user agents, and the calls they make.
pub struct Wire {
    gate: SocketAddr,
    began: Instant,
    made: usize,
    nodes: BTreeMap<usize, Node>,
    /// A call is named by its place here; places of calls that are over are used again.
    plans: Vec<Plan>,
    buffer: Vec<u8>,
}

impl Wire {
    /// Of agents that talk to the firewall at `gate`.
    #[must_use]
    pub fn new(gate: SocketAddr) -> Self {
        let buffer = vec![0; DATAGRAM_MAX];
        Self {
            gate,
            began: Instant::now(),
            nodes: BTreeMap::new(),
            made: 0,
            plans: Vec::new(),
            buffer,
        }
    }

    /// What time it is for the agents.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// One more agent, of that product, at a free port of that address; gives its number.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn add(
        &mut self,
        (role, product): (Role, &str),
        at: Ipv4Addr,
        chance: Chance,
    ) -> io::Result<usize> {
        let socket = UdpSocket::bind((at, 0))?;
        socket.set_nonblocking(true)?;
        let places = (socket.local_addr()?, self.gate);
        let agent = Agent::new(role, places, Transport::Udp, chance).made_as(product);
        self.made += 1;
        self.nodes.insert(self.made, Node { agent, socket });
        Ok(self.made)
    }

    /// An agent is no more; its calls are left to themselves.
    pub fn remove(&mut self, node: usize) {
        self.nodes.remove(&node);
    }

    /// Where an agent is.
    #[must_use]
    pub fn address(&self, node: usize) -> Option<SocketAddr> {
        self.nodes.get(&node)?.socket.local_addr().ok()
    }

    /// A phone tells where it is.
    pub fn register(&mut self, node: usize) {
        let now = self.now();
        if let Some(node) = self.nodes.get_mut(&node) {
            node.agent.register(now);
            send(&mut node.agent, &node.socket, self.gate);
        }
    }

    /// Makes a call, unless there are too many already; gives its number.
    pub fn call(&mut self, plan: Plan) -> Option<usize> {
        let now = self.now();
        let up: BTreeSet<usize> =
            self.nodes.values().flat_map(|node| node.agent.calls_up()).collect();
        let number = (0..CALLS_MAX).find(|number| !up.contains(number))?;
        let caller = plan.caller;
        match self.plans.get_mut(number) {
            Some(place) => *place = plan,
            None => self.plans.push(plan),
        }
        let (node, plan) = (self.nodes.get_mut(&caller)?, self.plans.get(number)?);
        node.agent.call(now, number, plan, (&plan.dialled, plan.hops), None);
        send(&mut node.agent, &node.socket, self.gate);
        Some(number)
    }

    /// What is to become of a call.
    #[must_use]
    pub fn plan(&self, number: usize) -> Option<&Plan> {
        self.plans.get(number)
    }

    /// Sends somebody else's bytes to the firewall from `socket`.
    pub fn strike(&self, socket: &UdpSocket, bytes: &Bytes) {
        // What is lost was a datagram.
        let _ = socket.send_to(bytes, self.gate);
    }

    /// Waits until `until` at most, for datagrams and for `key`; what the agents saw, and whether there is a key.
    ///
    /// # Errors
    /// When the system does not let us wait.
    pub fn turn(
        &mut self,
        until: Moment,
        key: Option<BorrowedFd<'_>>,
    ) -> io::Result<(Vec<Fact>, bool)> {
        let (readable, is_key) = self.wait(until, key)?;
        readable.into_iter().for_each(|node| self.hear(node));
        let now = self.now();
        let mut facts = Vec::new();
        for Node { agent, socket } in self.nodes.values_mut() {
            if agent.due().is_some_and(|due| due <= now) {
                agent.wake(now, &self.plans);
            }
            facts.extend(agent.facts.drain(..).map(|(_, fact)| fact));
            send(agent, socket, self.gate);
        }
        Ok((facts, is_key))
    }

    fn wait(&self, until: Moment, key: Option<BorrowedFd<'_>>) -> io::Result<(Vec<usize>, bool)> {
        let due = self.nodes.values().filter_map(|node| node.agent.due()).min();
        let until = due.map_or(until, |due| due.min(until));
        let patience = Duration::from_micros(until.0.saturating_sub(self.now().0));
        let patience = Timespec::try_from(patience).unwrap_or_default();
        let sockets = self.nodes.values().map(|node| PollFd::new(&node.socket, PollFlags::IN));
        let keys = key.iter().map(|key| PollFd::new(key, PollFlags::IN));
        let mut all: Vec<_> = sockets.chain(keys).collect();
        match poll(&mut all, Some(&patience)) {
            // A signal came: whoever asked looks for it.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let nodes = self.nodes.keys().zip(&all).filter(|(_, fd)| ready(fd));
        Ok((nodes.map(|(node, _)| *node).collect(), all.get(self.nodes.len()).is_some_and(ready)))
    }

    fn hear(&mut self, number: usize) {
        for _ in 0..TURN {
            let now = self.now();
            let Some(Node { agent, socket }) = self.nodes.get_mut(&number) else { return };
            match socket.recv_from(&mut self.buffer) {
                Ok((length, from)) if from == self.gate => {
                    let heard = self.buffer.get(..length).unwrap_or_default();
                    agent.hear(now, &Bytes::copy_from_slice(heard), &self.plans);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Of a stranger, or that a datagram did not arrive.
                _ => {}
            }
        }
    }
}

/// Sends what an agent has to say.
fn send(agent: &mut Agent, socket: &UdpSocket, gate: SocketAddr) {
    for bytes in agent.take() {
        // What is lost is sent again by its timer.
        let _ = socket.send_to(&bytes, gate);
    }
}
