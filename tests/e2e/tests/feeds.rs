//! PBXs that ask nothing: what they let us see is judged all the same. A real Kamailio copies its signalling; Asterisk's
//! manager speaks as a real one did, over TLS; its security log grows.

use crate::operate::long_call;
use crate::world::{CARRIER, FIREWALL, PBX, boot, serve, tenant};
use ringfence_e2e::{
    Authority, Body, Browser, Firewall, Kamailio, Place, Scenario, Sipp, eventually, tls_out_of,
};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const HEP: u16 = 29_060;
const METRICS: u16 = 29_090;
const MANAGER: u16 = 25_038;
const MANAGER_TLS: u16 = 25_039;
/// Where phones are.
const PHONE: u8 = 51;
/// How far away they are: Kamailio 5.6 forgets a dialog whose first BYE is answered before it has sent the second.
const ROUND_TRIP_MS: u32 = 50;
const ABROAD: &str = "00252612345678";

fn at(place: &Place, port: u16) -> SocketAddr {
    SocketAddr::new(place.ip(FIREWALL), port)
}

/// A firewall that nobody asks; `more` says how it can see what happens at the PBX.
fn settings(place: &Place, more: &str) -> String {
    let metrics = at(place, METRICS);
    format!("metrics = \"{metrics}\"\n{}{}{more}", boot(place), tenant(""))
}

fn figure(place: &Place, name: &str) -> u64 {
    let text = Browser::new(at(place, METRICS), "localhost").get("/metrics").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// The calls that run, by what was dialled.
fn up(firewall: &Firewall) -> Vec<String> {
    let said = firewall.told(&["calls", "list", "--json", "--full"]);
    let calls: Vec<serde_json::Value> = serde_json::from_str(&said).expect("a list");
    let calls = calls.into_iter().filter(|call| call["state"] == "up");
    calls.map(|call| call["dialled"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A proxy that knows one password, and copies all it hears and says.
fn proxy(place: &Place) -> Kamailio {
    let routes = format!(
        r#"
tcp_accept_no_cl=yes
loadmodule "dialog.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
loadmodule "siptrace.so"
modparam("jsonrpcs", "transport", 1)
modparam("siptrace", "duplicate_uri", "sip:{hep}")
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
request_route {{
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("pbx.test", "right one", "0")) {{ www_challenge("pbx.test", "1"); exit; }}
        save("location"); exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
        sl_send_reply("404", "Not Here"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    t_check_trans();
    record_route();
    dlg_manage();
    $du = "sip:{carrier}";
    t_relay();
}}
event_route[xhttp:request] {{
    if ($hu =~ "^/RPC") {{ jsonrpc_dispatch(); exit; }}
    xhttp_reply("404", "Not Found", "text/plain", "no");
}}
"#,
        hep = at(place, HEP),
        carrier = place.at(CARRIER),
    );
    Kamailio::start(place, place.at(PBX), &routes)
}

#[test]
fn calls_through_kamailio_are_seen_and_ended_there_and_so_is_guessing() {
    let place = Place::new();
    let firewall = serve(
        &place,
        &settings(
            &place,
            &format!(
                "\n[[trunk]]\nid = \"proxy\"\nside = \"pbx\"\n\
                 control = {{ kind = \"kamailio\", url = \"http://{}/RPC\" }}\n\
                 [[feed]]\nid = \"copies\"\ntrunk = \"proxy\"\nkind = \"hep\"\nudp = \"{}\"\n\
                 from = \"{}\"\ncarrier = \"{}\"\n",
                place.at(PBX),
                at(&place, HEP),
                place.ip(PBX),
                place.ip(CARRIER),
            ),
        ),
    );
    eventually("a feed", || firewall.told(&["status"]).contains("copies: heard").then_some(()));
    let _kamailio = proxy(&place);
    let (_caller, callee) = long_call(0);
    let carrier = Sipp::new(&place, place.at(CARRIER), callee)
        .calls(3, 10)
        .patience(Duration::from_secs(25))
        .start(None);
    let phone = |scenario: Scenario, dialled: &str| {
        let from = SocketAddr::new(place.ip(PHONE), place.port());
        Sipp::new(&place, from, scenario)
            .dials(dialled)
            .says_it_is("205")
            .login("205", "wrong one")
            .patience(Duration::from_secs(20))
            .start(Some(place.at(PBX)))
    };
    // One call is made and ends as calls do.
    let until_ended = || {
        let up = Scenario::caller().invite().maybe(100).maybe(180).expect(200).ack();
        up.hear("BYE").pause(ROUND_TRIP_MS).reply(200, &[], &Body::Empty)
    };
    let home = phone(long_call(2).0, "0201234567");
    eventually("a call that is up", || (up(&firewall) == ["0201234567"]).then_some(()));
    home.done();
    let cdr = eventually("its record", || firewall.cdrs().pop());
    let from = place.ip(PHONE).to_string();
    assert_eq!(
        (cdr["outcome"].as_str(), cdr["extension"].as_str()),
        (Some("ok"), Some("205")),
        "{cdr}"
    );
    assert_eq!(cdr["source"]["ip"].as_str(), Some(from.as_str()), "{cdr}");
    assert!(cdr["billable_ms"].as_u64() >= Some(1_000), "{cdr}");
    // One abroad runs, when a person forbids such calls: it ends at the proxy, on both sides. The next one is not let run.
    let abroad = phone(until_ended(), ABROAD);
    eventually("a call abroad", || (up(&firewall) == [ABROAD]).then_some(()));
    firewall.told(&["blocks", "add", "office", "--level", "national"]);
    assert_eq!(abroad.done().count("BYE"), 1);
    phone(until_ended(), ABROAD).done();
    eventually("no call is left", || firewall.list("calls").is_empty().then_some(()));
    let ladder = carrier.done();
    assert_eq!(ladder.count("BYE"), 3, "{ladder}");
    let outcomes: Vec<_> = firewall.cdrs().iter().map(|cdr| cdr["outcome"].clone()).collect();
    assert_eq!(outcomes, ["ok", "cut", "cut"]);
    // Somebody guesses.
    let refused = || {
        let asked = Scenario::caller().request("REGISTER", &[], &Body::Empty);
        asked.challenged(401, "REGISTER", &[], &Body::Empty).expect(401)
    };
    (0..3).for_each(|_| drop(phone(refused(), "0").done()));
    // The last one may still be made good.
    let failed = "ringfence_feed_seen_total{what=\"failed_login\"}";
    eventually("two failed logins", || (figure(&place, failed) == 2).then_some(()));
    let wrong = "ringfence_guard_events_total{event=\"passwords_wrong\"}";
    eventually("evidence", || (figure(&place, wrong) == 2).then_some(()));
    assert_eq!(figure(&place, "ringfence_feed_lost_total"), 0);
}

/// An Asterisk's manager, as far as it goes: it speaks when it is told to, in what a real one said.
struct Manager {
    listener: TcpListener,
}

/// One connection to it.
struct Talk {
    lines: BufReader<TcpStream>,
}

impl Manager {
    fn new(at: SocketAddr) -> Self {
        Self { listener: TcpListener::bind(at).expect("a manager") }
    }

    /// The next to log in; gives what they want to hear of.
    fn login(&self) -> (Talk, String) {
        let (stream, _) = self.listener.accept().expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let mut talk = Talk { lines: BufReader::new(stream) };
        talk.says("Asterisk Call Manager/11.0.0\r\n");
        let login = talk.hears();
        assert!(
            login.contains("Username: ringfence") && login.contains("Secret: s3cret"),
            "{login}"
        );
        talk.says(
            "Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n",
        );
        let events = login.lines().find_map(|line| line.strip_prefix("Events: "));
        (talk, events.unwrap_or_default().trim().to_owned())
    }

    /// The next to listen, who asks for all channels first and hears these events.
    fn listens(&self, channels: &str) -> Talk {
        let (mut talk, events) = self.login();
        assert_eq!(events, "call,cdr,security");
        let asked = talk.hears();
        assert!(asked.contains("Action: CoreShowChannels"), "{asked}");
        talk.says(channels);
        talk.says("Event: CoreShowChannelsComplete\r\nActionID: channels\r\n\r\n");
        talk
    }
}

impl Talk {
    fn says(&mut self, text: &str) {
        self.lines.get_mut().write_all(text.as_bytes()).expect("a listener");
    }

    /// One action.
    fn hears(&mut self) -> String {
        let mut action = String::new();
        while !action.ends_with("\r\n\r\n") {
            assert!(self.lines.read_line(&mut action).expect("an action") > 0, "{action}");
        }
        action
    }
}

/// The end of a call to the carrier, as Asterisk 22.10.1 tells of it.
fn capture() -> String {
    let text = include_str!("../../../crates/connect/tests/data/asterisk-ami.txt");
    let (_, rest) = text.split_once("-- Event: Cdr").expect("a record");
    let rest = rest.split("\nami:").next().unwrap_or(rest);
    format!("Event: Cdr{}\n\n", rest.trim_end()).replace("\n-- ", "\n\n").replace('\n', "\r\n")
}

const BEGINS: &str = "Event: DialBegin\r\nChannel: PJSIP/205-00000010\r\nCallerIDNum: 205\r\n\
    DestChannel: PJSIP/carrier-00000011\r\nDestUniqueid: 1795301438.19\r\nDialString: 31201234572@carrier\r\n\r\n\
    Event: DialEnd\r\nDestChannel: PJSIP/carrier-00000011\r\nDestUniqueid: 1795301438.19\r\nDialStatus: ANSWER\r\n\r\n";

#[test]
fn calls_of_an_asterisk_are_seen_over_tls_and_outlive_its_connection() {
    let place = Place::new();
    let plain = SocketAddr::new(place.ip(PBX), MANAGER);
    let tls = SocketAddr::new(place.ip(PBX), MANAGER_TLS);
    let manager = Manager::new(plain);
    let authority = Authority::new(&place);
    let _tls = tls_out_of(&place, tls, plain, &authority.certify(&place, tls.ip()));
    let more = format!(
        "\n[[trunk]]\nid = \"pbx\"\nside = \"pbx\"\n\
         control = {{ kind = \"asterisk\", address = \"{plain}\", user = \"ringfence\", password = \"s3cret\" }}\n\
         [[feed]]\nid = \"events\"\ntrunk = \"pbx\"\nkind = \"asterisk\"\naddress = \"{tls}\"\nauthority = \"{}\"\n\
         user = \"ringfence\"\npassword = \"s3cret\"\ncarrier = \"PJSIP/carrier\"\n",
        authority.file.display()
    );
    let firewall = serve(&place, &settings(&place, &more));
    let mut talk = manager.listens("");
    eventually("a feed", || firewall.told(&["status"]).contains("events: heard").then_some(()));
    talk.says(BEGINS);
    eventually("a call that is up", || (up(&firewall) == ["31201234572"]).then_some(()));
    // The connection breaks; the call goes on meanwhile, and is known after.
    drop(talk);
    eventually("a trouble", || {
        firewall.told(&["status"]).contains("events is not heard").then_some(())
    });
    let runs = "Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/carrier-00000011\r\n\
        ChannelState: 6\r\nUniqueid: 1795301438.19\r\nExten: \r\n\r\n";
    let mut talk = manager.listens(runs);
    eventually("a feed", || firewall.told(&["status"]).contains("events: heard").then_some(()));
    assert_eq!(up(&firewall), ["31201234572"]);
    // It ends as it did at a real one.
    talk.says(&capture());
    eventually("its end", || firewall.list("calls").is_empty().then_some(()));
    let cdr = eventually("its record", || firewall.cdrs().pop());
    assert_eq!(
        (cdr["outcome"].as_str(), cdr["extension"].as_str()),
        (Some("ok"), Some("205")),
        "{cdr}"
    );
    // One that must not run is ended by the name of its channel.
    firewall.told(&["blocks", "add", "office", "--level", "internal"]);
    talk.says(&BEGINS.replace("00000011", "00000012").replace("438.19", "438.20"));
    let (mut order, events) = manager.login();
    assert_eq!(events, "off");
    let action = order.hears();
    assert!(action.contains("Action: Hangup\r\n"), "{action}");
    assert!(action.contains("Channel: PJSIP/carrier-00000012\r\n"), "{action}");
    order.says("Response: Success\r\nActionID: hangup\r\nMessage: Channel Hungup\r\n\r\n");
    talk.says("Event: Hangup\r\nUniqueid: 1795301438.20\r\nCause: 21\r\n\r\n");
    eventually("its end", || firewall.list("calls").is_empty().then_some(()));
    eventually("its record", || {
        firewall.cdrs().pop().filter(|cdr| cdr["outcome"] == "cut").map(drop)
    });
    assert_eq!(firewall.cdrs().len(), 2);
}

#[test]
fn who_guesses_at_an_asterisk_is_shut_out_by_its_log() {
    let place = Place::new();
    let log = place.file("security", "");
    let more = format!(
        "\n[[trunk]]\nid = \"pbx\"\nside = \"pbx\"\n\
         [[feed]]\nid = \"log\"\ntrunk = \"pbx\"\nkind = \"asterisk_log\"\npath = \"{}\"\n",
        log.display()
    );
    let firewall = serve(&place, &settings(&place, &more));
    eventually("a feed", || firewall.told(&["status"]).contains("log: heard").then_some(()));
    let line = include_str!("../../../crates/connect/tests/data/asterisk-security.log");
    let line = line.replace(
        "RemoteAddress=\"IPV4/UDP/127.0.0.1/6020\"",
        "RemoteAddress=\"IPV4/UDP/192.0.2.66/6020\"",
    );
    let add = |count: usize| {
        let mut file = std::fs::File::options().append(true).open(&log).expect("the log");
        for n in 0..count {
            let line = line.replace("AccountID=\"alice\"", &format!("AccountID=\"{n}\""));
            file.write_all(format!("{}\n", line.trim_end()).as_bytes()).expect("a line");
        }
    };
    add(120);
    // Rotated while it goes on.
    std::fs::rename(&log, log.with_extension("1")).expect("a rotation");
    std::fs::File::create(&log).expect("a new one");
    add(120);
    let failed = "ringfence_feed_seen_total{what=\"failed_login\"}";
    eventually("all of it", || (figure(&place, failed) == 240).then_some(()));
    let bans = eventually("a ban", || Some(firewall.list("bans")).filter(|bans| !bans.is_empty()));
    assert_eq!((bans.len(), bans[0]["net"].as_str()), (1, Some("192.0.2.66/32")), "{bans:?}");
    // It is gone: said, and waited for.
    std::fs::remove_file(&log).expect("the log");
    assert!(
        firewall.told(&["status"]).contains("log: heard"),
        "the old one may still be written to"
    );
}
