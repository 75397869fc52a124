//! What is known of the calls that are tried or run: a verdict names its call only.

use ringfence_model::{Attempt, CallId};
use std::collections::{HashMap, VecDeque};

/// Beyond this the oldest are forgotten: records of their calls go without who and whereto.
const CALLS_MAX: usize = 200_000;

/// Attempts of calls that are not over.
#[derive(Debug, Default)]
pub struct Attempts {
    calls: HashMap<CallId, Attempt>,
    order: VecDeque<CallId>,
}

impl Attempts {
    /// A call is tried.
    pub fn begin(&mut self, attempt: &Attempt) {
        if self.calls.insert(attempt.call, attempt.clone()).is_none() {
            self.order.push_back(attempt.call);
        }
        while self.order.len() > CALLS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.calls.remove(&oldest);
            }
        }
    }

    /// A call is over.
    pub fn end(&mut self, call: CallId) {
        self.calls.remove(&call);
        // Calls end roughly in the order they began; the rest is swept when much of the order is past.
        while self.order.front().is_some_and(|first| !self.calls.contains_key(first)) {
            self.order.pop_front();
        }
        if self.order.len() > 64 + 4 * self.calls.len() {
            let calls = &self.calls;
            self.order.retain(|call| calls.contains_key(call));
        }
    }

    /// What is known of a call.
    #[must_use]
    pub fn get(&self, call: CallId) -> Option<&Attempt> {
        self.calls.get(&call)
    }
}
