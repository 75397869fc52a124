//! The times of RFC 3261 §17 (table 4) and when something is done next.

use ringfence_model::Moment;
use std::time::Duration;

/// Estimate of the round trip.
pub const T1: Duration = Duration::from_millis(500);
/// Longest interval between retransmissions of what is no INVITE, and of responses to INVITE.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may live in the network.
pub const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, L and M; and D, which must be at least this long.
pub const LONG: Duration = Duration::from_secs(32);

const NEVER: Moment = Moment(u64::MAX);

/// When something is sent again, and when it is over.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    resend: Moment,
    end: Moment,
    interval_ms: u32,
}

impl Schedule {
    /// Nothing is ever due.
    pub const IDLE: Self = Self { resend: NEVER, end: NEVER, interval_ms: 0 };

    /// Over at `end`, nothing is sent again.
    pub const fn ends(end: Moment) -> Self {
        Self { end, ..Self::IDLE }
    }

    /// Over at `end`; sent again after T1 when `again`.
    pub fn resends(now: Moment, again: bool, end: Moment) -> Self {
        if again {
            Self { resend: now + T1, end, interval_ms: millis(T1) }
        } else {
            Self::ends(end)
        }
    }

    /// When there is something to do.
    pub fn next(&self) -> Option<Moment> {
        Some(self.resend.min(self.end)).filter(|at| *at != NEVER)
    }

    pub fn is_over(&self, now: Moment) -> bool {
        self.end <= now
    }

    /// Whether it is time to send again; the next time comes after twice the interval, `max` at most.
    pub fn resend(&mut self, now: Moment, max: Duration) -> bool {
        if self.resend > now {
            return false;
        }
        self.interval_ms = self.interval_ms.saturating_mul(2).min(millis(max));
        // From now and not from when it was due: a machine that slept does not send a volley.
        self.resend = now + Duration::from_millis(u64::from(self.interval_ms));
        true
    }

    /// From now on the interval is at least `interval` (Timer E once a provisional response came).
    pub fn slow_down(&mut self, interval: Duration) {
        self.interval_ms = self.interval_ms.max(millis(interval));
    }

    pub const fn stop_resending(&mut self) {
        self.resend = NEVER;
    }
}

const fn millis(time: Duration) -> u32 {
    time.as_millis() as u32
}
