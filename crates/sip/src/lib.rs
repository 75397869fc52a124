//! The wire: bytes to SIP messages and back. No I/O, no clock, no chance.
//!
//! A [`Message`] is the bytes as they came with a table of where its fields are; reading a field gives bytes of it,
//! typed views ([`Uri`], [`NameAddr`], [`Via`], [`CSeq`]) borrow from it. What is sent is made with [`Builder`] by
//! copying lines and writing new ones, so an unknown header passes to the letter.

mod builder;
pub mod digest;
mod essentials;
mod fault;
mod field;
mod flow;
mod framing;
mod head;
mod limits;
mod message;
mod method;
mod name;
mod name_addr;
mod params;
pub mod sdp;
mod short;
mod span;
mod start_line;
mod text;
mod uri;
mod via;

pub use builder::{BadText, Builder};
pub use essentials::Essentials;
pub use fault::{Fault, FrameError};
pub use field::{CSeq, RAck};
pub use flow::{ConnectionId, Flow, Transport};
pub use framing::{Frame, Framer};
pub use head::field_of;
pub use limits::Limits;
pub use message::{Field, Message, Start};
pub use method::Method;
pub use name::Name;
pub use name_addr::NameAddr;
pub use params::{Param, Params};
pub use short::ShortText;
pub use text::{split_commas, trim, unfold, unquote};
pub use uri::{Host, Scheme, Uri};
pub use via::Via;
