//! How a campaign calls.

use crate::places::Place;
use ringfence_model::{ExtensionId, Via};
use std::time::Duration;

/// When a campaign calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hours {
    /// Always.
    Any,
    /// In office hours, to look like business.
    Office,
    /// When nobody looks.
    Closed,
}

/// Which numbers it calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Numbers {
    /// One.
    One,
    /// Any of a place.
    Random,
    /// One after the other through a block.
    Block,
    /// Another place each time.
    Scattered,
    /// One, under many prefixes.
    PrefixSpray,
}

/// What it does when it is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// Goes on.
    Insist,
    /// Takes another extension.
    NextExtension,
    /// Takes another country.
    NextPlace,
    /// Halves its rate.
    Slower,
    /// Comes back when the block may be over.
    WaitOut,
}

/// A rate of calling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// Calls at once.
    pub parallel: u32,
    /// Between two calls.
    pub pause_secs: (u32, u32),
    /// How long each lasts.
    pub talk_secs: (u32, u32),
}

/// How a campaign calls.
#[derive(Clone, Debug)]
pub struct Tactics {
    /// Where to.
    pub places: Vec<Place>,
    /// Which numbers there.
    pub numbers: Numbers,
    /// From getting in to the first call.
    pub lead_secs: (u32, u32),
    /// At first, and for how long.
    pub first: Option<(u64, Phase)>,
    /// Then.
    pub then: Phase,
    /// When.
    pub hours: Hours,
    /// On refusal.
    pub reaction: Reaction,
    /// Over all extensions, or from one.
    pub all_extensions: bool,
    /// How the calls are made.
    pub via: Via,
    /// From the company's own address: the PBX itself is in other hands, or its staff are lured.
    pub from_inside: bool,
    /// Each call continues an inbound one.
    pub through: bool,
    /// Share of calls that are answered.
    pub answer_rate: f64,
    /// Calls at most.
    pub calls_max: u32,
}

impl Tactics {
    /// The rate so long after the start.
    #[must_use]
    pub fn phase(&self, since: Duration) -> Phase {
        match self.first {
            Some((secs, phase)) if since.as_secs() < secs => phase,
            _ => self.then,
        }
    }

    /// The extension that diverts its calls.
    #[must_use]
    pub fn diverts(&self, extension: &ExtensionId) -> Option<ExtensionId> {
        (self.via == Via::Forward).then(|| extension.clone())
    }
}
