//! Ending calls at PBXs: what is said to each, and what it answers. Bytes in, bytes out; connections are others' affair.

pub mod ami;
pub mod esl;
pub mod rpc;

/// What a PBX says of an order to end a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It ends it.
    Done,
    /// It knows no such call.
    NotThere,
}

/// What came is not what the PBX should say.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Garbled {
    /// It refused.
    #[error("it says: {0}")]
    Refused(String),
    /// It cannot be read.
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
    /// It is longer than anything it should say.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Only what ends no line and no word may stand in a command.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Cut to what fits a message.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
