//! Putting a directory in order, and telling what does not fit together.

use super::Parts;
use foldhash::{HashMap, HashSet};
use ringfence_model::{E164, TenantId, TrunkId};
use std::net::IpAddr;
use thiserror::Error;

/// Who is who, with look-ups. Only what is configured is put in, so nobody can choose keys that collide.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub(super) parts: Parts,
    pub(super) trunk: HashMap<TrunkId, usize>,
    pub(super) tenant: HashMap<TenantId, usize>,
    pub(super) domain: HashMap<String, usize>,
    /// Trunks that send from exactly this address.
    pub(super) host: HashMap<IpAddr, Vec<usize>>,
    /// Trunks that send from a whole network.
    pub(super) ranges: Vec<(ipnet::IpNet, usize)>,
    /// Trunks that need no address: they show a certificate ...
    pub(super) certificate: HashMap<String, Vec<usize>>,
    /// ... or know a password. By tenant and user name.
    pub(super) trunk_login: HashMap<(TenantId, String), usize>,
    /// Tenants that have such trunks.
    pub(super) trunk_logins: HashSet<TenantId>,
    pub(super) extension: HashMap<(TenantId, String), usize>,
    pub(super) login: HashMap<(TenantId, String), usize>,
    /// Whole numbers, and first digits of blocks (which have no extension).
    pub(super) number: HashMap<E164, (usize, Option<usize>)>,
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
        for at in 0..self.parts.trunks.len() {
            self.index_proof(at)?;
        }
        self.ranges.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        Ok(())
    }

    /// A trunk without addresses is known by what it proves.
    fn index_proof(&mut self, at: usize) -> Result<(), DirectoryError> {
        let Some(trunk) = self.parts.trunks.get(at).filter(|t| t.networks.is_empty()) else {
            return Ok(());
        };
        if let Some(name) = &trunk.certificate {
            self.certificate.entry(name.to_ascii_lowercase()).or_default().push(at);
        } else if let (Some(login), Some(tenant)) = (&trunk.login, &trunk.tenant) {
            let key = (tenant.clone(), login.user.clone());
            if self.trunk_login.insert(key, at).is_some() {
                return Err(twice("login", &login.user));
            }
            self.trunk_logins.insert(tenant.clone());
        }
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
            if let Some(login) = &extension.login {
                let key = (extension.tenant.clone(), login.user.clone());
                if self.trunk_login.contains_key(&key) || self.login.insert(key, at).is_some() {
                    return Err(twice("login", &login.user));
                }
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
