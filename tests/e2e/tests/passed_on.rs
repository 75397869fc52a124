//! Phones of a PBX that keeps their registrations itself: Ringfence passes them on, and stands between phones and PBX as
//! well as between PBX and carrier.

use crate::flows;
use crate::phones::{ANNA, BERT, DOMAIN, is_called_from_outside};
use crate::world::{CARRIER, FIREWALL, PBX, boot, falls_quiet, serve, tenant, trunk};
use ringfence_e2e::{Baresip, Kamailio, Place, Sipp, eventually};

/// A PBX that asks its phones for their passwords, rings them where they registered, and sends all else out.
fn pbx(place: &Place) -> String {
    let firewall = place.at(FIREWALL);
    let own = place.at(PBX);
    let password = |(user, password): (&str, &str)| {
        format!("if ($au == \"{user}\") $var(secret) = \"{password}\";\n")
    };
    format!(
        r#"
modparam("registrar", "max_contacts", 3)
request_route {{
    if (has_totag()) {{ loose_route(); t_relay(); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    t_check_trans();
    $var(secret) = "nobody knows it";
    {}{}
    if (is_method("REGISTER")) {{
        if ($au != $null) xlog("L_ERR", "a password for $au\n");
        if (!pv_www_authenticate("{DOMAIN}", "$var(secret)", "0")) {{ www_challenge("{DOMAIN}", "1"); exit; }}
        save("location"); exit;
    }}
    record_route();
    # From outside to the number of the office: Anna.
    if ($rU =~ "301111111$") {{ $rU = "{}"; }}
    if ($rU =~ "^20[0-9]$") {{
        $ru = "sip:" + $rU + "@{own}";
        if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    }} else {{
        if (!pv_proxy_authenticate("{DOMAIN}", "$var(secret)", "0")) {{ proxy_challenge("{DOMAIN}", "1"); exit; }}
        consume_credentials();
        $du = "sip:{firewall}";
    }}
    t_relay();
}}
"#,
        password(ANNA),
        password(BERT),
        ANNA.0
    )
}

#[test]
fn phones_register_at_their_pbx_through_the_firewall() {
    let place = Place::new();
    let _kamailio = Kamailio::start(&place, place.at(PBX), &pbx(&place));
    let policy = "policy = { classes = [{ class = \"international\", allow = false }] }";
    let settings = boot(&place)
        + &tenant(&format!("domains = [\"{DOMAIN}\"]\nregister = \"pbx\"\n{policy}"))
        + &trunk(&place, "pbx", "pbx", PBX, "")
        + &trunk(&place, "carrier", "carrier", CARRIER, "");
    let firewall = serve(&place, &settings);
    let start = |party: u8, (user, password): (&str, &str)| {
        let edge = place.at(FIREWALL);
        let account = format!(
            "<sip:{user}@{DOMAIN};transport=tcp>;auth_user={user};auth_pass={password};regint=60;\
             answermode=auto;outbound=\"sip:{edge};transport=tcp\""
        );
        Baresip::start(&place, place.at(party), &account, "")
    };
    let (mut anna, mut bert) = (start(31, ANNA), start(32, BERT));
    anna.registers();
    bert.registers();
    assert_eq!(firewall.list("registrations").len(), 2);

    // To a colleague: phone, firewall, PBX, firewall, phone.
    anna.command("dial", &format!("sip:202@{DOMAIN}"));
    anna.waits_for("CALL_ESTABLISHED", 0);
    bert.waits_for("CALL_ESTABLISHED", 0);
    bert.command("hangup", "");
    anna.waits_for("CALL_CLOSED", 0);
    falls_quiet(&firewall);

    // Out: the PBX asks the phone for its password, and the carrier gets the call.
    let so_far = anna.events.len();
    let outside = Sipp::new(&place, place.at(CARRIER), flows::basic().callee).start(None);
    anna.command("dial", &format!("sip:0201234567@{DOMAIN}"));
    anna.waits_for("CALL_ESTABLISHED", so_far);
    anna.command("hangup", "");
    anna.waits_for("CALL_CLOSED", so_far);
    let heard = outside.done();
    let invite = heard.request("INVITE").expect("an INVITE");
    for hidden in [place.ip(31), place.ip(PBX)] {
        assert!(!invite.head().contains(&hidden.to_string()), "{hidden} is told:\n{}", invite.text);
    }
    falls_quiet(&firewall);

    // Out and dear: judged before the PBX hears of it.
    let so_far = anna.events.len();
    let carrier = place.socket(CARRIER);
    anna.command("dial", &format!("sip:0021612345678@{DOMAIN}"));
    let closed = anna.waits_for("CALL_CLOSED", so_far);
    assert!(closed.to_string().contains("603"), "{closed}");
    let is_it = |cdr: &serde_json::Value| cdr.to_string().contains("0021612345678");
    let cdr = eventually("its call record", || firewall.cdrs().into_iter().find(is_it));
    assert!(cdr.to_string().contains("\"201\""), "whose phone it was: {cdr}");
    drop(carrier);

    // From outside to the number of the office, which is hers.
    is_called_from_outside(&place, &mut anna, "+31301111111");
    falls_quiet(&firewall);
}

/// The PBX is not there to be asked for ever.
#[test]
fn guesses_reach_the_pbx_a_few_times_only() {
    let place = Place::new();
    let kamailio = Kamailio::start(&place, place.at(PBX), &pbx(&place));
    let settings = boot(&place)
        + &tenant(&format!("domains = [\"{DOMAIN}\"]\nregister = \"pbx\""))
        + &trunk(&place, "pbx", "pbx", PBX, "")
        + &trunk(&place, "carrier", "carrier", CARRIER, "");
    let firewall = serve(&place, &settings);
    let start = |party: u8, user: &str, password: &str| {
        let edge = place.at(FIREWALL);
        let account = format!(
            "<sip:{user}@{DOMAIN};transport=udp>;auth_user={user};auth_pass={password};regint=60;\
             outbound=\"sip:{edge};transport=udp\""
        );
        Baresip::start(&place, place.at(party), &account, "")
    };
    // It answers each new challenge with what it has, as fast as it can.
    let _guesser = start(31, ANNA.0, "guessed");
    let guesses = || kamailio.said().matches("a password for 201").count();
    eventually("some guesses", || (guesses() >= 3).then_some(()));
    let mut good = start(32, BERT.0, BERT.1);
    good.registers();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let guessed = guesses();
    assert!(guessed <= 10, "{guessed} guesses");
    let registered = firewall.list("registrations");
    assert_eq!(registered.len(), 1, "{registered:?}");
}
