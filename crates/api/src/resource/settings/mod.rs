//! Settings: tenants, their policies and tariffs, trunks and extensions; and all of them as a plan.
//!
//! Whatever is changed goes one way, [`change::settle`]: the node says what the change comes to and whether it works, the
//! caller must have the right to each row of it, what is grave is proposed, all else the node stores and puts in force.

pub mod change;
pub mod of_tenant;
pub mod plan;
pub mod policy;
pub mod revert;
pub mod show;
pub mod stakes;
pub mod tariff;
pub mod tenants;
pub mod trunks;
