//! Passwords proved with SHA-256 (RFC 8760), by phones that can and to carriers that want it.

use crate::flows;
use crate::kamailio::carrier;
use crate::phones::{ANNA, BERT, DOMAIN, phone_edge, tls};
use crate::world::{CARRIER, FIREWALL, falls_quiet, serve};
use ringfence_e2e::{Authority, Kamailio, Place, Sipp, eventually, pjsua, pjsua_python};

#[test]
fn pjsip_registers_and_calls_with_sha_256() {
    let Some(python) = pjsua_python() else {
        return eprintln!("not tested: no PJSIP; tools/need installs it where PyPI has it");
    };
    let place = Place::new();
    let authority = Authority::new(&place);
    // As shipped, phones must know SHA-256; with MD5 behind it they may still take the better one.
    let algorithms = "algorithms = [\"SHA-256\", \"MD5\"]";
    let tls = tls(&place, &authority);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pjsua.py");
    for (settings, transport, edge) in [
        (phone_edge(&place, ""), "udp", place.at(FIREWALL)),
        (phone_edge(&place, algorithms) + &tls, "tls", place.tls_at(FIREWALL)),
    ] {
        let _ = std::fs::remove_dir_all(place.folder().join("data"));
        let firewall = serve(&place, &settings);
        let outside = Sipp::new(&place, place.at(CARRIER), flows::basic().callee).start(None);
        let (local, edge) = (place.ip(31).to_string(), edge.to_string());
        let run = |(user, password): (&str, &str)| {
            let arguments = [&*local, transport, &edge, user, password, DOMAIN, "0201234567"];
            pjsua(&place, &python, script, &arguments).said
        };
        let said = run(ANNA);
        for line in ["registered 200 True", "called 200", "hung up", "left 200"] {
            assert!(said.contains(line), "no {line:?}:\n{said}");
        }
        outside.done();
        falls_quiet(&firewall);
        assert!(firewall.list("registrations").is_empty());
        let said = run((BERT.0, "not his"));
        assert!(!said.contains("registered 200"), "{said}");
    }
}

/// Our own login at a carrier that wants SHA-256: registering, and calling.
#[test]
fn a_carrier_may_ask_us_for_sha_256() {
    let place = Place::new();
    let wants = "modparam(\"auth\", \"algorithm\", \"SHA-256\")\n";
    let routes = wants.to_owned() + &carrier(&place);
    let _kamailio = Kamailio::start(&place, place.at(CARRIER), &routes);
    let firewall = serve(&place, &crate::kamailio::settings(&place));
    eventually("our registration", || {
        let trunks = firewall.list("trunks");
        trunks.iter().any(|trunk| trunk["registered"] == true).then_some(())
    });
    let flow = flows::basic();
    let callee = Sipp::new(&place, place.at(crate::kamailio::BEHIND), flow.callee).start(None);
    Sipp::new(&place, place.at(crate::world::PBX), flow.caller)
        .start(Some(place.at(FIREWALL)))
        .done();
    callee.done();
    falls_quiet(&firewall);
}
