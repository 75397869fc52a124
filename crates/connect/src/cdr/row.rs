//! What can be wrong with a row.

use super::time::TimeError;
use std::sync::Arc;

/// Why a row is not used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
    /// A half-written row, or one of another format.
    #[error("{found} columns, expected {expected}")]
    Columns {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: &'static str,
    },
    /// Fewer columns than the header names: a half-written row.
    #[error("{found} columns, the header names {expected}")]
    Short {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A field that the format needs.
    #[error("the field {field:?} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// No start time.
    #[error("no start time")]
    NoStart,
    /// Neither caller nor called party.
    #[error("neither a caller nor a called number")]
    NoParties,
    /// A row of another sort, such as a quality record. Such rows are skipped, not rejected.
    #[error("not a call record")]
    NotACall,
    /// A time or duration.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// Text that is not JSON.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// A quoted text or an object that never ends.
    #[error("a quote or bracket is opened and never closed")]
    Unclosed,
    /// Over the limit of a line.
    #[error("the line is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Only NUL bytes, as a power failure leaves them.
    #[error("nothing but NUL bytes")]
    Nul,
}

/// A row that was not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// The file it is in.
    pub file: Arc<str>,
    /// Its first line, counted from 1.
    pub line: u64,
    /// Why it is not used.
    pub reason: RowError,
    /// The row as it stands there but for NUL bytes and text that is no UTF-8, which are repaired first; cut at
    /// [`Reject::RAW_BYTES_MAX`].
    pub raw: Vec<u8>,
}

impl Reject {
    /// The most bytes of a row that are kept.
    pub const RAW_BYTES_MAX: usize = 64 << 10;
}

/// A key of a row without an id of its own: FNV-1a of 128 bits in hexadecimal, the same on every machine and in
/// every version, unlike the hashes of the library.
pub(crate) fn fingerprint(row: &str) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = row.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fingerprints_never_change() {
        // The published FNV-1a test value of "a" (draft-eastlake-fnv).
        assert_eq!(super::fingerprint("a"), "d228cb696f1a8caf78912b704e4a8964");
    }
}
