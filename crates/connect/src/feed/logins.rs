//! Logins that are seen: a request with a password, and what it is answered.

use super::recent::Recent;
use super::{FailedLogin, Seen};
use ringfence_model::Moment;
use ringfence_sip::Method;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Requests with a password that wait for their answer.
const TRIES_MAX: usize = 10_000;
/// Failures that may still be pardoned.
const HELD_MAX: usize = 10_000;
/// A phone whose password got too old is refused once, and comes back with a fresh answer at once.
const PARDON: Duration = Duration::from_secs(10);

/// Which request: its Call-ID, its number and its method.
pub(super) type Request = (Arc<str>, u32, Method);
type Who = (IpAddr, String);

/// Logins that are under way, or failed just now.
#[derive(Debug)]
pub(super) struct Logins {
    tries: Recent<Request, FailedLogin>,
    held: Recent<Who, (Moment, FailedLogin)>,
    due: VecDeque<(Moment, Who)>,
}

impl Logins {
    pub fn new() -> Self {
        Self { tries: Recent::new(TRIES_MAX), held: Recent::new(HELD_MAX), due: VecDeque::new() }
    }

    /// A request shows a password; should that fail, this is what happened. Proxies pass requests on: the first one
    /// that sees it knows where it came from.
    pub fn tries(&mut self, request: Request, login: FailedLogin) {
        if self.tries.get(&request).is_none() {
            self.tries.insert(request, login);
        }
    }

    /// It was taken.
    pub fn taken(&mut self, request: &Request) {
        if let Some(login) = self.tries.remove(request) {
            self.held.remove(&who(&login));
        }
    }

    /// It was refused for its age only: no failure.
    pub fn too_old(&mut self, request: &Request) {
        self.tries.remove(request);
    }

    /// It was refused.
    pub fn refused(&mut self, now: Moment, request: &Request, seen: &mut Vec<Seen>) {
        let Some(login) = self.tries.remove(request) else { return };
        let (who, due) = (who(&login), now + PARDON);
        // A second one in a row: the first was no mere age.
        if let Some((_, before)) = self.held.insert(who.clone(), (due, login)) {
            seen.push(Seen::Failed(before));
        }
        self.due.push_back((due, who));
        if self.due.len() > 2 * HELD_MAX {
            self.tell(Moment(u64::MAX), seen);
        }
    }

    /// Failures that nothing made good.
    pub fn tell(&mut self, now: Moment, seen: &mut Vec<Seen>) {
        while let Some((due, who)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            if self.held.get(&who).is_some_and(|(of, _)| *of == due)
                && let Some((_, login)) = self.held.remove(&who)
            {
                seen.push(Seen::Failed(login));
            }
        }
    }

    /// When [`Logins::tell`] wants to be asked.
    pub fn next(&self) -> Option<Moment> {
        self.due.front().map(|(due, _)| *due)
    }
}

fn who(login: &FailedLogin) -> Who {
    (login.from.ip(), login.account.clone())
}
