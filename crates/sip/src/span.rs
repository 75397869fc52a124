//! A piece of a message, by offsets.

/// From `start` up to and without `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Offsets of a message fit 32 bits: [`crate::Limits`] caps it far below.
    #[allow(clippy::cast_possible_truncation, reason = "messages are capped far below 4 GiB")]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Where `part`, a piece of `whole`, stands in it.
    pub fn within(whole: &[u8], part: &[u8]) -> Self {
        if part.is_empty() {
            return Self::default();
        }
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        Self::new(start, start.wrapping_add(part.len()))
    }

    /// The bytes meant; nothing when the span is not of these bytes.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether nothing is meant.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}
