//! The store waits for disks; here its work is done on threads that may wait, and only so many at once.

use crate::refusal::Refusal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Jobs at once: about what SQLite readers and one writer can use.
const SEATS: usize = 8;
/// Jobs that wait for a seat; more are sent away.
const QUEUE_MAX: usize = 128;

/// Where jobs for the store queue.
pub struct Desk {
    seats: Arc<Semaphore>,
    queue: AtomicUsize,
}

impl Default for Desk {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(SEATS)), queue: AtomicUsize::new(0) }
    }
}

impl Desk {
    /// Carries out `job` when there is a seat.
    pub async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let waiting = Waiting::enter(&self.queue)?;
        let seats = Arc::clone(&self.seats);
        let seat = seats.acquire_owned().await.map_err(|_| Refusal::Busy)?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            let done = job();
            // Kept until the job is done, also when nobody waits for it any more.
            drop(seat);
            done
        });
        done.await.unwrap_or_else(|died| {
            tracing::error!("work for the store was not carried out: {died}");
            Err(Refusal::Broken)
        })
    }
}

/// A place in the queue, given back when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(queue: &'a AtomicUsize) -> Result<Self, Refusal> {
        let waiting = Self(queue);
        if queue.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX {
            Err(Refusal::Busy)
        } else {
            Ok(waiting)
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn who_comes_when_the_queue_is_full_is_sent_away() {
        let desk = Arc::new(Desk::default());
        let (open, door) = mpsc::channel::<()>();
        let door = Arc::new(std::sync::Mutex::new(door));
        let mut jobs = Vec::new();
        for _ in 0..SEATS + QUEUE_MAX {
            let (desk, door) = (Arc::clone(&desk), Arc::clone(&door));
            jobs.push(tokio::spawn(async move {
                desk.work(move || {
                    let _ = door.lock().unwrap().recv();
                    Ok(())
                })
                .await
            }));
        }
        while desk.queue.load(Ordering::Relaxed) < QUEUE_MAX {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.work(|| Ok(())).await, Err(Refusal::Busy));
        drop(open);
        for job in jobs {
            assert_eq!(job.await.unwrap(), Ok(()));
        }
        assert_eq!(desk.work(|| Ok(7)).await, Ok(7));
        let panics = desk.work(|| -> Result<(), Refusal> { panic!("boom") }).await;
        assert_eq!(panics, Err(Refusal::Broken));
        assert_eq!(desk.seats.available_permits(), SEATS, "a panic gives its seat back");
    }
}
