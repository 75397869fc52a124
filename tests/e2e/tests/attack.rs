//! A weekend: somebody knows the password of an extension and sells calls to Somalia.

use crate::operate::long_call;
use crate::phones::{ANNA, BERT, MD5, challenged_call, phone, phone_edge, register};
use crate::web::{api, first_person, items};
use crate::world::{CARRIER, FIREWALL, STRANGER, serve};
use ringfence_e2e::{Place, Sipp, eventually};
use std::time::Duration;

/// What may be lost within an hour, in euros.
const LIMIT: f64 = 10.0;
/// What each call costs that is answered: a fee and the first minute.
const PRICE: f64 = 2.10;
/// Calls he tries.
const TRIED: u32 = 40;
/// Where Bert is.
const BERTS_DESK: u8 = 32;

/// The limit alone holds, where a customer wants no stop for odd behaviour.
#[test]
fn an_attack_costs_no_more_than_the_limit() {
    let went_through = attack("steering = { loss_accept = 100000, wrong_stops_accept = 0.1 }");
    assert!((1..=4).contains(&went_through), "{went_through}");
}

/// Its oddness stops it sooner.
#[test]
fn an_attack_is_seen_before_the_limit_is_reached() {
    assert!(attack("steering = {}") < 4);
}

/// Gives how many calls of the attack went through.
fn attack(steering: &str) -> usize {
    let place = Place::new();
    place.file("rates.csv", "prefix,connect,price,increment\n252,1.50,0.60,60\n31,0,0.02,1\n");
    let policy = format!(
        "{MD5}\ntariff = \"rates.csv\"\npolicy = {{ limits = {{ per_hour = {LIMIT} }}, {steering} }}"
    );
    let firewall = serve(&place, &(phone_edge(&place, &policy) + &api(&place)));
    let edge = Some(place.at(FIREWALL));
    phone(&place, BERTS_DESK, BERT, register(60)).dials("202").start(edge).done();
    // The carrier answers whatever reaches it.
    let (_, answers) = long_call(0);
    let _carrier = Sipp::new(&place, place.at(CARRIER), answers)
        .calls(1_000, 1_000)
        .patience(Duration::from_secs(14))
        .start(None);
    let bert = |scenario, dialled: &str| {
        let at = std::net::SocketAddr::new(place.ip(BERTS_DESK), place.port());
        Sipp::new(&place, at, scenario)
            .of_domain(crate::phones::DOMAIN)
            .says_it_is(BERT.0)
            .login(BERT.0, BERT.1)
            .dials(dialled)
            .start(edge)
    };
    let up_for = |millis| {
        challenged_call(|call| call.maybe(180).expect(200).ack().pause(millis).bye().expect(200))
    };
    let colleague = bert(up_for(5_000), "0201234567");

    // The attack: forty calls within two seconds that stay up.
    phone(&place, STRANGER, ANNA, register(60)).dials("201").start(edge).done();
    let sold = challenged_call(|call| {
        call.or_refused(603).maybe(180).expect(200).ack().pause(3_000).bye().expect(200)
    });
    phone(&place, STRANGER, ANNA, sold).calls(TRIED, 20).dials("00252612345678").start(edge).over();

    // All the while: the colleague's call was never touched, a new one goes through, and so does 112, even from the
    // extension that is abused.
    colleague.done();
    bert(up_for(100), "0201234568").done();
    bert(up_for(100), "112").done();
    phone(&place, STRANGER, ANNA, up_for(100)).dials("112").start(edge).done();

    let cdrs = eventually("a record of each call", || {
        let cdrs = firewall.cdrs();
        (cdrs.len() == TRIED as usize + 4).then_some(cdrs)
    });
    let abroad: Vec<_> =
        cdrs.iter().filter(|cdr| cdr.to_string().contains("252612345678")).collect();
    assert_eq!(abroad.len(), TRIED as usize);
    // People see it as one case, with what was stopped.
    let mut root = first_person(&place, &firewall);
    let cases = eventually("a case with all that was stopped", || {
        let cases = root.get("/v1/cases").is(200);
        let stopped = items(&cases).first()?["calls"].as_u64()?;
        // The refusals before it was one are not in it.
        (stopped >= u64::from(TRIED) / 2).then_some(cases)
    });
    assert_eq!(items(&cases).len(), 1, "{cases}");
    let case = &items(&cases)[0];
    assert_eq!((&case["tenant"], &case["state"]), (&"office".into(), &"open".into()), "{case}");
    assert!(case["prevented"].as_i64().expect("money") > 0, "{case}");
    let alerts = root.get("/v1/alerts").is(200);
    let known = case["alerts"].as_u64().expect("a count");
    assert!(known >= 1 && items(&alerts).len() as u64 >= known, "{alerts}");
    let answered: Vec<_> = abroad.iter().filter(|cdr| !cdr["answered"].is_null()).collect();
    let cost = answered.len() as f64 * PRICE;
    assert!(cost <= LIMIT, "lost {cost} of at most {LIMIT}");
    answered.len()
}
