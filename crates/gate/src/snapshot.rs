//! What a shard works by: each tenant's policy, dial plan and tariff. Replaced as a whole, never edited.

use ringfence_call::Directory;
use ringfence_fraud::Settings;
use ringfence_model::TenantId;
use ringfence_numbering::{DialPlan, Tariff};
use std::collections::HashMap;
use std::sync::Arc;

/// What holds for one tenant.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The compiled policy.
    pub settings: Arc<Settings>,
    /// How its people dial.
    pub dial_plan: Arc<DialPlan>,
    /// What its calls cost.
    pub tariff: Arc<Tariff>,
}

/// What holds for every tenant of a shard.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// For tenants that have none of their own.
    pub default: Setup,
    /// For the others.
    pub tenants: HashMap<TenantId, Setup>,
    /// Peers, tenants and phones whose signalling runs through here.
    pub directory: Arc<Directory>,
    /// Who is heard.
    pub guard: Arc<ringfence_guard::Settings>,
}

impl Snapshot {
    /// One setup for everyone.
    #[must_use]
    pub fn of(default: Setup) -> Self {
        Self { default, tenants: HashMap::new(), directory: Arc::default(), guard: Arc::default() }
    }

    /// What holds for `tenant`.
    #[must_use]
    pub fn setup(&self, tenant: &TenantId) -> &Setup {
        self.tenants.get(tenant).unwrap_or(&self.default)
    }
}
