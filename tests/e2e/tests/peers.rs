//! The peers work with each other when nothing stands between: what fails elsewhere is not their fault.

use ringfence_e2e::{Baresip, Kamailio, Place};

const REGISTRAR: &str = r#"
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (has_totag()) { loose_route(); t_relay(); exit; }
    if (is_method("REGISTER")) { save("location"); exit; }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
}
"#;

#[test]
fn phones_call_each_other_through_kamailio() {
    let place = Place::new();
    let registrar = place.at(40);
    let _kamailio = Kamailio::start(&place, registrar, REGISTRAR);
    let account = |user: &str| {
        format!(
            "<sip:{user}@{registrar};transport=tcp>;regint=60;answermode=auto;outbound=\"sip:{registrar};transport=tcp\""
        )
    };
    let mut anna = Baresip::start(&place, place.at(31), &account("201"), "");
    let mut bert = Baresip::start(&place, place.at(32), &account("202"), "");
    anna.registers();
    bert.registers();
    anna.command("dial", &format!("sip:202@{registrar}"));
    anna.waits_for("CALL_ESTABLISHED", 0);
    bert.waits_for("CALL_ESTABLISHED", 0);
    bert.command("hangup", "");
    anna.waits_for("CALL_CLOSED", 0);
}
