//! The people of the tests: a company with phones here, one whose PBX keeps the phones, and their carriers.

use ringfence_call::{
    Account, Dialling, Extension, Hop, Inbound, Listener, Login, NumberForm, Parts, Referrals,
    Registering, Side, Target, Tenant, Trunk, Upstream,
};
use ringfence_model::{ExtensionId, TenantId, TrunkId};
use ringfence_sip::Transport;
use ringfence_sip::digest::{Algorithm, Ha1};
use std::time::Duration;

pub const ACME: &str = "acme.example";
pub const PBX_TOWN: &str = "town.example";
pub const CARRIER: &str = "192.0.2.10:5060";
pub const CARRIER_B: &str = "192.0.2.20:5060";
pub const PBX: &str = "203.0.113.5:5060";

pub fn dutch() -> Dialling {
    Dialling {
        country_code: "31".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    }
}

pub fn tenant(id: &str, domain: &str) -> Tenant {
    Tenant {
        id: TenantId::new(id),
        domains: vec![domain.into()],
        carriers: vec![TrunkId::new("carrier")],
        emergency_carriers: Vec::new(),
        inbound: Inbound::Nowhere,
        numbers: Vec::new(),
        registering: Registering::Here {
            contacts_max: 3,
            expires_min: Duration::from_secs(60),
            expires_max: Duration::from_secs(3_600),
        },
        algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
        reject_code: 486,
        ring: Duration::from_secs(60),
        referrals: Referrals::Pass,
        methods: Vec::new(),
        dialling: dutch(),
        extension_digits_max: 4,
    }
}

pub fn extension(tenant: &str, domain: &str, id: &str, number: &str) -> Extension {
    let user = format!("user{id}");
    Extension {
        tenant: TenantId::new(tenant),
        id: ExtensionId::new(id),
        login: Some(Login { ha1: Ha1::new(&user, domain, &format!("secret{id}")), user }),
        numbers: if number.is_empty() { Vec::new() } else { vec![number.parse().unwrap()] },
        caller: None,
        networks: Vec::new(),
    }
}

pub fn trunk(id: &str, tenant: Option<&str>, side: Side, address: &str) -> Trunk {
    let (host, port) = address.rsplit_once(':').unwrap();
    Trunk {
        id: TrunkId::new(id),
        tenant: tenant.map(TenantId::new),
        side,
        networks: vec![format!("{host}/32").parse().unwrap()],
        certificate: None,
        login: None,
        targets: vec![Target {
            host: host.into(),
            port: Some(port.parse().unwrap()),
            transport: Some(Transport::Udp),
        }],
        listener: None,
        account: None,
        upstream: None,
        probe: None,
        reject_code: 603,
        failover_codes: vec![503],
        numbers: NumberForm::Plus,
        dialling: Some(dutch()),
        trusted: true,
        adviser: None,
    }
}

pub fn hop(address: &str) -> Hop {
    Hop { remote: address.parse().unwrap(), transport: Transport::Udp }
}

pub fn registering_at_carrier(trunk: &mut Trunk) {
    let account = Account { user: "acme1".into(), password: "pw".into() };
    trunk.account = Some(account);
    trunk.upstream = Some(Upstream {
        aor: "sip:acme1@carrier.example".into(),
        expires: Duration::from_secs(3_600),
    });
}

/// Acme has phones here and a carrier; Town has a PBX that keeps its phones; both use the second carrier.
pub fn parts() -> Parts {
    let acme = Tenant {
        carriers: vec!["carrier".into(), "shared".into()],
        numbers: vec!["+3120765".parse().unwrap()],
        ..tenant("acme", ACME)
    };
    let town = Tenant {
        carriers: vec!["shared".into()],
        registering: Registering::PassedTo("pbx".into()),
        inbound: Inbound::Trunk("pbx".into()),
        numbers: vec!["+3130123".parse().unwrap()],
        ..tenant("town", PBX_TOWN)
    };
    let listener = |name: &str, transport, port: u16| Listener {
        name: name.into(),
        transport,
        local: format!("198.51.100.1:{port}").parse().unwrap(),
        advertised: format!("edge.example:{port}"),
    };
    Parts {
        listeners: vec![
            listener("udp", Transport::Udp, 5060),
            listener("tcp", Transport::Tcp, 5060),
            listener("tls", Transport::Tls, 5061),
        ],
        tenants: vec![acme, town],
        trunks: vec![
            trunk("carrier", Some("acme"), Side::Carrier, CARRIER),
            trunk("shared", None, Side::Carrier, CARRIER_B),
            trunk("pbx", Some("town"), Side::Pbx, PBX),
        ],
        extensions: vec![
            extension("acme", ACME, "201", "+31201234201"),
            extension("acme", ACME, "202", "+31201234202"),
            Extension { login: None, ..extension("acme", ACME, "299", "") },
        ],
        shards: 1,
    }
}
