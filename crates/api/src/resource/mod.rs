//! What people see and search, and the orders they give.

pub mod adviser;
pub mod alerts;
pub mod approvals;
pub mod audit;
pub mod bans;
pub mod blocks;
pub mod calls;
pub mod cases;
pub mod events;
pub mod evidence;
pub mod export;
pub mod gather;
pub mod health;
pub mod live;
pub mod loss;
pub mod node;
pub mod notices;
pub mod numbers;
pub mod office;
pub mod replays;
pub mod reports;
pub mod settings;
pub mod usage;
