//! A weekend: somebody knows the password of an extension and sells calls to Somalia.

use crate::operate::long_call;
use crate::phones::{ANNA, BERT, MD5, challenged_call, phone, phone_edge, register};
use crate::world::{CARRIER, FIREWALL, STRANGER, serve};
use ringfence_e2e::{Place, Sipp, eventually};
use std::time::Duration;

/// What may be lost within an hour, in euros.
const LIMIT: f64 = 10.0;
/// Calls he tries.
const TRIED: u32 = 40;
/// Where Bert is.
const BERTS_DESK: u8 = 32;

#[test]
fn a_weekend_attack_costs_no_more_than_the_limit_and_colleagues_call_on() {
    let place = Place::new();
    let policy = format!("{MD5}\npolicy = {{ limits = {{ per_hour = {LIMIT} }} }}");
    let firewall = serve(&place, &phone_edge(&place, &policy));
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
    let answered: Vec<_> = abroad.iter().filter(|cdr| !cdr["answered"].is_null()).collect();
    let cost: f64 = answered.iter().map(|cdr| cdr["cost"].as_f64().expect("a cost")).sum();
    assert!(cost <= LIMIT, "lost {cost} of at most {LIMIT}");
    assert!(answered.len() < abroad.len() / 2, "{} of {TRIED} went through", answered.len());
}
