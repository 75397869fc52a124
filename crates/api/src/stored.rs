//! How what people may do is kept in the store: grants, resellers, access.

use crate::access::Access;
use crate::refusal::Refusal;
use crate::rights::{Grant, Place, Reach, Role};
use ringfence_model::TenantId;
use ringfence_store as store;
use ringfence_store::{Claim, Section, SettingKey, Store, StoreError, User};
use serde::Deserialize;

/// The claim a reseller has on a tenant: each has one at most.
const CLAIM: &str = "tenant_of_reseller";
/// Names of the access rules of the platform; a tenant's is its own.
const ACCESS: &str = "access";

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Gone(_) => {
                tracing::warn!("{error}");
                Self::StoreGone("the database does not answer")
            }
            StoreError::Busy(_) => Self::Busy,
            StoreError::Full(_) => {
                tracing::error!("{error}");
                Self::StoreGone("the disk of the database is full")
            }
            StoreError::ReadOnly(_) => {
                tracing::error!("{error}");
                Self::StoreGone("the database may only be read")
            }
            StoreError::Conflict { .. } => Self::Outdated,
            StoreError::NotFound(_) => Self::NotFound("thing"),
            StoreError::Refused(said) => {
                Self::Conflict { code: "refused", message: said, hint: "look again" }
            }
            StoreError::Corrupt(_) | StoreError::Newer { .. } | StoreError::Fault(_) => {
                tracing::error!("{error}");
                Self::Broken
            }
        }
    }
}

/// What was looked for, called `what` where it is not there: as if the caller might not see it.
pub fn found<T>(result: store::Result<T>, what: &'static str) -> Result<T, Refusal> {
    match result {
        Err(StoreError::NotFound(_)) => Err(Refusal::NotFound(what)),
        result => Ok(result?),
    }
}

/// A user's grants.
pub fn grants(user: &User) -> Vec<Grant> {
    user.grants
        .iter()
        .map(|grant| Grant { role: role(grant.role), reach: reach(&grant.reach) })
        .collect()
}

/// Grants as the store has them.
pub fn to_store(grants: &[Grant]) -> Vec<store::Grant> {
    let one = |grant: &Grant| store::Grant {
        role: match grant.role {
            Role::PlatformAdmin => store::Role::PlatformAdmin,
            Role::Reseller => store::Role::Reseller,
            Role::TenantAdmin => store::Role::TenantAdmin,
            Role::Operator => store::Role::Operator,
            Role::Auditor => store::Role::Auditor,
        },
        reach: match &grant.reach {
            Reach::Platform => store::Reach::Platform,
            Reach::Reseller(id) => store::Reach::Reseller(id.clone()),
            Reach::Tenant(id) => store::Reach::Tenant(id.clone()),
        },
    };
    grants.iter().map(one).collect()
}

const fn role(role: store::Role) -> Role {
    match role {
        store::Role::PlatformAdmin => Role::PlatformAdmin,
        store::Role::Reseller => Role::Reseller,
        store::Role::TenantAdmin => Role::TenantAdmin,
        store::Role::Operator => Role::Operator,
        store::Role::Auditor => Role::Auditor,
    }
}

fn reach(reach: &store::Reach) -> Reach {
    match reach {
        store::Reach::Platform => Reach::Platform,
        store::Reach::Reseller(id) => Reach::Reseller(id.clone()),
        store::Reach::Tenant(id) => Reach::Tenant(id.clone()),
    }
}

/// A reseller's own row.
#[derive(Deserialize)]
struct ResellerBody {
    #[serde(default)]
    tenants: Vec<TenantId>,
}

/// The claims a reseller makes on its tenants: they go with its setting, whose body is `{"tenants": [...]}`.
#[must_use]
pub fn claims(tenants: &[TenantId]) -> Vec<Claim> {
    let claim = |tenant: &TenantId| Claim { kind: CLAIM.into(), name: tenant.as_str().into() };
    tenants.iter().map(claim).collect()
}

/// Where what a tenant has belongs.
pub fn place_of(store: &Store, tenant: &TenantId) -> Result<Place, Refusal> {
    let claim = Claim { kind: CLAIM.into(), name: tenant.as_str().into() };
    let brought_by = store.claimed_by(&claim)?.map(|key| key.id);
    Ok(Place::Tenant(tenant.clone(), brought_by))
}

/// Where what may belong to a tenant belongs.
pub fn place(store: &Store, tenant: Option<&TenantId>) -> Result<Place, Refusal> {
    tenant.map_or(Ok(Place::Platform), |tenant| place_of(store, tenant))
}

/// The tenants of a reseller; none when there is no such one.
pub fn tenants_of(store: &Store, reseller: &str) -> Result<Vec<TenantId>, Refusal> {
    match store.setting(&SettingKey::new(Section::Reseller, None, reseller)) {
        Ok(setting) => Ok(serde_json::from_value::<ResellerBody>(setting.body)
            .map_err(|_| Refusal::Broken)?
            .tenants),
        Err(StoreError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Where the access rule of a reach is kept. A reseller's people fall under the platform's.
pub fn access_key(reach: &Reach) -> SettingKey {
    match reach {
        Reach::Platform | Reach::Reseller(_) => SettingKey::new(Section::Platform, None, ACCESS),
        Reach::Tenant(tenant) => SettingKey::new(Section::Platform, Some(tenant), ACCESS),
    }
}

/// From where and when those with a grant over `reach` may come in, and the version of that; 0 when nobody set it.
pub fn access(store: &Store, reach: &Reach) -> Result<(Access, i64), Refusal> {
    match store.setting(&access_key(reach)) {
        Ok(setting) => {
            let access = serde_json::from_value(setting.body).map_err(|_| Refusal::Broken)?;
            Ok((access, setting.version))
        }
        Err(StoreError::NotFound(_)) => Ok((Access::default(), 0)),
        Err(error) => Err(error.into()),
    }
}
