//! How long to wait before trying again.

use crate::Mint;
use std::time::Duration;

/// RFC 5626 §4.5: `base-time` when no flow works.
const BASE: Duration = Duration::from_secs(30);
/// RFC 5626 §4.5: `max-time`.
const MAX: Duration = Duration::from_secs(1_800);

/// The wait after so many failures in a row: doubling, somewhere between half and all of it, so that those who were
/// cut off together do not come back together.
pub fn wait(failures: u32, mint: &mut Mint) -> Duration {
    let doubled = BASE.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
    let upper = doubled.min(MAX);
    upper / 2 + mint.within(upper / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_half_an_hour() {
        let mut mint = Mint::new(&[7; 32], 0);
        for failures in [0_u32, 1, 2, 5, 6, 7, 31, 32, 4_000] {
            let upper = Duration::from_secs(30 * 2_u64.pow(failures.min(6))).min(MAX);
            let waits: Vec<_> = (0..50).map(|_| wait(failures, &mut mint)).collect();
            assert!(waits.iter().all(|w| *w >= upper / 2 && *w < upper), "{failures}");
            assert!(waits.iter().max() > waits.iter().min(), "they differ");
        }
    }
}
