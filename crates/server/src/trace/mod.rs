//! The messages of one call, or of one number, while an operator watches: as a capture file or to a capture server.

mod follow;
mod packet;
pub mod pcap;

pub use follow::{Follow, Wanted};
pub use packet::Packet;
