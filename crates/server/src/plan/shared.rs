//! Addresses that a plan gives to one tenant and that lead to another: the narrowest network says whose a call is, so
//! that somebody could take the calls of another, or have theirs paid by another.

use super::Rows;
use ipnet::IpNet;
use ringfence_api::plan::Shared;
use ringfence_call::Directory;
use ringfence_model::{TenantId, TrunkId};
use ringfence_store::{Section, SettingKey};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Of each trunk and extension whose address changes, the first that meets one that is not of the same tenant. Two
/// extensions do not meet: what they are known by is a password.
pub(super) fn shared(stored: &Rows, new: &Rows, directory: &Directory) -> Vec<Shared> {
    let changed = |key: &SettingKey, body: &Json| {
        let fields = known_by(key.section);
        let before = stored.get(key).map(|row| &row.body);
        !fields.is_empty()
            && fields.iter().any(|field| body.get(field) != before.and_then(|of| of.get(field)))
    };
    let rows: Vec<&SettingKey> =
        new.iter().filter(|(key, row)| changed(key, &row.body)).map(|(key, _)| key).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let known = Known::of(directory);
    rows.into_iter().filter_map(|key| known.meets(key, directory)).collect()
}

/// The fields of a row that say by what it is known.
const fn known_by(section: Section) -> &'static [&'static str] {
    match section {
        Section::Trunk => &["address", "target", "certificate"],
        Section::Extension => &["networks"],
        _ => &[],
    }
}

/// By what trunks and extensions are known.
#[derive(Default)]
struct Known {
    trunks: Networks,
    extensions: Networks,
    certificates: HashMap<String, Vec<SettingKey>>,
}

/// Whose a network is, by where it begins and its prefix length.
type Networks = BTreeMap<(IpAddr, u8), Vec<SettingKey>>;

impl Known {
    fn of(directory: &Directory) -> Self {
        let mut known = Self::default();
        for trunk in &directory.parts().trunks {
            let key = SettingKey::new(Section::Trunk, trunk.tenant.as_ref(), trunk.id.as_str());
            for net in &trunk.networks {
                known.trunks.entry(place(net)).or_default().push(key.clone());
            }
            if let Some(name) = &trunk.certificate {
                known.certificates.entry(name.to_ascii_lowercase()).or_default().push(key);
            }
        }
        for extension in &directory.parts().extensions {
            let id = extension.id.as_str();
            let key = SettingKey::new(Section::Extension, Some(&extension.tenant), id);
            for net in &extension.networks {
                known.extensions.entry(place(net)).or_default().push(key.clone());
            }
        }
        known
    }

    fn meets(&self, key: &SettingKey, directory: &Directory) -> Option<Shared> {
        let tenant = key.tenant.as_ref();
        let found = |field, what: String, with: &SettingKey| {
            Some(Shared { key: key.clone(), field, what, with: with.clone() })
        };
        if key.section == Section::Extension {
            let nets = &directory.extension(tenant?, &key.id)?.networks;
            let (net, with) = nets.iter().find_map(|net| meeting(&self.trunks, net, tenant))?;
            return found("networks", net.to_string(), with);
        }
        let trunk = directory.trunk(&TrunkId::new(&key.id))?;
        // A PBX without a tenant is that of the only one.
        let tenant = trunk.tenant.as_ref();
        let nets = trunk.networks.iter();
        let of_trunk = nets.clone().find_map(|net| meeting(&self.trunks, net, tenant));
        let of_phone = || nets.clone().find_map(|net| meeting(&self.extensions, net, tenant));
        if let Some((net, with)) = of_trunk.or_else(of_phone) {
            return found("address", net.to_string(), with);
        }
        let name = trunk.certificate.as_ref()?.to_ascii_lowercase();
        let with = self.certificates.get(&name)?.iter().find(|with| with.tenant.as_ref() != tenant);
        found("certificate", name.clone(), with?)
    }
}

fn place(net: &IpNet) -> (IpAddr, u8) {
    (net.network(), net.prefix_len())
}

/// A network that holds `net` or lies in it and is not of this tenant.
fn meeting<'k>(
    known: &'k Networks,
    net: &IpNet,
    tenant: Option<&TenantId>,
) -> Option<(IpNet, &'k SettingKey)> {
    let others = |keys: &'k Vec<SettingKey>| keys.iter().find(|key| key.tenant.as_ref() != tenant);
    let inside = known.range((net.network(), 0)..=(net.broadcast(), u8::MAX));
    let around = std::iter::successors(net.supernet(), IpNet::supernet)
        .filter_map(|wider| known.get(&place(&wider)));
    let with = inside.map(|(_, keys)| keys).find_map(others);
    with.or_else(|| around.into_iter().find_map(others)).map(|with| (net.trunc(), with))
}
