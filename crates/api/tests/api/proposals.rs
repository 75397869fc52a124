//! The two-person rule.

use crate::world::{Client, Got, World, grant, id_of};
use ringfence_api::{Reach, Role, tend};
use ringfence_model::Money;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn operator() -> Value {
    json!({"grants": [{"role": "operator", "reach": {"tenant": "acme"}}]})
}

/// Anna proposes that Audrey becomes an operator.
async fn proposed(world: &World) -> (Client<'_>, Got) {
    let anna = world.client("anna");
    let path = format!("/v1/users/{}/grants", id_of("audrey"));
    let got = anna.put(&path, "\"1\"", operator()).await.is(202);
    (anna, got)
}

fn id(got: &Got) -> String {
    got.body["proposal"]["id"].as_str().unwrap().to_owned()
}

fn roles(world: &World, login: &str) -> Vec<&'static str> {
    let user = world.ask(|store| store.user(&id_of(login))).unwrap();
    user.grants.iter().map(|grant| grant.role.as_str()).collect()
}

#[tokio::test]
async fn another_person_with_the_right_approves_and_both_are_on_record() {
    let world = World::peopled();
    let (anna, got) = proposed(&world).await;
    assert_eq!(
        (&got.body["proposal"]["alone"], roles(&world, "audrey")),
        (&json!(false), vec!["auditor"])
    );
    let path = format!("/v1/proposals/{}/approve", id(&got));
    let refused = anna.post(&path, json!({})).await.is(409);
    assert!(refused.body["message"].as_str().unwrap().contains("second person"));
    world.client("otto").post(&path, json!({})).await.refused(404, "not_found");
    world.client("audrey").post(&path, json!({})).await.refused(403, "not_allowed");
    world.client("bram").post(&path, json!({})).await.refused(404, "not_found");
    assert_eq!(roles(&world, "audrey"), ["auditor"]);
    world.client("north").post(&path, json!({})).await.is(200);
    assert_eq!(roles(&world, "audrey"), ["operator"]);
    let audit = world.client("root").get("/v1/audit?limit=1").await.is(200).body;
    assert_eq!(audit["items"][0]["who"], "anna with north");
    world.client("north").post(&path, json!({})).await.is(409);
}

#[tokio::test]
async fn a_proposal_is_seen_by_who_may_and_refused_or_taken_back() {
    let world = World::peopled();
    let (anna, got) = proposed(&world).await;
    let count = async |login: &str| {
        let list = world.client(login).get("/v1/proposals").await.is(200).body;
        list["items"].as_array().unwrap().len()
    };
    let seen = [
        count("anna").await,
        count("north").await,
        count("root").await,
        count("bram").await,
        count("otto").await,
    ];
    assert_eq!(seen, [1, 1, 1, 0, 0]);
    let path = format!("/v1/proposals/{}/refuse", id(&got));
    world.client("bram").post(&path, json!({})).await.refused(404, "not_found");
    anna.post(&path, json!({})).await.is(204);
    let approve = format!("/v1/proposals/{}/approve", id(&got));
    world.client("north").post(&approve, json!({})).await.is(409);
    assert_eq!(roles(&world, "audrey"), ["auditor"]);
    let list = world.client("anna").get("/v1/proposals?state=refused").await.is(200).body;
    assert_eq!(list["items"][0]["decided_by"], "anna");
}

/// A platform with one person, set up long ago.
fn lonely() -> World {
    let world = World::empty();
    world.person("root", &[grant(Role::PlatformAdmin, Reach::Platform)]);
    world.person("audrey", &[grant(Role::Auditor, Reach::Platform)]);
    world
}

#[tokio::test]
async fn who_is_alone_waits_a_day_and_can_be_stopped_until_then() {
    let world = lonely();
    let body = json!({"login": "new", "name": "New", "grants": [{"role": "platform_admin", "reach": "platform"}]});
    let got = world.client("root").post("/v1/users", body.clone()).await.is(202);
    assert_eq!(got.body["proposal"]["alone"], true);
    assert_eq!(got.body["proposal"]["not_before"], "2026-11-23T12:00:00Z");
    let told = world.ask(|store| store.take_due(world.act().at, world.act().at + DAY, 10)).unwrap();
    assert_eq!((told.len(), told[0].kind.as_str()), (1, "proposal"));
    world.forward(DAY - Duration::from_secs(1));
    tend(&world.app).await.unwrap();
    assert!(world.ask(|store| store.user_by_login("new")).unwrap().is_none());
    world.forward(Duration::from_secs(1));
    tend(&world.app).await.unwrap();
    assert!(world.ask(|store| store.user_by_login("new")).unwrap().is_some());

    let mut second = body;
    second["login"] = json!("second");
    let got = world.client("root").post("/v1/users", second).await.is(202);
    let path = format!("/v1/proposals/{}/refuse", id(&got));
    world.client("root").post(&path, json!({})).await.is(204);
    world.forward(DAY);
    tend(&world.app).await.unwrap();
    assert!(world.ask(|store| store.user_by_login("second")).unwrap().is_none());
}

#[tokio::test]
async fn an_invitation_nobody_took_is_no_second_person() {
    let world = lonely();
    let user = ringfence_store::User {
        totp: None,
        ..world.person("ghost", &[grant(Role::PlatformAdmin, Reach::Platform)])
    };
    world.ask(|store| store.put_user(&world.act(), &user)).unwrap();
    let body = json!({"login": "new", "name": "New", "grants": [{"role": "platform_admin", "reach": "platform"}]});
    let got = world.client("root").post("/v1/users", body).await.is(202);
    assert_eq!(got.body["proposal"]["alone"], true);
}

#[tokio::test]
async fn what_was_proposed_is_not_done_for_somebody_who_lost_the_right() {
    let world = World::peopled();
    let (_, got) = proposed(&world).await;
    let mut anna = world.ask(|store| store.user(&id_of("anna"))).unwrap();
    anna.disabled = true;
    world.ask(|store| store.put_user(&world.act(), &anna)).unwrap();
    let path = format!("/v1/proposals/{}/approve", id(&got));
    world.client("north").post(&path, json!({})).await.refused(409, "proposer_may_not");
    assert_eq!(roles(&world, "audrey"), ["auditor"]);
}

#[tokio::test]
async fn a_proposal_ends_after_a_week() {
    let world = World::peopled();
    let (_, got) = proposed(&world).await;
    world.forward(DAY * 7);
    let path = format!("/v1/proposals/{}/approve", id(&got));
    world.client("north").post(&path, json!({})).await.is(409);
}

#[tokio::test]
async fn lifting_a_block_on_much_money_needs_two() {
    let world = World::peopled();
    world.history();
    let otto = world.client("otto");
    // 700 euros got through, 500 is the limit of one person.
    let got = otto.post("/v1/blocks/0-0/lift", json!({})).await.is(202);
    assert_eq!(world.node.took(), Vec::<String>::new());
    let path = format!("/v1/proposals/{}/approve", id(&got));
    world.client("anna").post(&path, json!({})).await.is(200);
    assert_eq!(world.node.took(), ["lift 0-0 by otto with anna"]);
    let block = otto.get("/v1/blocks/0-0").await.is(200).body;
    assert_eq!(
        (&block["in_force"], &block["lifted_by"]),
        (&json!(false), &json!("otto with anna"))
    );
}

#[tokio::test]
async fn below_that_one_is_enough() {
    let world = World::with(|settings| settings.two_person_above = Money::units(700));
    world.person("root", &[grant(Role::PlatformAdmin, Reach::Platform)]);
    world.history();
    world.client("root").post("/v1/blocks/0-0/lift", json!({})).await.is(200);
    assert_eq!(world.node.took(), ["lift 0-0 by root"]);
    world.client("root").post("/v1/blocks/0-0/lift", json!({})).await.refused(409, "over");
}

#[tokio::test]
async fn a_login_is_reset_by_two_and_all_it_had_is_void() {
    let world = World::peopled();
    let audrey = world.client("audrey");
    let path = format!("/v1/users/{}/reset", id_of("audrey"));
    let got = world.client("anna").post(&path, json!({})).await.is(202);
    audrey.get("/v1/me").await.is(200);
    let path = format!("/v1/proposals/{}/approve", id(&got));
    let done = world.client("north").post(&path, json!({})).await.is(200).body;
    assert!(done["done"]["invitation"].as_str().unwrap().contains("/invitation#"));
    audrey.get("/v1/me").await.refused(401, "not_logged_in");
    assert!(world.ask(|store| store.user(&id_of("audrey"))).unwrap().totp.is_none());
}
