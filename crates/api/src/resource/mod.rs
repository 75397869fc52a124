//! What people see and search, and the orders they give.

pub mod alerts;
pub mod audit;
pub mod blocks;
pub mod calls;
pub mod cases;
pub mod events;
pub mod gather;
pub mod live;
pub mod node;
pub mod usage;
