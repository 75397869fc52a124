//! Finding people in the directory.

use super::{Extension, Listener, Parts, Tenant, Trunk};
use ringfence_model::{E164, TenantId, TrunkId};
use ringfence_sip::{Flow, Transport};
use std::collections::HashMap;
use std::net::IpAddr;
use thiserror::Error;

/// Who is who, with look-ups.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    parts: Parts,
    trunk: HashMap<TrunkId, usize>,
    tenant: HashMap<TenantId, usize>,
    domain: HashMap<String, usize>,
    /// Trunks that send from exactly this address.
    host: HashMap<IpAddr, Vec<usize>>,
    /// Trunks that send from a whole network.
    ranges: Vec<(ipnet::IpNet, usize)>,
    extension: HashMap<(TenantId, String), usize>,
    number: HashMap<E164, (usize, Option<usize>)>,
}

/// What does not fit together.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DirectoryError {
    /// Two things have the same name.
    #[error("{what} \"{name}\" is there twice")]
    Twice {
        /// What sort of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A name that means nothing.
    #[error("{by} names {what} \"{name}\", which is not there")]
    Unknown {
        /// Who names it.
        by: String,
        /// What sort of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
}

impl Directory {
    /// Puts the parts in order.
    ///
    /// # Errors
    /// When a name is there twice, or means nothing.
    pub fn new(parts: Parts) -> Result<Self, DirectoryError> {
        let mut new = Self { parts, ..Self::default() };
        new.index_tenants()?;
        new.index_trunks()?;
        new.index_extensions()?;
        new.check_names()?;
        Ok(new)
    }

    /// All there is.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// A tenant by its id.
    #[must_use]
    pub fn tenant(&self, id: &TenantId) -> Option<&Tenant> {
        self.parts.tenants.get(*self.tenant.get(id)?)
    }

    /// The tenant whose domain this is, without regard to case.
    #[must_use]
    pub fn tenant_of_domain(&self, host: &[u8]) -> Option<&Tenant> {
        let name = std::str::from_utf8(host).ok()?;
        let found = match self.domain.get(name) {
            Some(found) => *found,
            None => *self.domain.get(&name.to_ascii_lowercase())?,
        };
        self.parts.tenants.get(found)
    }

    /// A trunk by its id.
    #[must_use]
    pub fn trunk(&self, id: &TrunkId) -> Option<&Trunk> {
        self.parts.trunks.get(*self.trunk.get(id)?)
    }

    /// Trunks that may send from this address: the most exact first.
    pub fn trunks_at(&self, ip: IpAddr) -> impl Iterator<Item = &Trunk> {
        let ip = ip.to_canonical();
        let exact = self.host.get(&ip).into_iter().flatten();
        let ranges = self.ranges.iter().filter(move |(net, _)| net.contains(&ip)).map(|(_, at)| at);
        exact.chain(ranges).filter_map(|at| self.parts.trunks.get(*at))
    }

    /// An extension of a tenant by its name.
    #[must_use]
    pub fn extension(&self, tenant: &TenantId, name: &str) -> Option<&Extension> {
        // The key owns its parts; an extension is looked up once per call.
        let at = self.extension.get(&(tenant.clone(), name.to_owned()))?;
        self.parts.extensions.get(*at)
    }

    /// Whose number this is.
    #[must_use]
    pub fn owner_of(&self, number: E164) -> Option<(&Tenant, Option<&Extension>)> {
        let (tenant, extension) = self.number.get(&number)?;
        let extension = extension.and_then(|at| self.parts.extensions.get(at));
        Some((self.parts.tenants.get(*tenant)?, extension))
    }

    /// The listener a flow is on.
    #[must_use]
    pub fn listener(&self, flow: &Flow) -> Option<&Listener> {
        let all = &self.parts.listeners;
        all.iter().find(|at| at.transport == flow.transport && at.local == flow.local)
    }

    /// The listener from which `trunk` is reached over `transport` at `remote`.
    #[must_use]
    pub fn listener_for(
        &self,
        trunk: Option<&Trunk>,
        transport: Transport,
        remote: IpAddr,
    ) -> Option<&Listener> {
        let wanted = trunk.and_then(|trunk| trunk.listener.as_deref());
        self.parts.listeners.iter().find(|at| {
            at.transport == transport
                && at.local.is_ipv4() == remote.is_ipv4()
                && wanted.is_none_or(|name| at.name == name)
        })
    }

    /// The shard that holds everything of a tenant. The same in every process: tokens outlive it.
    #[must_use]
    pub fn shard_of(&self, tenant: &TenantId) -> u8 {
        let hash = fnv(tenant.as_str().as_bytes());
        u8::try_from(hash % u64::from(self.parts.shards.max(1))).unwrap_or(0)
    }

    fn index_tenants(&mut self) -> Result<(), DirectoryError> {
        for (at, tenant) in self.parts.tenants.iter().enumerate() {
            if self.tenant.insert(tenant.id.clone(), at).is_some() {
                return Err(twice("tenant", tenant.id.as_str()));
            }
            for domain in &tenant.domains {
                if self.domain.insert(domain.to_ascii_lowercase(), at).is_some() {
                    return Err(twice("domain", domain));
                }
            }
            for number in &tenant.numbers {
                if self.number.insert(*number, (at, None)).is_some() {
                    return Err(twice("number", &number.to_string()));
                }
            }
        }
        Ok(())
    }

    fn index_trunks(&mut self) -> Result<(), DirectoryError> {
        for (at, trunk) in self.parts.trunks.iter().enumerate() {
            if self.trunk.insert(trunk.id.clone(), at).is_some() {
                return Err(twice("trunk", trunk.id.as_str()));
            }
            for net in &trunk.networks {
                if net.prefix_len() == net.max_prefix_len() {
                    self.host.entry(net.addr()).or_default().push(at);
                } else {
                    self.ranges.push((*net, at));
                }
            }
        }
        self.ranges.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        Ok(())
    }

    fn index_extensions(&mut self) -> Result<(), DirectoryError> {
        for (at, extension) in self.parts.extensions.iter().enumerate() {
            let by = || format!("extension \"{}\"", extension.id.as_str());
            let tenant =
                *self.tenant.get(&extension.tenant).ok_or_else(|| DirectoryError::Unknown {
                    by: by(),
                    what: "tenant",
                    name: extension.tenant.as_str().to_owned(),
                })?;
            let key = (extension.tenant.clone(), extension.id.as_str().to_owned());
            if self.extension.insert(key, at).is_some() {
                return Err(twice("extension", extension.id.as_str()));
            }
            for number in &extension.numbers {
                match self.number.insert(*number, (tenant, Some(at))) {
                    // A number of the tenant may also be one of its extensions'.
                    Some((of, None)) if of == tenant => {}
                    None => {}
                    Some(_) => return Err(twice("number", &number.to_string())),
                }
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), DirectoryError> {
        let trunk = |by: String, id: &TrunkId| match self.trunk.contains_key(id) {
            true => Ok(()),
            false => {
                Err(DirectoryError::Unknown { by, what: "trunk", name: id.as_str().to_owned() })
            }
        };
        for tenant in &self.parts.tenants {
            let by = || format!("tenant \"{}\"", tenant.id.as_str());
            for id in tenant.carriers.iter().chain(&tenant.emergency_carriers) {
                trunk(by(), id)?;
            }
            if let super::Inbound::Trunk(id) = &tenant.inbound {
                trunk(by(), id)?;
            }
            if let super::Registering::PassedTo(id) = &tenant.registering {
                trunk(by(), id)?;
            }
        }
        for of in &self.parts.trunks {
            let by = || format!("trunk \"{}\"", of.id.as_str());
            if let Some(tenant) = of.tenant.as_ref().filter(|id| !self.tenant.contains_key(*id)) {
                let name = tenant.as_str().to_owned();
                return Err(DirectoryError::Unknown { by: by(), what: "tenant", name });
            }
            if let Some(name) =
                of.listener.as_ref().filter(|n| !self.parts.listeners.iter().any(|l| l.name == **n))
            {
                return Err(DirectoryError::Unknown {
                    by: by(),
                    what: "listener",
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }
}

fn twice(what: &'static str, name: &str) -> DirectoryError {
    DirectoryError::Twice { what, name: name.to_owned() }
}

/// FNV-1a: stable from process to process, which the seeded hashes of tables are not.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
