//! How big a message may be.

/// Caps, checked before anything is kept of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Whole message, in bytes; a UDP datagram cannot be longer than the default.
    pub message_bytes_max: usize,
    /// Start line and header fields, in bytes.
    pub head_bytes_max: usize,
    /// Header fields, counted by line.
    pub fields_max: usize,
    /// One header field with its continuation lines, in bytes. STIR `Identity` fields reach two kilobytes.
    pub field_bytes_max: usize,
    /// Request URI, in bytes.
    pub uri_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 65_535,
            head_bytes_max: 16_384,
            fields_max: 128,
            field_bytes_max: 8_192,
            uri_bytes_max: 1_024,
        }
    }
}
