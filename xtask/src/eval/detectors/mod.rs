//! Who is measured, and detectors to compare with and to test the scorer with.

mod day_cost;
mod ringfence;
mod stress;

use anyhow::{Result, bail};
use ringfence_model::Policy;

use super::set::Set;
use day_cost::DayCost;
pub use ringfence::Ringfence;
use ringfence::Unheard;
use stress::Stress;

/// Whoever judges calls: one JSON line in, one JSON line out; the protocol of the pipe, in process.
pub trait Detector {
    /// `line` has no newline; `reply` is empty on entry, and an empty reply or `{}` says nothing.
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()>;
}

/// A fresh detector by name: each set starts from nothing. Only `ringfence` and `unheard` work by a policy.
pub fn by_name<'a>(name: &str, set: &'a Set, policy: &Policy) -> Result<Box<dyn Detector + 'a>> {
    match name {
        "ringfence" => Ok(Box::new(Ringfence::new(policy))),
        "unheard" => Ok(Box::new(Unheard::new(policy))),
        "null" => Ok(Box::new(Null)),
        "day-cost" => Ok(Box::new(DayCost::new(&set.deck))),
        "stress" => Ok(Box::new(Stress::default())),
        _ => bail!(
            "no detector named {name}; there are ringfence, unheard, null, day-cost and stress"
        ),
    }
}

/// Lets everything pass: what is lost without a firewall.
struct Null;

impl Detector for Null {
    fn line(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}
