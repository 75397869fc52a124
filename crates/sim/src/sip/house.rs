//! Who lives in the world: a company with a PBX on a trunk, a company whose telephones register here, their carriers.

use super::agent::{Account, Role};
use anyhow::Result;
use ringfence_call::{
    Dialling, Directory, Extension, Hop, Inbound, Listener, Login, NumberForm, Parts, Referrals,
    Registering, Side, Target, Tenant, Trunk,
};
use ringfence_fraud::Settings;
use ringfence_gate::{Setup, Snapshot};
use ringfence_model::{E164, Policy, TenantId, TrunkId};
use ringfence_numbering::{DialPlan, Tariff};
use ringfence_sip::Transport;
use ringfence_sip::digest::{Algorithm, Ha1};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where the firewall listens.
pub const GATE: &str = "203.0.113.101:5060";
/// The company with a PBX.
pub const ACME: &str = "acme";
/// The company with telephones.
pub const HOSTED: &str = "hosted";
/// Its domain.
pub const DOMAIN: &str = "hosted.example";
/// The PBX.
pub const PBX: usize = 0;
/// The PBX company's first carrier.
pub const CARRIER_A: usize = 1;
/// Its second one.
pub const CARRIER_B: usize = 2;
/// The carrier of the other company.
pub const CARRIER_C: usize = 3;
/// The first telephone.
pub const PHONES: usize = 4;
/// A number of the PBX company.
pub const PBX_NUMBER: &str = "+31201234567";

/// A node before it lives.
#[derive(Clone, Debug)]
pub struct Resident {
    /// What it is.
    pub role: Role,
    /// How it talks.
    pub transport: Transport,
    /// The address it believes to have.
    pub inside: SocketAddr,
    /// The address others see.
    pub outside: SocketAddr,
    /// Whose it is.
    pub tenant: TenantId,
}

/// Everybody and what is agreed with them.
#[derive(Clone, Debug)]
pub struct House {
    /// By node.
    pub residents: Vec<Resident>,
    /// The policy of both companies.
    pub policy: Policy,
    /// How many telephones there are.
    pub phones: usize,
}

/// What a house is like.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// How many telephones.
    pub phones: usize,
    /// The carriers talk over TCP.
    pub carrier_tcp: bool,
    /// Every second telephone talks over TCP.
    pub phone_tcp: bool,
    /// The telephones are behind one address.
    pub one_nat: bool,
    /// What the first carrier answers everything with.
    pub first_carrier: Option<u16>,
    /// How long telephones register for, in seconds.
    pub expires_secs: u32,
}

impl House {
    /// One of this style.
    #[must_use]
    pub fn new(style: Style, policy: Policy) -> Self {
        let by = |tcp| if tcp { Transport::Tcp } else { Transport::Udp };
        let carrier = |address: [u8; 4], tenant: &str, always, number: &str| {
            let at = SocketAddr::from((address, 5060));
            Resident {
                role: Role::Carrier { always, returns_to: number.to_owned() },
                transport: by(style.carrier_tcp),
                inside: at,
                outside: at,
                tenant: tenant.into(),
            }
        };
        let pbx = SocketAddr::from(([10, 20, 30, 101], 5060));
        let mut residents = vec![
            Resident {
                role: Role::Pbx,
                transport: Transport::Udp,
                inside: pbx,
                outside: pbx,
                tenant: ACME.into(),
            },
            carrier([198, 51, 100, 201], ACME, style.first_carrier, PBX_NUMBER),
            carrier([198, 51, 100, 202], ACME, None, PBX_NUMBER),
            carrier([198, 51, 100, 203], HOSTED, None, "+31305551001"),
        ];
        for index in 0..style.phones {
            let host = 111 + index as u8;
            let nat = if style.one_nat { 171 } else { 171 + index as u8 };
            residents.push(Resident {
                role: Role::Phone(account(index, style.expires_secs)),
                transport: by(style.phone_tcp && index % 2 == 1),
                inside: SocketAddr::from(([192, 168, 77, host], 5060)),
                outside: SocketAddr::from(([192, 0, 2, nat], 30_000 + 100 * index as u16)),
                tenant: HOSTED.into(),
            });
        }
        // A program that knows the password of the first extension.
        let cracked = SocketAddr::from(([198, 19, 4, 144], 5070));
        residents.push(Resident {
            role: Role::Phone(account(0, style.expires_secs)),
            transport: Transport::Udp,
            inside: cracked,
            outside: cracked,
            tenant: HOSTED.into(),
        });
        Self { residents, policy, phones: style.phones }
    }

    /// The node of the attacker who knows a password.
    #[must_use]
    pub const fn cracked(&self) -> usize {
        PHONES + self.phones
    }

    /// Whether a node is a carrier.
    #[must_use]
    pub const fn is_carrier(node: usize) -> bool {
        matches!(node, CARRIER_A | CARRIER_B | CARRIER_C)
    }

    /// What the gate works by.
    ///
    /// # Errors
    /// When a policy or the directory cannot work.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let dial_plan = DialPlan { extension_lengths: vec![4], ..DialPlan::default() };
        let setup = Setup {
            settings: Arc::new(Settings::new(self.policy.clone())?),
            tariff: Arc::new(Tariff::default_bands(dial_plan.country)),
            dial_plan: Arc::new(dial_plan),
        };
        let tenants = [ACME, HOSTED].map(|tenant| (TenantId::from(tenant), setup.clone()));
        let directory = Arc::new(Directory::new(self.parts()?)?);
        Ok(Snapshot { directory, tenants: HashMap::from(tenants), ..Snapshot::of(setup) })
    }

    /// Where the trunks are.
    pub fn hops(&self) -> impl Iterator<Item = (TrunkId, Hop)> {
        TRUNKS.iter().enumerate().filter_map(|(node, trunk)| {
            let resident = self.residents.get(node)?;
            let hop = Hop { remote: resident.outside, transport: resident.transport };
            Some(((*trunk).into(), hop))
        })
    }

    fn parts(&self) -> Result<Parts> {
        let gate: SocketAddr = GATE.parse()?;
        let listener = |name: &str, transport| Listener {
            name: name.into(),
            transport,
            local: gate,
            advertised: GATE.into(),
        };
        let tenant = |id: &str, carriers: &[&str]| Tenant {
            id: id.into(),
            domains: vec![format!("{id}.example")],
            carriers: carriers.iter().map(|id| (*id).into()).collect(),
            emergency_carriers: vec![],
            inbound: Inbound::Nowhere,
            numbers: vec![],
            registering: Registering::Nobody,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            reject_code: 603,
            ring: Duration::from_secs(60),
            referrals: Referrals::Pass,
            methods: vec![],
            extension_digits_max: 5,
            dialling: Dialling {
                country_code: "31".into(),
                national_prefix: "0".into(),
                international_prefix: "00".into(),
            },
        };
        let acme = Tenant {
            inbound: Inbound::Trunk("pbx".into()),
            numbers: vec![PBX_NUMBER.parse()?],
            ..tenant(ACME, &["carrier-a", "carrier-b"])
        };
        let hosted = Tenant {
            registering: Registering::Here {
                contacts_max: 4,
                expires_min: Duration::from_secs(20),
                expires_max: Duration::from_secs(600),
            },
            ..tenant(HOSTED, &["carrier-c"])
        };
        let extensions = (0..self.phones).map(extension).collect::<Result<_>>()?;
        Ok(Parts {
            listeners: vec![listener("udp", Transport::Udp), listener("tcp", Transport::Tcp)],
            tenants: vec![acme, hosted],
            trunks: (0..TRUNKS.len()).filter_map(|node| self.trunk(node)).collect(),
            extensions,
            shards: 1,
        })
    }

    fn trunk(&self, node: usize) -> Option<Trunk> {
        let resident = self.residents.get(node)?;
        let pbx = node == PBX;
        Some(Trunk {
            id: (*TRUNKS.get(node)?).into(),
            tenant: Some(resident.tenant.clone()),
            side: if pbx { Side::Pbx } else { Side::Carrier },
            networks: vec![resident.outside.ip().into()],
            certificate: None,
            login: None,
            targets: vec![Target {
                host: resident.outside.ip().to_string(),
                port: Some(resident.outside.port()),
                transport: Some(resident.transport),
            }],
            listener: None,
            account: None,
            upstream: None,
            probe: None,
            reject_code: if pbx { 486 } else { 603 },
            failover_codes: vec![500, 503],
            numbers: if pbx { NumberForm::AsDialled } else { NumberForm::Plus },
            dialling: None,
            trusted: !pbx,
            adviser: None,
        })
    }
}

/// The trunks of the first nodes.
const TRUNKS: [&str; 4] = ["pbx", "carrier-a", "carrier-b", "carrier-c"];

fn account(index: usize, expires_secs: u32) -> Account {
    Account {
        user: (1001 + index).to_string(),
        password: format!("secret-{index}"),
        domain: DOMAIN.into(),
        expires_secs,
    }
}

fn extension(index: usize) -> Result<Extension> {
    let account = account(index, 0);
    let number: E164 = format!("+3130555{}", account.user).parse()?;
    let ha1 = Ha1::new(&account.user, DOMAIN, &account.password);
    Ok(Extension {
        tenant: HOSTED.into(),
        id: account.user.as_str().into(),
        login: Some(Login { user: account.user, ha1 }),
        numbers: vec![number],
        caller: Some(number),
        networks: vec![],
    })
}
