//! What must be told, and what must be done once.

use crate::{Promise, at};
use ringfence_store::{Once, Outgoing, Store};
use serde_json::json;

pub const PROMISES: &[Promise] = &[
    ("what must be told waits until it was", outbox),
    ("a request that comes twice is answered twice and done once", once),
];

fn outbox(store: &Store) {
    let outgoing = |id: &str, due| Outgoing {
        id: id.into(),
        kind: "alert".into(),
        tenant: None,
        body: json!({"n": 1}),
        made: at(due),
        due: at(due),
        tries: 0,
        trouble: None,
    };
    for (id, due) in [("b", 2), ("a", 1), ("later", 50), ("a", 1)] {
        store.post(&outgoing(id, due)).unwrap();
    }
    let ids = |taken: Vec<Outgoing>| taken.into_iter().map(|of| of.id).collect::<Vec<_>>();
    assert_eq!(store.waiting().unwrap(), (3, Some(at(1))));
    assert_eq!(ids(store.take_due(at(10), at(20), 9).unwrap()), ["a", "b"]);
    assert!(store.take_due(at(11), at(21), 9).unwrap().is_empty(), "somebody has them");
    store.told("a").unwrap();
    store.told("a").unwrap();
    // Whoever had b died.
    let again = store.take_due(at(20), at(30), 9).unwrap();
    assert_eq!((again[0].id.as_str(), again[0].tries), ("b", 2));
    store.tell_later("b", at(40), "no such host").unwrap();
    assert!(store.take_due(at(39), at(49), 9).unwrap().is_empty());
    let again = store.take_due(at(40), at(49), 9).unwrap();
    assert_eq!(again[0].trouble.as_deref(), Some("no such host"));
    store.told("b").unwrap();
    assert_eq!(store.waiting().unwrap().0, 1);
}

fn once(store: &Store) {
    let (key, time) = (("ada", "n1"), (at(0), at(100)));
    assert_eq!(store.begin_once(key, &[1; 32], time).unwrap(), Once::New);
    assert_eq!(store.begin_once(key, &[1; 32], time).unwrap(), Once::Running);
    store.finish_once(key, "done").unwrap();
    assert_eq!(store.begin_once(key, &[1; 32], time).unwrap(), Once::Answered("done".into()));
    assert_eq!(store.begin_once(key, &[2; 32], time).unwrap(), Once::Another);
    assert_eq!(store.begin_once(("bob", "n1"), &[2; 32], time).unwrap(), Once::New);
    store.abandon_once(("bob", "n1")).unwrap();
    assert_eq!(store.begin_once(("bob", "n1"), &[3; 32], time).unwrap(), Once::New);
    let later = (at(100), at(200));
    assert_eq!(store.begin_once(key, &[2; 32], later).unwrap(), Once::New, "it was forgotten");
}
