//! A durable restriction and the ladder of how far it goes.

use crate::{BlockId, ExtensionId, TenantId, WallTime};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The block ladder: each level leaves less working than the one before. Emergency numbers and helplines work
/// on every level, because no level is ever asked about them.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything the policy allows.
    #[default]
    Open,
    /// All but premium, satellite and high-risk destinations.
    Guarded,
    /// National numbers only; no premium ones.
    National,
    /// National geographic numbers only.
    Geographic,
    /// Calls inside the tenant.
    Internal,
    /// Nothing; registrations are refused.
    Suspended,
}

/// Whom a block or a limit covers.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole tenant.
    Tenant(TenantId),
    /// One extension.
    Extension(TenantId, ExtensionId),
}

/// Who made a block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The engine.
    Engine,
    /// A person, by name.
    Person(Arc<str>),
}

/// A restriction in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Its number.
    pub id: BlockId,
    /// Whom it covers.
    pub scope: Scope,
    /// How far it goes.
    pub level: Level,
    /// Since when.
    pub since: WallTime,
    /// When it ends by itself; `None` only by a person.
    pub until: Option<WallTime>,
    /// Who made it.
    pub origin: Origin,
    /// Whether it only says what would have been blocked (`observe`).
    pub shadow: bool,
}

impl Scope {
    /// The tenant of the scope.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        match self {
            Self::Tenant(tenant) | Self::Extension(tenant, _) => tenant,
        }
    }

    /// The extension, when only one is covered.
    #[must_use]
    pub const fn extension(&self) -> Option<&ExtensionId> {
        match self {
            Self::Tenant(_) => None,
            Self::Extension(_, extension) => Some(extension),
        }
    }

    /// Whether a call of `extension` at the scope's tenant falls under it.
    #[must_use]
    pub fn covers(&self, extension: Option<&ExtensionId>) -> bool {
        self.extension().is_none_or(|own| Some(own) == extension)
    }
}
