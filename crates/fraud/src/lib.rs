//! Is it fraud? Policy, exposure, profile, signals, verdict, blocks and their explanation.
//!
//! Pure: time, prices and destinations are arguments. `gate` drives it. Start reading at [`Engine::outbound`]
//! (`engine/outbound.rs`): a call's way through standing, exposure, behaviour and signals.

pub mod approved;
pub mod calendar;
pub mod context;
pub mod decide;
mod engine;
pub mod explain;
pub mod exposure;
pub mod ladder;
mod max_loss;
pub mod profile;
pub mod recent;
pub mod running;
pub mod settings;
pub mod signals;
pub mod standing;
pub mod tenant;

pub use engine::{Act, Engine, EngineState, Facts, WrongVersion};
pub use max_loss::{MaxLoss, max_loss};
pub use settings::{Settings, SettingsError};
