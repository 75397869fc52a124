//! A scanner that looks for telephone systems, and is to hear nothing.

use super::wire::Wire;
use ringfence_model::Moment;
use ringfence_sim::chance::Chance;
use ringfence_sim::sip::{Attack, Attacking};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

/// How many messages, and how fast.
const MESSAGES: u32 = 120;
const EVERY: Duration = Duration::from_millis(25);

/// One that is at work.
pub struct Scan {
    attack: Attack,
    chance: Chance,
    socket: UdpSocket,
    sent: u32,
    next: Moment,
}

impl Scan {
    /// From an address of its own.
    ///
    /// # Errors
    /// When it gets none.
    pub fn begin(mut chance: Chance, at: Moment) -> io::Result<Self> {
        let host = u8::try_from(chance.within((2, 250))).unwrap_or(2);
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 66, 7, host), 0))?;
        socket.set_nonblocking(true)?;
        let attack = Attack { method: Attacking::Scan, start: at, every: EVERY, count: MESSAGES };
        Ok(Self { attack, chance, socket, sent: 0, next: at })
    }

    /// When its next message is due.
    #[must_use]
    pub const fn due(&self) -> Moment {
        self.next
    }

    /// Sends what is due; at the end, what came of it.
    pub fn step(&mut self, wire: &Wire, now: Moment) -> Option<String> {
        if now < self.next {
            return None;
        }
        self.next = now + EVERY;
        if self.sent < self.attack.count {
            self.sent += 1;
            if let Some((_, bytes)) = self.attack.strike(&mut self.chance, "", &[]) {
                wire.strike(&self.socket, &bytes);
            }
            return None;
        }
        let mut heard = 0;
        while self.socket.recv_from(&mut [0; 64]).is_ok() {
            heard += 1;
        }
        let from = self.socket.local_addr().map(|at| at.ip().to_string()).unwrap_or_default();
        Some(format!("{} messages of a scanner at {from}, {heard} answered", self.sent))
    }
}
