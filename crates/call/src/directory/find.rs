//! Finding people in the directory.

use super::{Directory, Extension, Listener, Parts, Registering, Tenant, Trunk};
use ringfence_model::{E164, TenantId, TrunkId};
use ringfence_sip::{Flow, Transport};
use std::net::IpAddr;

impl Directory {
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

    /// The extension that authenticates with this user name.
    #[must_use]
    pub fn extension_of_login(&self, tenant: &TenantId, user: &str) -> Option<&Extension> {
        let at = self.login.get(&(tenant.clone(), user.to_owned()))?;
        self.parts.extensions.get(*at)
    }

    /// The trunk without addresses that authenticates with this user name.
    #[must_use]
    pub fn trunk_of_login(&self, tenant: &TenantId, user: &str) -> Option<&Trunk> {
        let at = self.trunk_login.get(&(tenant.clone(), user.to_owned()))?;
        self.parts.trunks.get(*at)
    }

    /// Whether anybody can authenticate as something of this tenant without a known address.
    #[must_use]
    pub fn has_logins(&self, tenant: &Tenant) -> bool {
        tenant.registering != Registering::Nobody || self.has_trunk_logins(&tenant.id)
    }

    /// Whether a tenant has trunks without addresses that authenticate with a user name.
    #[must_use]
    pub fn has_trunk_logins(&self, tenant: &TenantId) -> bool {
        self.trunk_logins.contains(tenant)
    }

    /// Trunks without addresses that are known by one of the names a certificate proved.
    pub fn trunks_of_certificate<'d>(
        &'d self,
        names: &[String],
    ) -> impl Iterator<Item = &'d Trunk> {
        names
            .iter()
            .filter_map(|name| self.certificate.get(&name.to_ascii_lowercase()))
            .flatten()
            .filter_map(|at| self.parts.trunks.get(*at))
    }

    /// Whose number this is: the whole number, else the longest block it lies in.
    #[must_use]
    pub fn owner_of(&self, number: E164) -> Option<(&Tenant, Option<&Extension>)> {
        let whole = self.number.get(&number);
        // An extension's number is a whole one; only a tenant's may be the beginning of others.
        let block = || {
            (1..number.len()).rev().find_map(|digits| {
                self.number.get(&number.prefix(digits)).filter(|found| found.1.is_none())
            })
        };
        let (tenant, extension) = whole.or_else(block)?;
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
        self.shard_of_name(tenant.as_str())
    }

    /// The shard that registers us at a trunk: its tenant's, so that calls from there need no hand-over.
    #[must_use]
    pub fn shard_of_trunk(&self, trunk: &Trunk) -> u8 {
        self.shard_of_name(trunk.tenant.as_ref().map_or(trunk.id.as_str(), TenantId::as_str))
    }

    fn shard_of_name(&self, name: &str) -> u8 {
        let hash = fnv(name.as_bytes());
        u8::try_from(hash % u64::from(self.parts.shards.max(1))).unwrap_or(0)
    }
}

/// FNV-1a: stable from process to process, which the seeded hashes of tables are not.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
