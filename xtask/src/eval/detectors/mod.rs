//! Detectors to compare with and to test the scorer with.

mod day_cost;
mod stress;

use anyhow::{Result, bail};

use super::set::Set;
use day_cost::DayCost;
use stress::Stress;

/// Whoever judges calls: one JSON line in, one JSON line out; the protocol of the pipe, in process.
pub trait Detector {
    /// `line` has no newline; `reply` is empty on entry, and an empty reply or `{}` says nothing.
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>);
}

/// A fresh detector by name: each set starts from nothing.
pub fn by_name<'a>(name: &str, set: &'a Set) -> Result<Box<dyn Detector + 'a>> {
    match name {
        "null" => Ok(Box::new(Null)),
        "day-cost" => Ok(Box::new(DayCost::new(&set.deck))),
        "stress" => Ok(Box::new(Stress::default())),
        _ => bail!("no detector named {name}; there are null, day-cost and stress"),
    }
}

/// Lets everything pass: what is lost without a firewall.
struct Null;

impl Detector for Null {
    fn line(&mut self, _: &[u8], _: &mut Vec<u8>) {}
}
