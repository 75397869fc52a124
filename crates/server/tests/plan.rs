//! Settings in the store: plans, what they change, and what is said about mistakes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may

use ringfence_api::Fault;
use ringfence_api::plan::{ChangeView, Note, Plan, Planned, Wanted, WantedRow, kept};
use ringfence_model::{TenantId, WallTime};
use ringfence_server::config::{Config, Source, load};
use ringfence_server::plan::{check, export, read, with_stored, without_files};
use ringfence_store::{Act, AuditFilter, Expected, Place, Section, SettingKey, Store};
use serde_json::{Value, json};

const BOOT: &str =
    "metrics = \"127.0.0.1:9090\"\n\n[[listen]]\nudp = \"192.0.2.1:5060\"\n[guard]\nban_secs = 60";

const OFFICE: &str = r#"
[[tenant]]
id = "office"
domains = ["office.example"]
mode = "observe"
policy = { limits = { per_day = 50 }, classes = [{ class = "premium", allow = false }] }

[[trunk]]
id = "kpn"
side = "carrier"
target = "192.0.2.9"
account = { user = "u", password = "staple staple" }

[[extension]]
id = "201"
password = "correct horse battery"
numbers = ["+31 20 123 4501"]
"#;

struct World(Store);

impl World {
    fn new() -> Self {
        Self(Store::open(Place::Memory, WallTime(1)).unwrap())
    }

    fn boot() -> Source {
        Source::new("/nowhere/ringfence.toml".into(), BOOT.to_owned())
    }

    fn plan(&self, text: &str) -> Result<Planned, Fault> {
        self.make(Wanted::Text(text.to_owned()), false)
    }

    fn make(&self, wanted: Wanted, prune: bool) -> Result<Planned, Fault> {
        let ready = check(&self.0, &Self::boot(), Plan { wanted, prune, revision: None })?;
        let act = Act {
            who: "os:test".into(),
            what: "settings.apply".into(),
            why: String::new(),
            address: None,
            at: WallTime(2),
        };
        if !ready.changes.is_empty() {
            self.0.change_settings(&act, ready.changes).unwrap();
        }
        Ok(ready.planned)
    }

    #[track_caller]
    fn notes(&self, text: &str) -> Vec<Note> {
        match self.plan(text) {
            Err(Fault::Unfit(notes)) => notes,
            other => panic!("{other:?}"),
        }
    }

    fn row(&self, section: Section, tenant: Option<&str>, id: &str) -> Value {
        let tenant = tenant.map(TenantId::new);
        self.0.setting(&SettingKey::new(section, tenant.as_ref(), id)).unwrap().body
    }

    fn in_force(&self) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ringfence.toml");
        std::fs::write(&file, BOOT).unwrap();
        with_stored(&file, load(&file).unwrap(), &self.0).unwrap()
    }
}

fn shown(planned: &Planned) -> Vec<String> {
    planned.changes.iter().map(|change| ChangeView::from(change).to_string()).collect()
}

#[test]
fn an_empty_store_is_a_start_and_says_what_to_do() {
    let config = World::new().in_force();
    assert!(config.snapshot.directory.parts().tenants.is_empty() && !config.in_file);
    let told: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("ringfence apply")), "{told:?}");
}

#[test]
fn a_plan_is_what_runs_and_the_second_time_there_is_nothing_to_do() {
    let world = World::new();
    let planned = world.plan(OFFICE).unwrap();
    let shown = shown(&planned);
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(shown.iter().any(|line| line.starts_with("+ policy of office")), "{shown:?}");
    assert!(
        shown.iter().all(|line| !line.contains("horse") && !line.contains("staple")),
        "{shown:?}"
    );
    assert_eq!(world.plan(OFFICE).unwrap().changes, []);
    let config = world.in_force();
    let directory = &config.snapshot.directory;
    let extension = directory.extension(&"office".into(), "201").unwrap();
    let ha1 = ringfence_sip::digest::Ha1::new("201", "office.example", "correct horse battery");
    assert_eq!(extension.login.as_ref().unwrap().ha1.to_bytes(), ha1.to_bytes());
    let carrier = directory.trunk(&"kpn".into()).unwrap();
    assert_eq!(carrier.account.as_ref().unwrap().password, "staple staple");
    assert!(config.snapshot.tenants.contains_key(&TenantId::new("office")));
    assert_eq!(config.metrics.unwrap().port(), 9090, "the rest is of the boot file");
    let stored = world.row(Section::Extension, Some("office"), "201");
    assert!(stored.get("password").is_none(), "only its hash is stored: {stored}");
}

#[test]
fn the_difference_is_told_by_row_and_field() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let changed = OFFICE
        .replace("observe", "enforce")
        .replace("per_day = 50", "per_day = 60")
        .replace("correct horse battery", "another long password");
    assert_eq!(
        shown(&world.plan(&changed).unwrap()),
        [
            "~ tenant \"office\"\n    mode: \"observe\" -> \"enforce\"",
            "~ extension \"201\" of office\n    ha1: *** -> ***",
            "~ policy of office\n    limits.per_day: 50 -> 60",
        ]
    );
}

#[test]
fn an_export_is_a_plan_that_changes_nothing() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let text = export(&world.0, None, false).unwrap();
    assert!(
        !text.contains("staple") && text.contains("password = { \"kept\" = true }")
            || text.contains("password = { kept = true }"),
        "{text}"
    );
    assert_eq!(world.plan(&text).unwrap().changes, [], "{text}");
    // With secrets it makes the same of an empty store.
    let text = export(&world.0, None, true).unwrap();
    let other = World::new();
    other.plan(&text).unwrap();
    assert_eq!(export(&other.0, None, true).unwrap(), text);
    // What is kept and is nowhere cannot be kept.
    let without = export(&world.0, None, false).unwrap();
    let notes = World::new().notes(&without);
    assert!(notes.iter().any(|note| note.what.contains("nothing is stored")), "{notes:?}");
    let nobodys = export(&world.0, Some(&[TenantId::new("other")]), true).unwrap();
    assert!(!nobodys.contains("[["), "{nobodys}");
}

#[test]
fn what_is_wrong_is_told_of_its_row_and_field() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let table = [
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\ntargt = \"x\"",
            "trunk \"a\": targt: [trunk] has no field \"targt\"; did you mean \"target\"?",
        ),
        (
            "[[trunk]]\nid = \"a\"\ntenant = \"nobody\"\nside = \"pbx\"",
            "trunk \"a\" of nobody: tenant: there is no tenant \"nobody\"",
        ),
        ("[[trunk]]\nid = \"a\"\nside = \"up\"", "trunk \"a\": side: \"up\" is no side"),
        (
            "[[extension]]\nid = \"2\"\ntenant = \"office\"\nnumbers = [\"+31201234501\"]",
            "extension \"201\" of office: number",
        ),
        (
            "[[tenant]]\nid = \"b\"\ndomains = [\"office.example\"]",
            "\"office.example\" is there twice",
        ),
        (
            "[[tenant]]\nid = \"b\"\npolicy = { limits = { per_hours = 1 } }",
            "policy of b: policy: unknown field `per_hours`",
        ),
        (
            "[[tenant]]\nid = \"b\"\ncarriers = [\"x\"]",
            "tenant \"b\": carriers: there is no trunk \"x\"",
        ),
        ("[[tenant]]\nid = \"a/b\"", "tenant \"a/b\": id: a name has no slash"),
        ("[[tenant]]\nid = \"b\"\n[[tenant]]\nid = \"b\"", "tenant \"b\": it is there twice"),
        (
            "[[tenant]]\nid = \"b\"\npolicy = { office = { closures = [2026-12-24] } }",
            "is a date without quotes",
        ),
        ("[[extension]]\nid = \"2\"", "whose it is is not clear"),
        ("[[listen]]\nudp = \"192.0.2.2\"", "a plan has no \"listen\""),
        ("[[tenant]]\nid = ", "the plan:2:6"),
        (
            "[[tenant]]\nid = \"b\"\ntariff = { sha256 = \"00\" }",
            "tariff of b: sha256: that deck is not stored",
        ),
    ];
    for (text, expected) in table {
        let notes: Vec<String> = world.notes(text).iter().map(ToString::to_string).collect();
        assert!(notes.iter().any(|note| note.contains(expected)), "{text}\n--- gives\n{notes:#?}");
    }
    assert_eq!(world.plan(OFFICE).unwrap().changes, [], "nothing was changed");
}

/// Who may change settings over the API could otherwise read what the program can.
#[test]
fn settings_in_the_store_read_no_file_and_no_variable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "long-and-random-1\n").unwrap();
    let path = file.to_str().unwrap();
    let world = World::new();
    world.plan(OFFICE).unwrap();
    for password in [format!("{{ file = {path:?} }}"), "{ env = \"PATH\" }".to_owned()] {
        let text = OFFICE.replace("\"staple staple\"", &password);
        assert!(!world.notes(&text).is_empty(), "{text}");
    }
    for tenant in [
        format!("tariff = {path:?}"),
        format!("policy = {path:?}"),
        format!("dial_plan = {path:?}"),
    ] {
        let notes = world.notes(&format!("[[tenant]]\nid = \"b\"\n{tenant}"));
        assert!(notes[0].what.contains("name no files"), "{notes:?}");
    }
    let row = |section, id: &str, body| {
        let tenant = TenantId::new("office");
        let tenant = (section != Section::Tenant).then_some(&tenant);
        let key = SettingKey::new(section, tenant, id);
        WantedRow { key, body: Some(body), attachment: None, expected: Expected::Any }
    };
    for wrong in [
        row(Section::Extension, "201", json!({"password": {"file": path}})),
        row(Section::Extension, "201", json!({"password": {"env": "PATH"}})),
        row(
            Section::Trunk,
            "t",
            json!({"side": "carrier", "account": {"user": "u", "password": {"file": path}}}),
        ),
        row(Section::Tenant, "office", json!({"dial_plan": path})),
        row(Section::Tenant, "office", json!({"policy": path})),
        row(Section::Tenant, "office", json!({"tariff": path})),
        row(Section::Policy, "policy", json!(path)),
        row(Section::Extension, "201", json!({"tenant": "other"})),
        row(Section::Extension, "201", json!({"caller\" = \"+31\"\n[[listen]]\nudp": "192.0.2.7"})),
        row(Section::Extension, "201", json!(["no table"])),
        row(Section::Extension, "201", json!({"caller": null})),
        row(Section::Platform, "access", json!({})),
    ] {
        let told = world.make(Wanted::Rows(vec![wrong.clone()]), false);
        assert!(
            matches!(&told, Err(Fault::Unfit(notes)) if !notes.is_empty()),
            "{wrong:?}: {told:?}"
        );
    }
    // On this machine, the plan's own files are read by who applies it.
    let plan = folder.path().join("plan.toml");
    let text = OFFICE.replace("\"staple staple\"", "{ file = \"secret\" }");
    let rows = read(&Source::new(plan, text)).unwrap();
    world.make(Wanted::Rows(rows), false).unwrap();
    let account = &world.row(Section::Trunk, None, "kpn")["account"];
    assert_eq!(account["password"], "long-and-random-1");
}

#[test]
fn what_is_not_in_a_plan_stays_unless_it_is_pruned() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let second = "[[tenant]]\nid = \"shop\"\ndomains = [\"shop.example\"]\n";
    assert_eq!(shown(&world.plan(second).unwrap()).len(), 1);
    let pruned = world.make(Wanted::Text(second.to_owned()), true).unwrap();
    let shown = shown(&pruned);
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(shown.iter().all(|line| line.starts_with("- ")), "{shown:?}");
    assert_eq!(world.in_force().snapshot.directory.parts().tenants.len(), 1);
}

#[test]
fn a_tenant_goes_with_all_it_has() {
    let world = World::new();
    let brought = format!("{OFFICE}[[reseller]]\nid = \"north\"\ntenants = [\"office\"]\n");
    world.plan(&brought).unwrap();
    let key = SettingKey::new(Section::Tenant, None, "office");
    let gone = WantedRow { key, body: None, attachment: None, expected: Expected::Version(1) };
    let shown = shown(&world.make(Wanted::Rows(vec![gone]), false).unwrap());
    assert_eq!(shown.len(), 4, "the carrier is of no tenant and stays: {shown:?}");
    assert_eq!(world.row(Section::Reseller, None, "north"), json!({"tenants": []}));
    assert!(world.in_force().snapshot.directory.parts().tenants.is_empty());
}

#[test]
fn one_tenant_cannot_use_the_trunk_of_another() {
    let world = World::new();
    let theirs = "[[trunk]]\nid = \"own\"\nside = \"carrier\"\ntenant = \"office\"\ntarget = \"192.0.2.8\"\n";
    world.plan(&format!("{OFFICE}{theirs}")).unwrap();
    for field in ["carriers", "emergency_carriers", "inbound", "register"] {
        let value = if field.ends_with("carriers") { "[\"own\"]" } else { "\"own\"" };
        let shop =
            format!("[[tenant]]\nid = \"shop\"\ndomains = [\"shop.example\"]\n{field} = {value}");
        let notes = world.notes(&shop);
        assert_eq!(notes[0].field.as_deref(), Some(field), "{notes:?}");
        world
            .plan(&shop.replace("own", "kpn"))
            .map(drop)
            .or_else(|fault| match fault {
                // A carrier keeps no registrations; that is another fault than whose it is.
                Fault::Unfit(notes) if !notes.iter().any(|note| note.what.contains("may use")) => {
                    Ok(())
                }
                other => Err(other),
            })
            .unwrap();
    }
}

#[test]
fn an_address_that_leads_to_another_tenant_is_told_of() {
    let world = World::new();
    let two = r#"
[[tenant]]
id = "a"
domains = ["a.example"]
[[tenant]]
id = "b"
domains = ["b.example"]
[[trunk]]
id = "pbx-a"
tenant = "a"
side = "pbx"
address = ["192.0.2.0/24", "2001:db8::/64"]
[[trunk]]
id = "known"
tenant = "a"
side = "carrier"
target = "sip.example.net"
certificate = "SIP.example.net"
[[extension]]
id = "201"
tenant = "a"
password = "correct horse battery"
networks = ["198.51.100.0/24"]
"#;
    assert_eq!(world.plan(two).unwrap().shared, []);
    let met = |body: Value, id: &str, section: Section| {
        let key = SettingKey::new(section, Some(&TenantId::new("b")), id);
        let row = WantedRow { key, body: Some(body), attachment: None, expected: Expected::Any };
        let plan = Plan { wanted: Wanted::Rows(vec![row]), prune: false, revision: None };
        let shared = check(&world.0, &World::boot(), plan).unwrap().planned.shared;
        shared.into_iter().map(|of| format!("{} {} {}", of.field, of.what, of.with)).collect()
    };
    let trunk = |address: &str| -> Vec<String> {
        met(json!({"side": "pbx", "address": address}), "pbx-b", Section::Trunk)
    };
    assert_eq!(trunk("192.0.2.7"), ["address 192.0.2.7/32 trunk a/pbx-a"], "inside");
    assert_eq!(trunk("192.0.0.0/16"), ["address 192.0.0.0/16 trunk a/pbx-a"], "around");
    assert_eq!(trunk("192.0.2.0/24"), ["address 192.0.2.0/24 trunk a/pbx-a"], "the same");
    assert_eq!(trunk("2001:db8::/48"), ["address 2001:db8::/48 trunk a/pbx-a"]);
    assert_eq!(trunk("198.51.100.9"), ["address 198.51.100.9/32 extension a/201"]);
    assert_eq!(trunk("192.0.3.1"), Vec::<String>::new());
    let known = json!({"side": "carrier", "target": "x.example", "certificate": "sip.Example.net"});
    let known: Vec<String> = met(known, "known-b", Section::Trunk);
    assert_eq!(known, ["certificate sip.example.net trunk a/known"]);
    let phone = |nets: Value| -> Vec<String> {
        let body = json!({"password": "correct horse battery", "networks": nets});
        met(body, "301", Section::Extension)
    };
    assert_eq!(phone(json!(["192.0.2.128/25"])), ["networks 192.0.2.128/25 trunk a/pbx-a"]);
    assert_eq!(phone(json!(["198.51.100.0/24"])), Vec::<String>::new(), "passwords differ");
    // What was there already is no news.
    let both = format!(
        "{two}[[trunk]]\nid = \"pbx-b\"\ntenant = \"b\"\nside = \"pbx\"\naddress = \"192.0.2.7\"\n"
    );
    assert_eq!(world.plan(&both).unwrap().shared.len(), 1);
    let other = json!({"side": "pbx", "address": "192.0.2.7", "reject_code": 603});
    let other: Vec<String> = met(other, "pbx-b", Section::Trunk);
    assert_eq!(other, Vec::<String>::new());
}

#[test]
fn passwords_are_held_to_the_domain_they_were_made_for() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let moved = OFFICE.replace("office.example", "new.example");
    world.plan(&moved).unwrap();
    let text = export(&world.0, None, false).unwrap();
    let notes = world.notes(&text.replace("new.example\"]", "third.example\"]"));
    assert!(
        notes[0]
            .to_string()
            .contains("extension \"201\" of office: ha1: it was made for the domain"),
        "{notes:?}"
    );
}

#[test]
fn a_rate_deck_is_stored_and_prices_calls() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    let key = SettingKey::new(Section::Tariff, Some(&"office".into()), "tariff");
    let deck = "prefix,price_per_minute\n31,0.01\n881,5.00\n";
    let row = |body: Value, deck: Option<&str>| WantedRow {
        key: key.clone(),
        body: Some(body),
        attachment: deck.map(|deck| deck.as_bytes().to_vec()),
        expected: Expected::Any,
    };
    let columns = json!({"columns": {"prefix": "prefix", "per_minute": "price_per_minute"}});
    let planned = world.make(Wanted::Rows(vec![row(columns.clone(), Some(deck))]), false).unwrap();
    assert!(
        !planned.warnings.iter().any(|note| note.what.contains("default tariff")),
        "{planned:?}"
    );
    assert_eq!(
        world.make(Wanted::Rows(vec![row(columns, Some(deck))]), false).unwrap().changes,
        []
    );
    let text = export(&world.0, None, false).unwrap();
    assert_eq!(world.plan(&text).unwrap().changes, [], "{text}");
    let told: Vec<_> = world.in_force().warnings.iter().map(ToString::to_string).collect();
    assert!(!told.iter().any(|line| line.contains("default tariff")), "{told:?}");
    let nonsense = world.make(Wanted::Rows(vec![row(json!({}), Some("no deck at all"))]), false);
    assert!(
        matches!(&nonsense, Err(Fault::Unfit(notes)) if notes[0].section == "tariff"),
        "{nonsense:?}"
    );
}

fn deck_row(body: Value, deck: Option<&str>) -> Wanted {
    Wanted::Rows(vec![WantedRow {
        key: SettingKey::new(Section::Tariff, Some(&"office".into()), "tariff"),
        body: Some(body),
        attachment: deck.map(|deck| deck.as_bytes().to_vec()),
        expected: Expected::Any,
    }])
}

fn price(config: &Config) -> ringfence_model::Money {
    let tariff = &config.snapshot.tenants[&TenantId::new("office")].tariff;
    let [(_, rate)] = tariff.prefixes()[..] else { panic!("one prefix") };
    rate.per_minute()
}

#[test]
fn a_rate_deck_that_was_replaced_is_taken_back() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    world.make(deck_row(json!({}), Some("prefix,price\n881,5.00\n")), false).unwrap();
    let first = world.row(Section::Tariff, Some("office"), "tariff");
    world.make(deck_row(json!({}), Some("prefix,price\n881,7.00\n")), false).unwrap();
    assert_eq!(price(&world.in_force()), ringfence_model::Money::units(7));
    let audit = world.0.audit(&AuditFilter::default(), 1).unwrap();
    let row = ringfence_api::reverting(&world.0, audit[0].seq).unwrap();
    world.make(Wanted::Rows(vec![row]), false).unwrap();
    assert_eq!(world.row(Section::Tariff, Some("office"), "tariff"), first);
    assert_eq!(price(&world.in_force()), ringfence_model::Money::units(5));
    // Gone, and back again.
    let gone = WantedRow {
        key: SettingKey::new(Section::Tariff, Some(&"office".into()), "tariff"),
        body: None,
        attachment: None,
        expected: Expected::Any,
    };
    world.make(Wanted::Rows(vec![gone]), false).unwrap();
    let audit = world.0.audit(&AuditFilter::default(), 1).unwrap();
    let row = ringfence_api::reverting(&world.0, audit[0].seq).unwrap();
    world.make(Wanted::Rows(vec![row]), false).unwrap();
    assert_eq!(price(&world.in_force()), ringfence_model::Money::units(5));
    let unknown = world.make(deck_row(json!({"sha256": "00".repeat(32)}), None), false);
    assert!(
        matches!(&unknown, Err(Fault::Unfit(notes)) if notes[0].what.contains("not stored")),
        "{unknown:?}"
    );
}

#[test]
fn a_change_of_something_else_reads_no_rate_deck_again() {
    let world = World::new();
    world.plan(OFFICE).unwrap();
    world.make(deck_row(json!({}), Some("prefix,price\n881,5.00\n")), false).unwrap();
    let before = world.in_force();
    let tariff = |config: &Config| {
        std::sync::Arc::clone(&config.snapshot.tenants[&TenantId::new("office")].tariff)
    };
    let check = |text: &str| {
        let boot = World::boot().knowing(before.imported.clone());
        let wanted = Wanted::Text(text.to_owned());
        check(&world.0, &boot, Plan { wanted, prune: false, revision: None }).unwrap()
    };
    let after = check(&OFFICE.replace("observe", "enforce"));
    assert_eq!(after.changes.len(), 1);
    assert!(std::sync::Arc::ptr_eq(&tariff(&before), &tariff(&after.config)));
    // How it is read is part of it.
    let other = check(&OFFICE.replace("mode =", "country = \"BE\"\nmode ="));
    assert!(!std::sync::Arc::ptr_eq(&tariff(&before), &tariff(&other.config)));
}

#[test]
fn who_saw_something_else_changes_nothing() {
    let world = World::new();
    let revision = world.plan(OFFICE).unwrap().revision;
    let stale = Plan {
        wanted: Wanted::Text(OFFICE.replace("observe", "enforce")),
        prune: false,
        revision: Some(revision),
    };
    assert_eq!(check(&world.0, &World::boot(), stale).unwrap_err(), Fault::Outdated);
    let key = SettingKey::new(Section::Trunk, None, "kpn");
    for (expected, fault) in
        [(Expected::New, Fault::Outdated), (Expected::Version(9), Fault::Outdated)]
    {
        let body = Some(json!({"side": "carrier", "account": kept()}));
        let row = WantedRow { key: key.clone(), body, attachment: None, expected };
        assert_eq!(world.make(Wanted::Rows(vec![row]), false).unwrap_err(), fault);
    }
    assert!(read(&without_files("x = [".to_owned())).is_err());
}
