//! What is remembered of the calls of a load.

use std::collections::VecDeque;

/// How far a call is, from the caller's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stage {
    #[default]
    Calling,
    /// A provisional answer came: the INVITE is not sent again (RFC 3261 section 17.1.1.2).
    Proceeding,
    Up,
    /// BYE is sent, not answered.
    Leaving,
    /// Over, for better or worse.
    Over,
}

/// One call.
#[derive(Debug, Default)]
pub struct Call {
    pub stage: Stage,
    /// When its INVITE was sent first, in nanoseconds of the run.
    pub sent_at: u64,
    /// Whether the called side heard it.
    pub heard: bool,
    /// The called side's answer, until its ACK came.
    pub answer: Vec<u8>,
    /// The caller's BYE, from the answer on.
    pub bye: Vec<u8>,
}

/// All calls from the oldest that is not over; found by number.
#[derive(Debug)]
pub struct Calls {
    window: VecDeque<Call>,
    first: u64,
    unfinished: u64,
    spare: Vec<Vec<u8>>,
}

impl Calls {
    /// Calls numbered from `first` on.
    pub fn new(first: u64) -> Self {
        Self { window: VecDeque::new(), first, unfinished: 0, spare: Vec::new() }
    }

    /// A new call and its number.
    pub fn begin(&mut self, sent_at: u64) -> u64 {
        let number = self.first + self.window.len() as u64;
        self.unfinished += 1;
        self.window.push_back(Call { sent_at, ..Call::default() });
        number
    }

    pub fn get(&mut self, number: u64) -> Option<&mut Call> {
        let at = number.checked_sub(self.first)?;
        self.window.get_mut(usize::try_from(at).ok()?)
    }

    /// Takes the buffers of a call back and forgets calls that nobody will name again.
    pub fn over(&mut self, number: u64) {
        let Some(call) = self.get(number) else { return };
        if std::mem::replace(&mut call.stage, Stage::Over) == Stage::Over {
            return;
        }
        let buffers = [std::mem::take(&mut call.answer), std::mem::take(&mut call.bye)];
        self.unfinished -= 1;
        self.spare.extend(buffers.into_iter().filter(|buffer| buffer.capacity() > 0));
        while self.window.front().is_some_and(|call| call.stage == Stage::Over) {
            self.window.pop_front();
            self.first += 1;
        }
    }

    /// A copy of `bytes` in a buffer used before.
    pub fn copy(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// How many were answered and are not over.
    pub fn up(&self) -> u64 {
        let up = |call: &&Call| matches!(call.stage, Stage::Up | Stage::Leaving);
        self.window.iter().filter(up).count() as u64
    }

    /// How many are not over.
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_by_number_until_the_oldest_is_over() {
        let mut calls = Calls::new(1_000);
        let (a, b) = (calls.begin(1), calls.begin(2));
        assert_eq!((a, b), (1_000, 1_001));
        calls.over(b);
        assert_eq!(calls.unfinished(), 1);
        assert_eq!(calls.get(b).unwrap().stage, Stage::Over);
        calls.over(a);
        assert!(calls.get(a).is_none() && calls.get(b).is_none() && calls.get(999).is_none());
        assert_eq!(calls.begin(3), 1_002);
    }
}
