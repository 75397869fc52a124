//! What is measured, and what it must be.

mod calls;
mod cut;
mod junk;
mod latency;
mod memory;
mod overload;
mod parse;
mod register;
mod sipp;

use anyhow::Result;

use super::stand::Stand;
use crate::bench::{Bound, Reading};

/// A group of readings that are measured together.
pub struct Figure {
    pub name: &'static str,
    pub about: &'static str,
    pub measure: fn(&Stand) -> Result<Vec<Reading>>,
}

/// All, in the order in which they are measured and shown.
pub const FIGURES: [Figure; 9] = [
    Figure { name: "parse", about: "reading one INVITE", measure: parse::measure },
    Figure { name: "calls", about: "calls a second and what one costs", measure: calls::measure },
    Figure { name: "sipp", about: "the same load made by SIPp", measure: sipp::measure },
    Figure {
        name: "latency",
        about: "what the way of an INVITE takes longer",
        measure: latency::measure,
    },
    Figure {
        name: "overload",
        about: "twice as many calls as there is room for",
        measure: overload::measure,
    },
    Figure { name: "register", about: "registrations with digest", measure: register::measure },
    Figure { name: "junk", about: "calls beside a flood of junk", measure: junk::measure },
    Figure { name: "cut", about: "how soon both sides hear of a cut", measure: cut::measure },
    Figure {
        name: "memory",
        about: "memory of calls, and after a million of them",
        measure: memory::measure,
    },
];

/// A figure with no bound of its own: what explains another.
fn told(what: impl Into<String>, value: f64, unit: &str) -> Reading {
    Reading { what: what.into(), value, unit: unit.to_owned(), must: None }
}

fn at_most(what: impl Into<String>, value: f64, unit: &str, limit: f64) -> Reading {
    Reading { must: Some(Bound::AtMost(limit)), ..told(what, value, unit) }
}

fn at_least(what: impl Into<String>, value: f64, unit: &str, limit: f64) -> Reading {
    Reading { must: Some(Bound::AtLeast(limit)), ..told(what, value, unit) }
}
