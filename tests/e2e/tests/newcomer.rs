//! The guide for phones, followed word by word: the example's settings, two baresip phones with the guide's account
//! lines, names from a name server.

use crate::flows;
use crate::world::{falls_quiet, serve};
use ringfence_e2e::{Baresip, Dnsmasq, Place, Sipp};
use std::net::{IpAddr, SocketAddr};

/// Where the name server is.
const NAMES: u8 = 53;
const EXAMPLE: &str = include_str!("../../../examples/phone-edge/ringfence.toml");
const GUIDE: &str = include_str!("../../../docs/guides/phone-edge.md");

/// The line of an account as the guide has it, for this extension.
fn account(extension: &str) -> String {
    let row = GUIDE.lines().find(|line| line.starts_with("| baresip")).expect("baresip's row");
    let line = row.split('`').find(|cell| cell.starts_with("<sip:")).expect("its account line");
    let section = EXAMPLE.split("[[extension]]").find(|s| s.contains(&format!("\"{extension}\"")));
    let password =
        section.expect("the extension").split("password = \"").nth(1).expect("its password");
    let password = password.split('"').next().expect("its end");
    line.replace("201", extension).replace("...", password) + ";answermode=auto"
}

#[test]
fn two_phones_call_each_other_and_out_as_the_guide_says() {
    let place = Place::new();
    let ours = ["192.0.2.10", "192.0.2.31", "192.0.2.32", "198.51.100.1"];
    let [edge, _, _, carrier] = ours.map(|ip| ip.parse::<IpAddr>().expect("an address"));
    if !place.asks_for_names_at(NAMES) || !place.has(&ours) {
        return eprintln!("not tested: only root may take the guide's addresses");
    }
    let names = Dnsmasq::start(&place, place.ip(NAMES), &["local=/example/".to_owned()]);
    names.knows(&[("sip.office.example", edge), ("sip.carrier.example", carrier)]);
    // What the guide says for baresip 1.0, and a folder of the test's own.
    let asked = "algorithms = [\"MD5\"]";
    assert!(GUIDE.contains(asked), "the guide says it");
    let settings = EXAMPLE
        .replace("/var/lib/ringfence", "data")
        .replace("# algorithms = [\"SHA-256\", \"MD5\"]", asked);
    let firewall = serve(&place, &settings);
    let start = |ip: &str, extension: &str| {
        let at = SocketAddr::new(ip.parse().expect("an address"), 5060);
        Baresip::start(&place, at, &account(extension), "")
    };
    let (mut anna, mut bert) = (start(ours[1], "201"), start(ours[2], "202"));
    anna.registers();
    bert.registers();
    assert_eq!(firewall.list("registrations").len(), 2);
    anna.command("dial", "202");
    anna.waits_for("CALL_ESTABLISHED", 0);
    bert.waits_for("CALL_ESTABLISHED", 0);
    bert.command("hangup", "");
    anna.waits_for("CALL_CLOSED", 0);

    let so_far = anna.events.len();
    let at = SocketAddr::new(carrier, 5060);
    let outside = Sipp::new(&place, at, flows::basic().callee).start(None);
    anna.command("dial", "0201234567");
    anna.waits_for("CALL_ESTABLISHED", so_far);
    anna.command("hangup", "");
    let heard = outside.done();
    let invite = heard.request("INVITE").expect("an INVITE");
    assert!(invite.first_line().contains("+31201234567@"), "{}", invite.first_line());
    falls_quiet(&firewall);
}
