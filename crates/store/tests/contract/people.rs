//! Users, sessions, keys and proposals.

use crate::{Promise, act, at};
use ringfence_model::TenantId;
use ringfence_store::{
    ApiKey, AuditFilter, Grant, Proposal, Reach, Role, Session, Standing, Store, StoreError, User,
};
use serde_json::json;

pub const PROMISES: &[Promise] = &[
    ("a user is one whatever letters are typed", users),
    ("no secret is in the audit log", secrets),
    ("roles hold where they were given", grants),
    ("a session ends", sessions),
    ("a key works until it is taken back", keys),
    ("a second person approves", proposals),
];

fn ada() -> User {
    User {
        id: "u1".into(),
        login: "Ada@Example.org ".into(),
        name: "Ada".into(),
        password: Some("$argon2id$secret".into()),
        totp: Some(vec![1, 2, 3]),
        passkeys: json!([{"id": "pk"}]),
        recovery: vec!["r1".into(), "r2".into()],
        grants: vec![Grant { role: Role::Auditor, reach: Reach::Platform }],
        disabled: false,
        version: 0,
    }
}

fn users(store: &Store) {
    let act = act("root", "user.change", 1);
    assert_eq!(store.put_user(&act, &ada()).unwrap(), 1);
    let stored = store.user_by_login("ADA@example.ORG").unwrap().unwrap();
    assert_eq!(stored, User { login: "ada@example.org".into(), version: 1, ..ada() });
    let twin = User { id: "u2".into(), ..ada() };
    let taken = store.put_user(&act, &twin).unwrap_err().to_string();
    assert!(taken.contains("ada@example.org is taken"), "{taken}");
    let stale = store.put_user(&act, &ada());
    assert!(matches!(stale, Err(StoreError::Conflict { found: 1, .. })));
    let other = User { id: "u2".into(), login: "bob".into(), grants: Vec::new(), ..ada() };
    store.put_user(&act, &other).unwrap();
    let page = store.users(None, 9).unwrap();
    assert_eq!(
        page.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(),
        ["ada@example.org", "bob"]
    );
    assert_eq!((page[0].grants.len(), page[1].grants.len()), (1, 0));
    assert_eq!(store.users(Some("ada@example.org"), 9).unwrap().len(), 1);
    store.note_login("u1", false, at(5)).unwrap();
    store.note_login("u1", false, at(6)).unwrap();
    let logins = store.logins("u1").unwrap();
    assert_eq!((logins.failed, logins.failed_at, logins.seen), (2, Some(at(6)), None));
    store.note_login("u1", true, at(7)).unwrap();
    assert_eq!(store.logins("u1").unwrap().failed, 0);
    assert_eq!(store.user("u1").unwrap().version, 1, "logging in is no change");
    assert!(store.use_recovery(&act, "u1", "r1").unwrap());
    assert!(!store.use_recovery(&act, "u1", "r1").unwrap());
    store.remove_user(&act, "u1").unwrap();
    assert!(matches!(store.user("u1"), Err(StoreError::NotFound(_))));
}

fn secrets(store: &Store) {
    let act = act("root", "user.change", 1);
    store.put_user(&act, &ada()).unwrap();
    let again = User { password: Some("$argon2id$other".into()), version: 1, ..ada() };
    store.put_user(&act, &again).unwrap();
    let rows = store.audit(&AuditFilter::default(), 9).unwrap();
    let text = format!("{rows:?}");
    for secret in ["argon2id", "pk", "r1", "\"r2\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_ne!(rows[0].before, rows[0].after, "that it was changed is told");
}

fn grants(store: &Store) {
    let act = act("root", "user.change", 1);
    let all = vec![
        Grant { role: Role::Operator, reach: Reach::Tenant(TenantId::new("office")) },
        Grant { role: Role::PlatformAdmin, reach: Reach::Platform },
        Grant { role: Role::Reseller, reach: Reach::Reseller("north".into()) },
    ];
    store.put_user(&act, &User { grants: all.clone(), ..ada() }).unwrap();
    assert_eq!(store.user("u1").unwrap().grants, all);
    assert_eq!(store.count_platform(Role::PlatformAdmin).unwrap(), 1);
    store.put_user(&act, &User { disabled: true, grants: all, version: 1, ..ada() }).unwrap();
    assert_eq!(store.count_platform(Role::PlatformAdmin).unwrap(), 0);
}

fn sessions(store: &Store) {
    store.put_user(&act("root", "user.add", 1), &ada()).unwrap();
    let session = |token: u8| Session {
        token: [token; 32],
        user: "u1".into(),
        created: at(token.into()),
        seen: at(token.into()),
        expires: at(100),
        address: Some("2001:db8::7".parse().unwrap()),
        agent: "Firefox".into(),
        strength: "password".into(),
    };
    for token in 1..=3 {
        store.open_session(&session(token)).unwrap();
    }
    assert_eq!(store.session(&[1; 32], at(50)).unwrap(), Some(session(1)));
    assert_eq!(store.session(&[1; 32], at(100)).unwrap(), None, "it has ended");
    assert_eq!(store.session(&[9; 32], at(50)).unwrap(), None);
    store.touch_session(&[1; 32], at(90), at(200)).unwrap();
    store.strengthen_session(&[1; 32], "totp").unwrap();
    let touched = store.session(&[1; 32], at(150)).unwrap().unwrap();
    assert_eq!((touched.seen, touched.strength.as_str()), (at(90), "totp"));
    assert_eq!(store.sessions("u1", at(50)).unwrap().len(), 3);
    assert!(store.close_session(&[2; 32]).unwrap());
    assert!(!store.close_session(&[2; 32]).unwrap());
    assert_eq!(store.close_sessions("u1", Some(&[1; 32])).unwrap(), 1);
    store.remove_user(&act("root", "user.remove", 2), "u1").unwrap();
    assert_eq!(store.session(&[1; 32], at(150)).unwrap(), None, "who is gone is logged out");
    assert!(matches!(store.open_session(&session(4)), Err(StoreError::Refused(_))));
}

fn keys(store: &Store) {
    let key = ApiKey {
        id: "k1".into(),
        name: "billing".into(),
        hash: [7; 32],
        scopes: vec!["cdr.read".into()],
        tenant: Some(TenantId::new("office")),
        nets: vec!["192.0.2.0/24".into()],
        made_by: "u1".into(),
        created: at(1),
        expires: Some(at(100)),
        used: None,
        revoked: None,
    };
    store.make_key(&act("ada", "key.add", 1), &key).unwrap();
    assert!(matches!(store.make_key(&act("ada", "key.add", 1), &key), Err(StoreError::Refused(_))));
    assert_eq!(store.key(&[7; 32], at(50)).unwrap().as_ref(), Some(&key));
    assert_eq!(store.key(&[7; 32], at(100)).unwrap(), None);
    assert_eq!(store.key(&[8; 32], at(50)).unwrap(), None);
    store.note_key_used("k1", at(60)).unwrap();
    assert_eq!(store.keys(key.tenant.as_ref()).unwrap()[0].used, Some(at(60)));
    assert!(store.keys(Some(&TenantId::new("other"))).unwrap().is_empty());
    store.revoke_key(&act("ada", "key.revoke", 70), "k1").unwrap();
    assert_eq!(store.key(&[7; 32], at(80)).unwrap(), None);
    assert_eq!(store.keys(None).unwrap()[0].revoked, Some(at(70)));
    let again = store.revoke_key(&act("ada", "key.revoke", 71), "k1");
    assert!(matches!(again, Err(StoreError::NotFound(_))));
}

fn proposals(store: &Store) {
    let proposal = |id: &str| Proposal {
        id: id.into(),
        tenant: Some(TenantId::new("office")),
        what: "block.lift".into(),
        body: json!({"block": "0-17"}),
        proposed_by: "somebody else".into(),
        proposed: at(0),
        not_before: at(20),
        expires: at(100),
        standing: Standing::Approved,
        decided_by: None,
        decided: None,
    };
    let ada = |secs| act("ada", "proposal", secs);
    let bob = |secs| act("bob", "proposal", secs);
    store.propose(&ada(1), &proposal("p")).unwrap();
    let open = store.proposal("p").unwrap();
    assert_eq!((open.proposed_by.as_str(), open.standing), ("ada", Standing::Open));
    let own = store.approve(&ada(2), "p").unwrap_err().to_string();
    assert!(own.contains("second person"), "{own}");
    let early = store.carry_out(&bob(30), "p");
    assert!(matches!(early, Err(StoreError::Refused(_))), "nobody approved");
    assert_eq!(store.approve(&bob(3), "p").unwrap().decided_by.as_deref(), Some("bob"));
    assert!(matches!(store.carry_out(&ada(10), "p"), Err(StoreError::Refused(_))), "too early");
    assert_eq!(store.carry_out(&ada(30), "p").unwrap().standing, Standing::Done);
    assert!(matches!(store.carry_out(&ada(31), "p"), Err(StoreError::Refused(_))), "once");
    assert_eq!(store.proposal("p").unwrap().decided_by.as_deref(), Some("bob"));
    store.propose(&ada(1), &proposal("late")).unwrap();
    assert!(matches!(store.approve(&bob(100), "late"), Err(StoreError::Refused(_))));
    store.propose(&ada(1), &proposal("no")).unwrap();
    store.refuse(&bob(2), "no").unwrap();
    assert!(matches!(store.approve(&bob(3), "no"), Err(StoreError::Refused(_))));
    let open = store.proposals(None, Some(Standing::Open), 9).unwrap();
    assert_eq!(open.len(), 1);
    assert!(matches!(store.proposal("x"), Err(StoreError::NotFound(_))));
}
