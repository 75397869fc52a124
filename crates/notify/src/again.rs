//! When what could not be delivered is tried again.

use crate::Undelivered;
use std::time::Duration;

/// The longest.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// What could not be delivered for this long is given up, and said. Longer than a weekend.
const GIVE_UP: Duration = Duration::from_secs(4 * 24 * 3_600);

/// What is done after a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing: it arrived.
    Done,
    /// It is tried again.
    Again {
        /// After this.
        after: Duration,
        /// Whether the message must stay as it was.
        may_have_arrived: bool,
    },
    /// It is given up.
    GiveUp,
}

/// What is done after the try number `tries` of a message that waits since `waited`. The first pause is about `first`;
/// `chance` is any number.
#[must_use]
pub fn next(
    delivered: &Result<(), Undelivered>,
    (tries, first): (u32, Duration),
    waited: Duration,
    chance: u32,
) -> Next {
    let may_have_arrived = match delivered {
        Ok(()) => return Next::Done,
        Err(Undelivered::Never(_)) => return Next::GiveUp,
        Err(Undelivered::Later(_)) => false,
        Err(Undelivered::Unsure(_)) => true,
    };
    match waited < GIVE_UP {
        true => Next::Again { after: again((tries, first), chance), may_have_arrived },
        false => Next::GiveUp,
    }
}

/// How long to wait after so many tries: twice as long each time, and up to a fifth more or less by `chance`, so that
/// many do not come at the same moment.
fn again((tries, first): (u32, Duration), chance: u32) -> Duration {
    let doubled =
        first.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    let pause = doubled.min(LONGEST);
    pause * 4 / 5 + pause.mul_f64(0.4 * f64::from(chance) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(30);

    #[test]
    fn a_day_without_a_mail_server_costs_time_and_nothing_else() {
        let down = Err(Undelivered::Later("nobody is there".to_owned()));
        let (mut waited, mut tries) = (Duration::ZERO, 1);
        while waited < Duration::from_secs(24 * 3_600) {
            let Next::Again { after, may_have_arrived: false } =
                next(&down, (tries, FIRST), waited, 77)
            else {
                panic!("given up after {waited:?}")
            };
            waited += after;
            tries += 1;
        }
        assert!((50..80).contains(&tries), "{tries}");
        assert!(waited < Duration::from_secs(25 * 3_600), "it is told within the hour after");
        assert_eq!(next(&Ok(()), (tries, FIRST), waited, 0), Next::Done);
        assert_eq!(next(&down, (300, FIRST), Duration::from_secs(5 * 86_400), 0), Next::GiveUp);
        let never = Err(Undelivered::Never("no such person".to_owned()));
        assert_eq!(next(&never, (1, FIRST), Duration::ZERO, 0), Next::GiveUp);
        let unsure = Err(Undelivered::Unsure("it was slow".to_owned()));
        let after = next(&unsure, (1, FIRST), Duration::ZERO, 0);
        assert!(matches!(after, Next::Again { may_have_arrived: true, .. }), "{after:?}");
    }

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        let secs = |tries, chance| again((tries, FIRST), chance).as_secs();
        assert_eq!((secs(1, 0), secs(1, u32::MAX)), (24, 36));
        assert_eq!((secs(3, 0), secs(7, 0)), (96, 24 * 60));
        assert_eq!((secs(40, 0), secs(u32::MAX, u32::MAX)), (24 * 60, 36 * 60));
    }
}
