//! A virtual world for the firewall: companies that call, carriers that charge, attackers that adapt, people who
//! review, clocks that step and programs that restart. All of it from one seed; time is virtual.
//!
//! [`Scenario::of_seed`] makes a world, [`run`] drives a [`ringfence_gate::Gate`] through it as production does, and
//! the checkers in [`check`] hold it to what must always be true. `cargo run -p ringfence-sim --bin world -- --seed N`
//! shows one run as a ladder of events.

pub mod attack;
mod calls;
pub mod chance;
pub mod check;
pub mod company;
pub mod deck;
pub mod dutch_company;
pub mod ladder;
pub mod odd;
pub mod places;
pub mod replay;
mod runner;
mod scenario;
pub mod sip;
pub mod wish;
mod world;

pub use ringfence_fraud::calendar::CalendarError;
pub use runner::{Broken, Outcome, run};
pub use scenario::{Fault, Scenario, Turn};
pub use world::World;
