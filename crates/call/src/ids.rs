//! Names of calls.

use crate::Output;
use bytes::Bytes;
use ringfence_model::{CallId, WallTime};

/// Numbers calls: seconds of the wall clock, then a count, then the shard, in 53 bits, which every reader of JSON can
/// hold. A later run begins above an earlier one, even when the clock was set back in between: up to where numbers
/// were given is kept, a minute ahead, and anew when half of it is used up: what is kept may reach the disk late.
#[derive(Debug)]
pub struct CallIds {
    shard: u8,
    last: u64,
    /// Below this a later run does not begin.
    promised: u64,
}

impl CallIds {
    /// The first byte of the record's key.
    pub const KIND: u8 = b'N';
    const COUNT_BITS: u32 = 13;
    const MINUTE: u64 = 60 << Self::COUNT_BITS;

    pub const fn new(shard: u8) -> Self {
        Self { shard, last: 0, promised: 0 }
    }

    /// The next one; now and then with what is to be kept.
    pub fn next(&mut self, wall: WallTime) -> (CallId, Option<Output>) {
        let secs = wall.as_secs().clamp(0, i64::from(u32::MAX)).unsigned_abs();
        self.last = (self.last + 1).max(secs << Self::COUNT_BITS);
        let keep = (self.last + Self::MINUTE / 2 >= self.promised).then(|| {
            self.promised = self.last + Self::MINUTE;
            let state = Bytes::copy_from_slice(&self.promised.to_be_bytes());
            Output::Checkpoint { key: self.key(), state: Some(state) }
        });
        (CallId(self.last << 8 | u64::from(self.shard)), keep)
    }

    /// Never give this one again.
    pub fn taken(&mut self, id: CallId) {
        self.last = self.last.max(id.0 >> 8);
    }

    /// Takes up where an earlier run promised to stay below.
    pub fn restore(&mut self, state: &[u8]) {
        if let Ok(promised) = state.try_into().map(u64::from_be_bytes)
            // A record that was damaged must not use up all numbers there are.
            && promised >> Self::COUNT_BITS <= u64::from(u32::MAX)
        {
            self.last = self.last.max(promised);
        }
    }

    fn key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip([Self::KIND, self.shard]) {
            *to = from;
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(keep: Option<Output>) -> Option<Bytes> {
        match keep {
            Some(Output::Checkpoint { state, .. }) => state,
            _ => None,
        }
    }

    #[test]
    fn no_number_comes_twice_though_the_clock_goes_back() {
        let wall = WallTime::from_secs(1_790_000_000);
        let mut ids = CallIds::new(3);
        let (first, keep) = ids.next(wall);
        let kept = state(keep).unwrap();
        let (mut last, none) = ids.next(wall);
        assert!(first < last && none.is_none() && first.0 & 0xff == 3 && last.0 < 1 << 53);
        for _ in 0..1_000 {
            last = ids.next(wall).0;
        }
        let mut later = CallIds::new(3);
        later.restore(&kept);
        let (next, keep) = later.next(WallTime::from_secs(1_780_000_000));
        assert!(next > last && keep.is_some());
    }

    #[test]
    fn what_is_kept_keeps_ahead() {
        let mut ids = CallIds::new(0);
        let (mut kept, mut writes) = (Vec::new(), 0);
        for second in 0..600 {
            let (id, keep) = ids.next(WallTime::from_secs(1_790_000_000 + second));
            let last = kept.last().copied().unwrap_or(0);
            let new = state(keep).map(|state| u64::from_be_bytes(state[..].try_into().unwrap()));
            writes += u32::from(new.is_some());
            kept.push(new.unwrap_or(last));
            // What was kept in the last half of a minute may not have reached the disk.
            let on_disk = kept.iter().rev().nth(29).or(kept.first()).unwrap();
            assert!(id.0 >> 8 < *on_disk, "after {second} s");
        }
        assert!(writes <= 21, "{writes}");
        let kept = kept.last().copied().unwrap();
        ids.restore(b"short");
        ids.restore(&[0xff; 8]);
        assert!(ids.last < kept);
    }
}
