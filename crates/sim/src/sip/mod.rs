//! A virtual SIP world: telephones, a PBX, carriers and attackers around the real gate, message by message, over
//! ways that delay, lose, repeat and disorder.
//!
//! [`Scenario::of_seed`] makes a world, [`run`] drives it to its end and holds it to what must always be true.

mod agent;
mod attack;
mod campaign;
mod fault;
mod house;
pub mod ladder;
mod network;
mod outcome;
mod plan;
mod reckoning;
mod scenario;
mod watch;
mod world;

pub use agent::{Account, Agent, Role};
pub use attack::{Attack, Method as Attacking};
pub use campaign::Campaign;
pub use fault::Fault;
pub use house::House;
pub use ladder::Line;
pub use network::{Carried, Towards, Way, Weather};
pub use outcome::{Broken, Outcome};
pub use plan::{Elsewhere, End, Fact, Plan, Purpose, Treatment, Why};
pub use scenario::Scenario;
pub use world::{run, run_through};
