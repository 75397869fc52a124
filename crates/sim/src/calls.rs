//! The calls of the virtual world that are up, and how each goes on.

use crate::wish::{Purpose, Wish};
use ringfence_model::{Direction, ReleasedBy, WallTime};

/// A call between its first INVITE and its end.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// Why it is made.
    pub purpose: Purpose,
    /// Whether the firewall is asked about it.
    pub is_asked: bool,
    /// How long it rings.
    pub ring_secs: u32,
    /// How long they would talk.
    pub talk_secs: Option<u32>,
    /// When it was answered.
    pub answered: Option<WallTime>,
    /// When it ends and by whom, as far as planned.
    pub end: Option<(WallTime, ReleasedBy)>,
}

/// What happens next to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The far end rings.
    Ring,
    /// It answers.
    Answer,
    /// It is over.
    End,
}

/// How the calls of a world ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ends {
    /// Outbound attempts.
    pub attempts: u32,
    /// Refused.
    pub rejected: u32,
    /// Torn down by the firewall, while ringing or talking.
    pub cut: u32,
    /// Not answered.
    pub failed: u32,
    /// Answered and ended by the parties.
    pub answered: u32,
}

impl Live {
    /// The call of a wish.
    #[must_use]
    pub const fn of(wish: &Wish) -> Self {
        Self {
            purpose: wish.purpose,
            is_asked: !matches!(wish.direction, Direction::Inbound),
            ring_secs: wish.ring_secs,
            talk_secs: wish.talk_secs,
            answered: None,
            end: None,
        }
    }
}

impl Ends {
    /// Counts an end.
    pub fn count(&mut self, by: ReleasedBy, answered: bool) {
        match (by, answered) {
            (ReleasedBy::Policy, _) => self.cut += 1,
            (ReleasedBy::Parties, true) => self.answered += 1,
            (ReleasedBy::Parties, false) => self.failed += 1,
        }
    }

    /// Attempts that ended in some way.
    #[must_use]
    pub const fn ended(&self) -> u32 {
        self.rejected + self.cut + self.failed + self.answered
    }
}
