//! Timers of a load: few different delays, so a queue each keeps them in order.

use std::collections::VecDeque;
use std::time::Duration;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Send the INVITE again; how often that was done.
    Invite(u8),
    /// Send the BYE again.
    Bye(u8),
    /// Send the answer again.
    Answer(u8),
    /// Hang up.
    Talked,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    at: u64,
    number: u64,
    what: What,
}

/// T1 and its doubles (RFC 3261 section 17.1.1.1), in milliseconds.
const DELAYS: [u64; 6] = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/// T2: what is not an INVITE is sent again at most this far apart.
const T2: u8 = 3;

/// All that is due some day.
#[derive(Debug)]
pub struct Timers {
    queues: [VecDeque<Timer>; DELAYS.len()],
    talks: VecDeque<Timer>,
    talk: u64,
}

impl Timers {
    pub fn new(talk: Duration) -> Self {
        let talk = u64::try_from(talk.as_nanos()).unwrap_or(u64::MAX);
        Self { queues: Default::default(), talks: VecDeque::new(), talk }
    }

    /// Sets a timer from `now` (nanoseconds); false when RFC 3261 says that it was tried often enough (64 T1).
    pub fn set(&mut self, now: u64, number: u64, what: What) -> bool {
        let (step, last) = match what {
            What::Talked => {
                self.talks.push_back(Timer { at: now.saturating_add(self.talk), number, what });
                return true;
            }
            What::Invite(times) => (times, 6),
            What::Bye(times) | What::Answer(times) => (times.min(T2), 10),
        };
        let (What::Invite(times) | What::Bye(times) | What::Answer(times)) = what else {
            return false;
        };
        let place = usize::from(step);
        let Some((queue, delay)) = self.queues.get_mut(place).zip(DELAYS.get(place)) else {
            return false;
        };
        if times >= last {
            return false;
        }
        queue.push_back(Timer { at: now + delay * 1_000_000, number, what });
        true
    }

    /// One that is due at `now`.
    pub fn due(&mut self, now: u64) -> Option<(u64, What)> {
        let queues = self.queues.iter_mut().chain(std::iter::once(&mut self.talks));
        for queue in queues {
            if let Some(timer) = queue.pop_front_if(|timer| timer.at <= now) {
                return Some((timer.number, timer.what));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn requests_are_repeated_at_the_times_of_the_standard() {
        let mut timers = Timers::new(Duration::from_millis(100));
        let (mut now, mut times) = (0, Vec::new());
        assert!(timers.set(now, 5, What::Invite(0)));
        loop {
            now += 100 * MS;
            if let Some((number, What::Invite(n))) = timers.due(now) {
                times.push(now / MS);
                if !timers.set(now, number, What::Invite(n + 1)) {
                    break;
                }
            }
        }
        assert_eq!(times, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    }

    #[test]
    fn talks_end_after_their_time() {
        let mut timers = Timers::new(Duration::from_millis(100));
        timers.set(3, 1, What::Talked);
        assert_eq!(timers.due(100 * MS), None);
        assert_eq!(timers.due(100 * MS + 3), Some((1, What::Talked)));
        assert_eq!(timers.due(u64::MAX), None);
    }
}
