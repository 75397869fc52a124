//! Who is told at these customers, what they were told, and what waits for somebody's answer.

use ringfence_api::Time;
use ringfence_model::{Money, TenantId, WallTime};
use ringfence_store::{
    Act, Answer, Approval, Claim, Draft, Expected, Notice, NoticeState, Section, SettingKey, Store,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Puts it into the store, as the server would have.
pub fn put(store: &Store, now: WallTime) {
    settings(store, now);
    approvals(store, now);
    notices(store, now);
}

fn act(what: &str, who: &str, at: WallTime) -> Act {
    Act { who: who.to_owned(), what: what.to_owned(), why: String::new(), address: None, at }
}

fn settings(store: &Store, now: WallTime) {
    let at = now - Duration::from_secs(7 * 86_400);
    let put = |section, tenant: Option<&str>, id: &str, body: Json| {
        let tenant = tenant.map(TenantId::from);
        let key = SettingKey::new(section, tenant.as_ref(), id);
        // Trunks are found by their name alone.
        let claim = Claim { kind: "trunk".to_owned(), name: id.to_owned() };
        let claims = if section == Section::Trunk { vec![claim] } else { vec![] };
        let draft = Draft { body, claims, ..Draft::default() };
        let act = act(&format!("{}.add", section.as_str()), "sanne", at);
        store.put_setting(&act, &key, draft, Expected::New).unwrap();
    };
    for tenant in ["bakker-bouw", "hotel-zeezicht", "van-dam-advocaten"] {
        put(Section::Tenant, None, tenant, json!({"country": "NL"}));
    }
    let zeezicht = Some("hotel-zeezicht");
    put(
        Section::Contact,
        zeezicht,
        "eva",
        json!({"name": "Eva Zeeman", "mail": "eva@zeezicht.example",
        "phone": "+31 6 1234 5678", "language": "nl", "order": 1, "approves": 50, "quiet": "23:00-07:00"}),
    );
    put(
        Section::Contact,
        zeezicht,
        "nachtportier",
        json!({"name": "Nachtportier", "phone": "+31 35 800 0109", "language": "nl", "order": 2}),
    );
    put(
        Section::Notification,
        zeezicht,
        "siem",
        json!({"syslog": "siem.zeezicht.example:6514", "form": "cef"}),
    );
    put(
        Section::Trunk,
        Some("van-dam-advocaten"),
        "vandam-pbx",
        json!({"side": "pbx", "adviser": {"tells": true},
        "control": {"kind": "freeswitch", "address": "192.0.2.44:8021"}}),
    );
}

/// Extension, number, country, kind, euros a minute, minutes ago, and what was answered by whom.
type Asked = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    f64,
    u64,
    Option<(Answer, &'static str)>,
);

const ASKED: [Asked; 5] = [
    ("118", "+447700900456", "GB", "mobile", 0.19, 4, None),
    ("100", "+8613912345678", "CN", "mobile", 0.11, 22, None),
    ("100", "+905321234567", "TR", "mobile", 0.16, 400, Some((Answer::Number, "contact:eva"))),
    ("131", "+5352631188", "CU", "mobile", 0.9, 298, Some((Answer::Block, "sanne"))),
    ("118", "+12025550143", "US", "fixed", 0.03, 1_500, None),
];

fn approvals(store: &Store, now: WallTime) {
    for (place, (extension, number, country, kind, per_minute, ago, answer)) in
        ASKED.into_iter().enumerate()
    {
        let made = now - Duration::from_secs(ago * 60);
        let id = format!("showcase-{place}");
        let reasons = json!([{"reason": "class_closed", "class": "international", "country": country},
            {"reason": "going", "country": country, "kind": kind, "per_minute": Money::from_f64(per_minute), "default_tariff": true}]);
        let of = Approval {
            id: id.clone(),
            tenant: TenantId::from("hotel-zeezicht"),
            extension: Some(extension.to_owned()),
            call: None,
            number: number.to_owned(),
            country: country.to_owned(),
            kind: kind.to_owned(),
            per_minute: Money::from_f64(per_minute),
            reasons,
            case: None,
            made,
            expires: made + Duration::from_secs(2 * 3_600),
            answer: None,
        };
        assert!(store.ask_approval(&of).unwrap(), "{number} is asked for");
        if let Some((answer, who)) = answer {
            let act = act("approval.answer", who, made + Duration::from_secs(90));
            store.answer_approval(&act, &id, answer).unwrap();
        }
    }
}

/// Tenant, channel, what it tells of, minutes ago, and how it went: tries, and what went wrong last.
type Sent = (&'static str, &'static str, &'static str, u64, NoticeState, u32, Option<&'static str>);

const SENT: [Sent; 8] = [
    ("hotel-zeezicht", "contact:eva", "held", 4, NoticeState::Sent, 1, None),
    (
        "hotel-zeezicht",
        "notification:siem",
        "held",
        4,
        NoticeState::Waiting,
        3,
        Some("siem.zeezicht.example:6514: connection refused"),
    ),
    ("hotel-zeezicht", "contact:eva", "blocked", 299, NoticeState::Sent, 1, None),
    ("hotel-zeezicht", "contact:eva", "alert", 299, NoticeState::Sent, 2, None),
    ("hotel-zeezicht", "notification:siem", "alert", 299, NoticeState::Sent, 1, None),
    (
        "bakker-bouw",
        "contact:bert",
        "alert",
        7_000,
        NoticeState::GivenUp,
        211,
        Some("550 5.1.1 bert@bakker.example: no such user here"),
    ),
    ("bakker-bouw", "contact:bert", "trial", 9_000, NoticeState::Sent, 1, None),
    ("van-dam-advocaten", "contact:mila", "digest", 9_100, NoticeState::Sent, 1, None),
];

fn notices(store: &Store, now: WallTime) {
    // The oldest first, each until it is settled.
    for (place, (tenant, channel, kind, ago, state, tries, trouble)) in
        SENT.into_iter().enumerate().rev()
    {
        let made = now - Duration::from_secs(ago * 60);
        let id = format!("showcase-{place}");
        store
            .notify(&[Notice {
                id: id.clone(),
                tenant: Some(TenantId::from(tenant)),
                channel: channel.to_owned(),
                batch: id.clone(),
                body: json!({"id": id, "tenant": tenant, "at": Time(made), "kind": kind}),
                made,
                due: made,
                // Taking it is one more.
                tries: tries - 1,
                state: NoticeState::Waiting,
                done: None,
                trouble: None,
            }])
            .unwrap();
        let trouble = trouble.unwrap_or_default();
        for batch in store.take_notices(made, made + Duration::from_secs(180), 10).unwrap() {
            let later = made + Duration::from_secs(4);
            match state {
                NoticeState::Sent => store.noticed(&batch, later).unwrap(),
                NoticeState::GivenUp => store.give_up(&batch, later, trouble).unwrap(),
                NoticeState::Waiting => {
                    let due = now + Duration::from_secs(90);
                    store.notice_later(&batch, due, (trouble, false)).unwrap();
                }
            }
        }
    }
}
