//! What somebody in the virtual world wants to do: one call, before anyone has judged it.

use ringfence_model::{CallId, Direction, E164, ExtensionId, Source, Via, WallTime};
use std::sync::Arc;

/// Why a call is made. The checkers know it; the firewall does not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purpose {
    /// Daily business.
    Honest,
    /// Odd, but honest.
    Odd(&'static str),
    /// Emergency or helpline.
    Protected,
    /// Part of the campaign of this index.
    Attack(usize),
}

/// One call that somebody wants to make.
#[derive(Clone, Debug)]
pub struct Wish {
    /// When.
    pub at: WallTime,
    /// At which company, by index.
    pub company: usize,
    /// By, or to, which extension.
    pub extension: Option<ExtensionId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// The calling number of an inbound call.
    pub a_number: Option<E164>,
    /// What is dialled.
    pub dialled: Arc<str>,
    /// How long it rings.
    pub ring_secs: u32,
    /// How long they talk; `None` when nobody answers.
    pub talk_secs: Option<u32>,
    /// How it is made.
    pub via: Via,
    /// From where.
    pub source: Option<Source>,
    /// The extension that diverts.
    pub forwarded_by: Option<ExtensionId>,
    /// The inbound call it continues.
    pub parent: Option<CallId>,
    /// Why.
    pub purpose: Purpose,
}

impl Wish {
    /// A plain outbound call from a desk phone.
    #[must_use]
    pub fn outbound(at: WallTime, company: usize, extension: &str, dialled: &str) -> Self {
        Self {
            at,
            company,
            extension: Some(extension.into()),
            direction: Direction::Outbound,
            a_number: None,
            dialled: dialled.into(),
            ring_secs: 6,
            talk_secs: Some(60),
            via: Via::Phone,
            source: None,
            forwarded_by: None,
            parent: None,
            purpose: Purpose::Honest,
        }
    }

    /// The same, talking so long.
    #[must_use]
    pub fn talking(self, secs: u32) -> Self {
        Self { talk_secs: Some(secs), ..self }
    }

    /// The same, for a reason.
    #[must_use]
    pub fn because(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }
}
