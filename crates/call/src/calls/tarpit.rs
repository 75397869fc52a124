//! Answers to wrong passwords that wait, so that guessing takes its time.

use crate::b2bua::Asked;
use bytes::Bytes;
use ringfence_model::Moment;
use std::collections::VecDeque;

/// Answers that wait at once. Who guesses when it is full hears nothing, which is slower still.
const WAITING_MAX: usize = 1_000;

/// An answer that waits. Its transaction stays, so that repetitions of the question are absorbed.
#[derive(Debug)]
pub struct Late {
    pub due: Moment,
    pub asked: Asked,
    pub bytes: Bytes,
}

/// Answers that wait, in the order they came: all wait equally long.
#[derive(Debug, Default)]
pub struct Tarpit {
    waiting: VecDeque<Late>,
}

impl Tarpit {
    /// Gives it back when there is no room.
    pub fn put(&mut self, late: Late) -> Option<Late> {
        if self.waiting.len() >= WAITING_MAX {
            return Some(late);
        }
        self.waiting.push_back(late);
        None
    }

    pub fn due(&mut self, now: Moment) -> Option<Late> {
        self.waiting.pop_front_if(|late| late.due <= now)
    }

    pub fn next_timer(&self) -> Option<Moment> {
        self.waiting.front().map(|late| late.due)
    }
}
