//! What is told to whom, and what somebody is asked to approve.

use crate::{Promise, act, at};
use ringfence_model::Money;
use ringfence_store::{
    Answer, Approval, ApprovalFilter, Batch, Notice, NoticeFilter, NoticeState, Outgoing, Store,
    StoreError,
};
use serde_json::json;

pub const PROMISES: &[Promise] = &[
    ("what is told leaves the outbox as it is told to each", spread),
    ("a message that may have arrived stays the same message", letters),
    ("one that cannot be reached delays nobody else", backlog),
    ("an approval is answered once and in time", approvals),
];

fn notice(id: &str, channel: &str, batch: &str, due: i64) -> Notice {
    Notice {
        id: id.into(),
        tenant: Some("acme".into()),
        channel: channel.into(),
        batch: batch.into(),
        body: json!({"n": id}),
        made: at(due),
        due: at(due),
        tries: 0,
        state: NoticeState::Waiting,
        done: None,
        trouble: None,
    }
}

fn ids(batches: &[Batch]) -> Vec<Vec<&str>> {
    batches.iter().map(|of| of.notices.iter().map(|of| of.id.as_str()).collect()).collect()
}

fn spread(store: &Store) {
    let outgoing = Outgoing {
        id: "event-1".into(),
        kind: "alerted".into(),
        tenant: None,
        body: json!({}),
        made: at(0),
        due: at(0),
        tries: 0,
        trouble: None,
    };
    store.post(&outgoing).unwrap();
    let both =
        [notice("1-anna", "contact:anna", "case", 1), notice("1-bram", "contact:bram", "case", 1)];
    store.spread("event-1", &both).unwrap();
    // Whoever did it died before it heard that it was done.
    store.spread("event-1", &both).unwrap();
    assert_eq!(store.waiting().unwrap().0, 0);
    assert_eq!(store.notices(&NoticeFilter::default(), 9).unwrap().len(), 2);
    let taken = store.take_notices(at(1), at(9), 9).unwrap();
    assert_eq!(ids(&taken), [["1-anna"], ["1-bram"]]);
    assert!(store.take_notices(at(8), at(9), 9).unwrap().is_empty(), "somebody has them");
    store.noticed(&taken[0], at(2)).unwrap();
    store.give_up(&taken[1], at(3), "no such person").unwrap();
    assert!(store.take_notices(at(99), at(100), 9).unwrap().is_empty());
    let acme = "acme".into();
    assert_eq!(store.last_noticed(Some(&acme), "contact:anna", "case").unwrap(), Some(at(2)));
    assert_eq!(store.last_noticed(Some(&acme), "contact:bram", "case").unwrap(), None);
    let filter = NoticeFilter { state: Some(NoticeState::GivenUp), ..NoticeFilter::default() };
    let given_up = store.notices(&filter, 9).unwrap();
    assert_eq!(given_up[0].trouble.as_deref(), Some("no such person"));
}

fn letters(store: &Store) {
    let of = |id: &str, due| notice(id, "contact:anna", "case", due);
    store.notify(&[of("a", 1), of("b", 2)]).unwrap();
    let first = store.take_notices(at(1), at(10), 9).unwrap();
    assert_eq!(ids(&first), [["a", "b"]], "what is not due yet goes along");
    store.notify(&[of("c", 3)]).unwrap();
    assert!(store.take_notices(at(5), at(15), 9).unwrap().is_empty(), "one after the other");
    assert!(store.take_notices(at(9), at(19), 9).unwrap().is_empty());
    // Whoever had it died: nobody knows whether it arrived.
    let again = store.take_notices(at(10), at(20), 9).unwrap();
    assert_eq!((&again[0].letter, ids(&again)), (&first[0].letter, vec![vec!["a", "b"]]));
    store.notice_later(&again[0], at(30), ("it was slow", true)).unwrap();
    let again = store.take_notices(at(30), at(40), 9).unwrap();
    assert_eq!((&again[0].letter, again[0].notices[0].tries), (&first[0].letter, 3));
    // It surely did not: what came meanwhile goes along.
    store.notice_later(&again[0], at(50), ("nobody was there", false)).unwrap();
    let all = store.take_notices(at(50), at(60), 9).unwrap();
    assert_eq!(ids(&all), [["a", "b", "c"]]);
    assert_ne!(all[0].letter, first[0].letter);
    store.noticed(&all[0], at(51)).unwrap();
    assert!(store.backlog(9).unwrap().is_empty());
}

fn backlog(store: &Store) {
    let (down, fine) = ("notification:down", "notification:fine");
    store
        .notify(&[notice("1", down, "1", 1), notice("2", down, "2", 2), notice("3", fine, "3", 3)])
        .unwrap();
    let first = store.take_notices(at(1), at(10), 1).unwrap();
    assert_eq!(ids(&first), [["1"]]);
    store.notice_later(&first[0], at(100), ("it does not answer", false)).unwrap();
    assert_eq!(ids(&store.take_notices(at(4), at(10), 9).unwrap()), [["3"]]);
    let waiting = store.backlog(9).unwrap();
    assert_eq!(
        (waiting[0].channel.as_str(), waiting[0].count, waiting[0].oldest),
        (down, 2, at(1))
    );
    assert_eq!(waiting[0].trouble.as_deref(), Some("it does not answer"));
    assert_eq!(ids(&store.take_notices(at(100), at(110), 9).unwrap()).len(), 3);
}

fn approvals(store: &Store) {
    let of = |id: &str, number: &str, made| Approval {
        id: id.into(),
        tenant: "acme".into(),
        extension: Some("205".into()),
        call: Some("7".into()),
        number: number.into(),
        country: "SL".into(),
        kind: "mobile".into(),
        per_minute: Money::cents(85),
        reasons: json!([]),
        case: None,
        made: at(made),
        expires: at(made + 100),
        answer: None,
    };
    assert!(store.ask_approval(&of("a", "+2321", 0)).unwrap());
    assert!(store.ask_approval(&of("a", "+2321", 0)).unwrap(), "asked again after a crash");
    assert!(!store.ask_approval(&of("b", "+2321", 1)).unwrap(), "the same is asked already");
    for n in 0..4 {
        assert!(store.ask_approval(&of(&format!("n{n}"), &format!("+23{n}"), 2)).unwrap());
    }
    assert!(!store.ask_approval(&of("c", "+2329", 3)).unwrap(), "too much is asked");
    let open = |secs| {
        let filter = ApprovalFilter { open_at: Some(at(secs)), ..ApprovalFilter::default() };
        store.approvals(&filter, 9).unwrap().len()
    };
    assert_eq!(open(50), 5);
    let by = |who: &str, secs| act(who, "approval.answer", secs);
    store.answer_approval(&by("contact:anna", 10), "a", Answer::Number).unwrap();
    let twice = store.answer_approval(&by("contact:bram", 11), "a", Answer::Block).unwrap_err();
    assert!(matches!(&twice, StoreError::Refused(why) if why.contains("contact:anna")), "{twice}");
    let late = store.answer_approval(&by("contact:anna", 102), "n0", Answer::Number).unwrap_err();
    assert!(matches!(&late, StoreError::Refused(why) if why.contains("over")), "{late}");
    let never = store.answer_approval(&by("contact:anna", 10), "nothing", Answer::No);
    assert!(matches!(never, Err(StoreError::NotFound(_))));
    assert_eq!(
        store.approval("a").unwrap().answer,
        Some((Answer::Number, at(10), "contact:anna".into()))
    );
    store.reopen_approval(&by("ringfence", 12), "a").unwrap();
    store.answer_approval(&by("contact:bram", 13), "a", Answer::No).unwrap();
    assert_eq!((open(50), open(101), open(102)), (4, 4, 0));
}
