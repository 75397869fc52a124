//! What is written down: call records and events for people and their tools.

mod daily;

pub use daily::Daily;
