//! What waits to be sent on a connection, bounded in bytes.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};

/// What a message costs to keep besides its bytes.
const OVERHEAD_BYTES: usize = 64;

#[derive(Debug)]
struct Shared {
    waiting_bytes: AtomicUsize,
    bytes_max: usize,
    end: Notify,
}

/// The end where messages go in.
#[derive(Clone, Debug)]
pub struct Outlet {
    queue: mpsc::UnboundedSender<Bytes>,
    shared: Arc<Shared>,
}

/// The end where they come out.
pub struct Queue {
    queue: mpsc::UnboundedReceiver<Bytes>,
    shared: Arc<Shared>,
}

/// The peer does not read: too much waits for it already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooSlow;

/// Both ends, for at most so many bytes.
pub fn outlet(bytes_max: usize) -> (Outlet, Queue) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared =
        Arc::new(Shared { waiting_bytes: AtomicUsize::new(0), bytes_max, end: Notify::new() });
    (Outlet { queue: sender, shared: Arc::clone(&shared) }, Queue { queue: receiver, shared })
}

impl Outlet {
    /// Puts a message down to be sent. On a connection that has ended it goes nowhere; its end is told elsewhere.
    pub fn push(&self, bytes: Bytes) -> Result<(), TooSlow> {
        let size = bytes.len() + OVERHEAD_BYTES;
        let waiting = self.shared.waiting_bytes.fetch_add(size, Ordering::Relaxed);
        if waiting + size > self.shared.bytes_max {
            self.shared.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(TooSlow);
        }
        let _ = self.queue.send(bytes);
        Ok(())
    }

    /// Ends the connection at once, whatever waits.
    pub fn end(&self) {
        self.shared.end.notify_one();
    }
}

impl Queue {
    /// Waits for the next messages and adds them to `piece`, which grows little beyond `piece_bytes`.
    pub async fn next(&mut self, piece: &mut Vec<u8>, piece_bytes: usize) -> Option<()> {
        let mut next = Some(self.queue.recv().await?);
        while let Some(bytes) = next {
            piece.extend_from_slice(&bytes);
            self.shared.waiting_bytes.fetch_sub(bytes.len() + OVERHEAD_BYTES, Ordering::Relaxed);
            next = if piece.len() < piece_bytes { self.queue.try_recv().ok() } else { None };
        }
        Some(())
    }

    /// Comes back when the connection is to end.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move { shared.end.notified().await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_wait_are_bounded_and_room_comes_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (outlet, mut queue) = outlet(1_000);
        let message = Bytes::from(vec![b'x'; 400]);
        assert_eq!(outlet.push(message.clone()), Ok(()));
        assert_eq!(outlet.push(message.clone()), Ok(()));
        assert_eq!(outlet.push(message.clone()), Err(TooSlow));
        let mut piece = Vec::new();
        runtime.block_on(queue.next(&mut piece, 100)).unwrap();
        assert_eq!(piece.len(), 400, "a piece ends when it is big enough");
        assert_eq!(outlet.push(message), Ok(()));
        runtime.block_on(queue.next(&mut piece, 9_999)).unwrap();
        assert_eq!(piece.len(), 1_200, "what waits goes out together");
    }
}
