//! Money at risk: settled over sliding windows, reserved for running and ringing calls, against limits.

mod ledger;
mod limits;
mod window;

pub use ledger::{Ledger, Spend};
pub use limits::{Asked, LimitHit, Standing, check};
pub use window::Sliding;
