//! What waits for disks or computes for long is done on threads that may, and only so much of it at once.

use crate::refusal::Refusal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Where jobs queue.
pub struct Desk {
    seats: Arc<Semaphore>,
    queue: AtomicUsize,
    queue_max: usize,
}

impl Desk {
    /// With so many jobs at once; of those that wait, more than `queue_max` are sent away.
    pub fn new(seats: usize, queue_max: usize) -> Self {
        Self { seats: Arc::new(Semaphore::new(seats)), queue: AtomicUsize::new(0), queue_max }
    }

    /// For the store: about what SQLite's readers and its one writer can use.
    pub fn for_store() -> Self {
        Self::new(8, 128)
    }

    /// Carries out `job` when there is a seat.
    pub async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let waiting = Waiting::enter(&self.queue, self.queue_max)?;
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
            tracing::error!("work was not carried out: {died}");
            Err(Refusal::Broken)
        })
    }
}

/// A place in the queue, given back when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(queue: &'a AtomicUsize, most: usize) -> Result<Self, Refusal> {
        let waiting = Self(queue);
        if queue.fetch_add(1, Ordering::Relaxed) >= most { Err(Refusal::Busy) } else { Ok(waiting) }
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
        let (seats, queue_max) = (3, 20);
        let desk = Arc::new(Desk::new(seats, queue_max));
        let (open, door) = mpsc::channel::<()>();
        let door = Arc::new(std::sync::Mutex::new(door));
        let mut jobs = Vec::new();
        for _ in 0..seats + queue_max {
            let (desk, door) = (Arc::clone(&desk), Arc::clone(&door));
            jobs.push(tokio::spawn(async move {
                desk.work(move || {
                    let _ = door.lock().unwrap().recv();
                    Ok(())
                })
                .await
            }));
        }
        while desk.queue.load(Ordering::Relaxed) < queue_max {
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
        assert_eq!(desk.seats.available_permits(), seats, "a panic gives its seat back");
    }
}
