//! Spans for OpenTelemetry: of calls, made from their records, and of requests to the API. Off unless the boot file names
//! a collector. Nobody waits for it: what it cannot take is counted and forgotten.

mod exporter;
mod request;
mod span;

pub use exporter::{Counts, Exporter};
pub use request::Requests;
pub use span::{Kind, Span};

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

/// Where spans are put down.
#[derive(Clone, Debug)]
pub struct Spans {
    sender: SyncSender<Span>,
    counts: Arc<Counts>,
}

impl Spans {
    /// What became of all of them.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes a span, where there is room.
    pub fn put(&self, span: Span) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.sender.try_send(span)
        {
            self.counts.dropped.up();
        }
    }
}
