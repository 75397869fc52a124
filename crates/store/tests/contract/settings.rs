//! Settings and the audit log.

use crate::{Promise, act, at};
use ringfence_model::TenantId;
use ringfence_store::{
    About, AuditFilter, Chain, Change, Claim, Draft, Expected, Retention, Section, SettingFilter,
    SettingKey, Store, StoreError,
};
use serde_json::json;

pub const PROMISES: &[Promise] = &[
    ("a setting is changed by who saw it", versions),
    ("what only one may have is had by one", claims),
    ("changes hold together or not at all", together),
    ("settings are found by name and page", found),
    ("every change is on record and can be undone", history),
    ("a large thing goes with a setting", attachment),
    ("what was replaced is kept for a while, by what is in it", replaced),
    ("the first secret that is drawn is everybody's", secret),
];

fn office() -> TenantId {
    TenantId::new("office")
}

fn trunk(id: &str) -> SettingKey {
    SettingKey::new(Section::Trunk, Some(&office()), id)
}

fn draft(label: &str) -> Draft {
    Draft { label: label.into(), body: json!({"host": "sip.example"}), ..Draft::default() }
}

fn number(name: &str) -> Claim {
    Claim { kind: "number".into(), name: name.into() }
}

fn versions(store: &Store) {
    let (key, act) = (trunk("kpn"), act("ada", "trunk.change", 1));
    assert!(matches!(store.setting(&key), Err(StoreError::NotFound(_))));
    let gone = store.put_setting(&act, &key, draft("KPN"), Expected::Version(1));
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
    let before = store.settings_revision().unwrap();
    assert_eq!(store.put_setting(&act, &key, draft("KPN"), Expected::New).unwrap(), 1);
    assert_ne!(store.settings_revision().unwrap(), before);
    assert_eq!(store.put_setting(&act, &key, draft("KPN 2"), Expected::Version(1)).unwrap(), 2);
    for stale in [Expected::Version(1), Expected::New] {
        let late = store.put_setting(&act, &key, draft("late"), stale);
        assert!(matches!(late, Err(StoreError::Conflict { found: 2, .. })), "{late:?}");
        let late = store.remove_setting(&act, &key, stale);
        assert!(matches!(late, Err(StoreError::Conflict { found: 2, .. })), "{late:?}");
    }
    let setting = store.setting(&key).unwrap();
    assert_eq!((setting.label.as_str(), setting.version), ("KPN 2", 2));
    assert_eq!((setting.changed, setting.changed_by.as_str()), (at(1), "ada"));
    store.remove_setting(&act, &key, Expected::Version(2)).unwrap();
    assert!(matches!(store.setting(&key), Err(StoreError::NotFound(_))));
}

fn claims(store: &Store) {
    let act = act("ada", "trunk.change", 1);
    let with = |name: &str| Draft { claims: vec![number(name)], ..draft("x") };
    store.put_setting(&act, &trunk("a"), with("+31201"), Expected::New).unwrap();
    let taken = store.put_setting(&act, &trunk("b"), with("+31201"), Expected::New).unwrap_err();
    assert_eq!(taken.to_string(), "number +31201 is already that of trunk office/a");
    assert!(matches!(store.setting(&trunk("b")), Err(StoreError::NotFound(_))));
    assert_eq!(store.claimed_by(&number("+31201")).unwrap(), Some(trunk("a")));
    // Two exchange what they have.
    store.put_setting(&act, &trunk("b"), with("+31202"), Expected::New).unwrap();
    let swap = vec![
        Change::Put(trunk("a"), with("+31202"), Expected::Any),
        Change::Put(trunk("b"), with("+31201"), Expected::Any),
    ];
    assert_eq!(store.change_settings(&act, swap).unwrap(), [2, 2]);
    assert_eq!(store.claimed_by(&number("+31201")).unwrap(), Some(trunk("b")));
    store.remove_setting(&act, &trunk("b"), Expected::Any).unwrap();
    assert_eq!(store.claimed_by(&number("+31201")).unwrap(), None);
}

fn together(store: &Store) {
    let act = act("ada", "plan.apply", 1);
    let changes = vec![
        Change::Put(trunk("a"), draft("A"), Expected::New),
        Change::Remove(trunk("nowhere"), Expected::Any),
    ];
    assert!(matches!(store.change_settings(&act, changes), Err(StoreError::NotFound(_))));
    assert!(matches!(store.setting(&trunk("a")), Err(StoreError::NotFound(_))));
    assert_eq!(store.settings_revision().unwrap(), 0);
    assert!(store.audit(&AuditFilter::default(), 9).unwrap().is_empty());
}

fn found(store: &Store) {
    let act = act("ada", "trunk.change", 1);
    for label in ["Zoë", "Zoo", "Aap", "Zo"] {
        store.put_setting(&act, &trunk(label), draft(label), Expected::New).unwrap();
    }
    let other = SettingKey::new(Section::Tenant, None, "office");
    store.put_setting(&act, &other, draft("Zo"), Expected::New).unwrap();
    let filter = SettingFilter {
        section: Some(Section::Trunk),
        label: Some("Zo".into()),
        ..SettingFilter::default()
    };
    let ids = |filter: &SettingFilter, limit| -> Vec<String> {
        store.settings(filter, limit).unwrap().into_iter().map(|of| of.key.id).collect()
    };
    assert_eq!(ids(&filter, 9), ["Zo", "Zoo", "Zoë"]);
    let after = Some(trunk("Zo"));
    assert_eq!(ids(&SettingFilter { after, ..filter }, 1), ["Zoo"]);
    let all = store.settings(&SettingFilter::default(), 9).unwrap();
    assert_eq!(all.len(), 5);
    let tenant = Some(office());
    assert_eq!(ids(&SettingFilter { tenant, ..SettingFilter::default() }, 9).len(), 4);
}

fn history(store: &Store) {
    let key = trunk("kpn");
    store.put_setting(&act("ada", "trunk.add", 1), &key, draft("one"), Expected::New).unwrap();
    store.put_setting(&act("bob", "trunk.change", 2), &key, draft("two"), Expected::Any).unwrap();
    store.remove_setting(&act("cyd", "trunk.remove", 3), &key, Expected::Any).unwrap();
    let about = About { tenant: None, subject: "user ada", before: None, after: None };
    assert_eq!(store.record(&act("ada", "login", 4), about).unwrap(), 4);
    let subject = Some(key.to_string());
    let rows = store.audit(&AuditFilter { subject, ..AuditFilter::default() }, 9).unwrap();
    let who: Vec<_> = rows.iter().map(|row| row.act.who.as_str()).collect();
    assert_eq!(who, ["cyd", "bob", "ada"]);
    assert_eq!(rows[0].before, rows[1].after);
    assert_eq!(rows[1].before.as_ref().unwrap()["label"], "one");
    assert_eq!((rows[0].after.as_ref(), rows[2].before.as_ref()), (None, None));
    assert_eq!(rows[1].act, act("bob", "trunk.change", 2));
    assert_eq!(rows[1].tenant, Some(office()));
    let what = Some("trunk.change".to_owned());
    let rows = store.audit(&AuditFilter { what, ..AuditFilter::default() }, 9).unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [2]);
    let page = AuditFilter { below: Some(3), from: Some(at(2)), ..AuditFilter::default() };
    assert_eq!(store.audit(&page, 9).unwrap().len(), 1);
    assert!(matches!(store.verify_audit().unwrap(), Chain::Whole { rows: 4, .. }));
}

fn replaced(store: &Store) {
    let tariff = |tenant: &str| SettingKey::new(Section::Tariff, Some(&tenant.into()), "tariff");
    let day = |day: i64| at(day * 86_400);
    let put = |tenant: &str, bytes: &[u8], on: i64| {
        let deck = Draft { attachment: Some(bytes.to_vec()), ..draft("deck") };
        let act = act("ada", "tariff.change", on * 86_400);
        store.put_setting(&act, &tariff(tenant), deck, Expected::Any).unwrap();
    };
    // echo -n one | sha256sum
    let one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
    let kept = || store.attached(one).unwrap().map(|bytes| bytes == b"one");
    assert_eq!(kept(), None);
    put("a", b"one", 1);
    put("b", b"one", 1);
    put("a", b"two", 2);
    let retain = |on: i64| {
        let (raw_days, pseudonymous_days, event_days) = (1_000, 0, 10);
        let retention = Retention { raw_days, pseudonymous_days, event_days, key: [7; 32] };
        store.retain(day(on), &retention).unwrap();
    };
    // The other has it still.
    retain(100);
    assert_eq!(kept(), Some(true));
    let act = act("ada", "tariff.remove", 100 * 86_400);
    store.remove_setting(&act, &tariff("b"), Expected::Any).unwrap();
    retain(109);
    assert_eq!(kept(), Some(true));
    put("b", b"one", 109);
    retain(200);
    assert_eq!(kept(), Some(true), "it is in use again");
    put("b", b"two", 200);
    retain(211);
    assert_eq!(kept(), None);
    assert_eq!(store.attachment(&tariff("b")).unwrap(), Some(b"two".to_vec()));
}

fn secret(store: &Store) {
    assert_eq!(store.secret("nodes", &[1; 32]).unwrap(), [1; 32]);
    assert_eq!(store.secret("nodes", &[2; 32]).unwrap(), [1; 32]);
    assert_eq!(store.secret("other", &[3; 32]).unwrap(), [3; 32]);
}

fn attachment(store: &Store) {
    let key = SettingKey::new(Section::Tariff, Some(&office()), "deck");
    let act = act("ada", "tariff.change", 1);
    let deck = Draft { attachment: Some(vec![0, 1, 255]), ..draft("deck") };
    store.put_setting(&act, &key, deck, Expected::New).unwrap();
    assert_eq!(store.attachment(&key).unwrap(), Some(vec![0, 1, 255]));
    store.put_setting(&act, &key, draft("renamed"), Expected::Any).unwrap();
    assert_eq!(store.attachment(&key).unwrap(), Some(vec![0, 1, 255]));
    assert!(matches!(store.attachment(&trunk("x")), Err(StoreError::NotFound(_))));
}
