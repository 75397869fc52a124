//! Failed registrations, told once a minute.

use ringfence_model::{ExtensionId, Moment, RegistrationFailure, Source, TenantId};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// How long failures are gathered.
const GATHER: Duration = Duration::from_secs(60);
/// Sources told apart at once. What comes on top is left out until others were told: it is the guard that stops an
/// attack, and a thousand reports tell as much as more.
const GATHERED_MAX: usize = 1_024;

type Key = (TenantId, Option<ExtensionId>, IpAddr);

/// Failures that were not told yet.
#[derive(Debug, Default)]
pub struct Failures {
    gathered: HashMap<Key, RegistrationFailure>,
    order: VecDeque<(Moment, Key)>,
}

impl Failures {
    /// One more.
    pub fn count(
        &mut self,
        now: Moment,
        tenant: &TenantId,
        extension: Option<ExtensionId>,
        source: Source,
    ) {
        let key = (tenant.clone(), extension, source.ip);
        if let Some(gathered) = self.gathered.get_mut(&key) {
            gathered.count = gathered.count.saturating_add(1);
            return;
        }
        if self.gathered.len() >= GATHERED_MAX {
            return;
        }
        let (tenant, extension) = (key.0.clone(), key.1.clone());
        self.order.push_back((now + GATHER, key.clone()));
        let one = RegistrationFailure { tenant, extension, count: 1, source };
        self.gathered.insert(key, one);
    }

    /// The next ones to tell.
    pub fn due(&mut self, now: Moment) -> Option<RegistrationFailure> {
        let (_, key) = self.order.pop_front_if(|(at, _)| *at <= now)?;
        self.gathered.remove(&key)
    }

    /// When the next ones are to be told.
    pub fn next(&self) -> Option<Moment> {
        self.order.front().map(|(at, _)| *at)
    }
}
