//! HTTP: how a request becomes a question with a known caller, and how it is answered.

pub mod ask;
pub mod body;
pub mod cookie;
pub mod document;
pub mod frame;
pub mod origin;
pub mod page;
pub mod repeat;
pub mod reply;
pub mod route;
