//! Chance from a seed: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).

/// A stream of numbers that is the same for the same seed, on every machine.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for `purpose`: what one part of the world draws does not shift another part.
    #[must_use]
    pub fn fork(&self, purpose: u64) -> Self {
        let mut fork = Self::new(self.state ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93));
        fork.draw();
        fork
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is far below anything a simulation can see.
        self.draw().checked_rem(end).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub fn within(&mut self, (from, to): (u32, u32)) -> u32 {
        let span = u64::from(to.saturating_sub(from)) + 1;
        from.saturating_add(self.below(span) as u32)
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number from 0 up to 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// How often something happens that happens `mean` times on average.
    pub fn times(&mut self, mean: f64) -> u32 {
        let (mut count, mut left) = (0, self.unit().max(1e-12));
        let floor = (-mean.min(500.0)).exp();
        while left > floor && count < 2_000 {
            left *= self.unit();
            count += 1;
        }
        count
    }

    /// A duration in seconds around `mean`: many short, few long.
    pub fn talk_secs(&mut self, mean: u32) -> u32 {
        let secs = -f64::from(mean) * (1.0 - self.unit()).max(1e-9).ln();
        (secs as u32).clamp(2, mean.saturating_mul(6).max(2))
    }

    /// One of `all`.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_stream() {
        // Reference values of splitmix64 for seed 0.
        let mut chance = Chance::new(0);
        assert_eq!(chance.draw(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(chance.draw(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn means_are_met() {
        let mut chance = Chance::new(7);
        let sum: u32 = (0..4_000).map(|_| chance.times(3.0)).sum();
        assert!((11_000..13_000).contains(&sum), "{sum}");
        let secs: u32 = (0..4_000).map(|_| chance.talk_secs(100)).sum();
        assert!((360_000..440_000).contains(&secs), "{secs}");
        assert!((0..1_000).all(|_| (3..=9).contains(&chance.within((3, 9)))));
    }
}
