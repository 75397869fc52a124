//! Running calls nobody earns from: national and internal ones. They cost no exposure and are never weighed; they are
//! kept only so that a block that forbids them can cut them.

use super::{Act, Engine};
use crate::ladder;
use ringfence_model::{
    Attempt, Block, CallId, Destination, ExtensionId, Level, Moment, Money, Now, Reason, TenantId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ordinary {
    tenant: TenantId,
    extension: Option<ExtensionId>,
    /// Where to; `None` inside the tenant.
    destination: Option<Destination>,
    since: Moment,
}

/// Calls kept before those that are lost are looked for.
const ORDINARY_MAX: usize = 100_000;
/// A call whose end was not reported by then is not waited for.
const LOST_AFTER: Duration = Duration::from_secs(12 * 3_600);

impl Engine {
    /// Keeps a call that was let through.
    pub(super) fn follow_ordinary(
        &mut self,
        now: Now,
        attempt: &Attempt,
        destination: Option<Destination>,
    ) {
        if self.ordinary.len() >= ORDINARY_MAX {
            self.ordinary.retain(|_, call| now.moment - call.since < LOST_AFTER);
        }
        if self.ordinary.len() >= ORDINARY_MAX {
            return;
        }
        let (tenant, extension) = (attempt.tenant.clone(), attempt.extension.clone());
        let call = Ordinary { tenant, extension, destination, since: now.moment };
        self.ordinary.insert(attempt.call, call);
    }

    /// Cuts those that `block` forbids, in the order of their ids.
    pub(super) fn cut_ordinary(&mut self, block: &Block, reasons: &[Reason], acts: &mut Vec<Act>) {
        // All but the strict levels leave them alone.
        if block.level < Level::Geographic {
            return;
        }
        let mut forbidden: Vec<CallId> = self
            .ordinary
            .iter()
            .filter(|(_, call)| {
                call.tenant == *block.scope.tenant()
                    && block.scope.covers(call.extension.as_ref())
                    && !call.destination.map_or(block.level < Level::Suspended, |destination| {
                        ladder::permits(block.level, &destination)
                    })
            })
            .map(|(id, _)| *id)
            .collect();
        forbidden.sort_unstable();
        for call in forbidden {
            self.ordinary.remove(&call);
            acts.push(Act::Cut { call, reasons: reasons.to_vec(), cost: Money::ZERO });
        }
    }
}
