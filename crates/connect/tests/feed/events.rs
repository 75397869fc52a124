//! An Asterisk whose manager tells of events.

use proptest::prelude::*;
use ringfence_connect::control::ami::Reader;
use ringfence_connect::feed::events::Watcher;
use ringfence_connect::feed::{Parties, Seen, Step};

/// Asterisk 22.10.1 on loopback: a call to the carrier that is hung up. Parts are divided by `-- ` there, by empty lines
/// on the wire.
const CAPTURE: &str = include_str!("../data/asterisk-ami.txt");

fn capture() -> String {
    let (_, rest) = CAPTURE.split_once('\n').unwrap();
    rest.split("\nami:").next().unwrap().replace("\n-- ", "\n\n")
}

fn seen(watcher: &mut Watcher, packets: &str) -> Vec<Seen> {
    let mut reader = Reader::default();
    reader.push(b"Asterisk Call Manager/11.0.0\r\n").unwrap();
    reader
        .push(format!("{}\r\n\r\n", packets.trim_end().replace('\n', "\r\n")).as_bytes())
        .unwrap();
    let mut seen = Vec::new();
    while let Some(packet) = reader.packet() {
        watcher.observe(&packet, &mut seen);
    }
    seen
}

fn watcher() -> Watcher {
    Watcher::new(&["PJSIP/carrier".to_owned()])
}

fn steps(seen: &[Seen]) -> Vec<(Step, &str, &str)> {
    let mut steps = Vec::new();
    for seen in seen {
        if let Seen::Call(call) = seen {
            steps.push((call.step, &*call.known_as, call.parties.to.as_str()));
        }
    }
    steps
}

const DIAL: &str = "Event: DialBegin\nChannel: PJSIP/205-00000010\nCallerIDNum: 0201234567\nExten: 0031201234572\n\
    Uniqueid: 1795301438.18\nDestChannel: PJSIP/carrier-00000011\nDestUniqueid: 1795301438.19\n\
    DialString: 31201234572@carrier";

#[test]
fn a_call_to_the_carrier_is_followed_from_dial_to_hangup() {
    let mut watcher = watcher();
    let all = format!(
        "{DIAL}\n\nEvent: DialEnd\nDestUniqueid: 1795301438.19\nDialStatus: ANSWER\n\n{}",
        capture().split_once("Event: Cdr").map(|(_, rest)| format!("Event: Cdr{rest}")).unwrap()
    );
    let seen = seen(&mut watcher, &all);
    let (id, to) = ("1795301438.19", "31201234572");
    let over = Step::Ended { billable_ms: None, code: Some(200) };
    assert_eq!(steps(&seen), [(Step::Began, id, to), (Step::Answered, id, to), (over, id, to)]);
    let Seen::Call(call) = &seen[0] else { panic!() };
    assert_eq!(call.handle.as_deref(), Some("PJSIP/carrier-00000011"));
    let Parties { from, phone, inbound, .. } = &call.parties;
    assert_eq!(
        (from.as_deref(), phone.as_deref(), *inbound),
        (Some("0201234567"), Some("205"), false)
    );
}

#[test]
fn calls_between_phones_are_no_affair_of_ours() {
    let mut watcher = watcher();
    assert!(seen(&mut watcher, &DIAL.replace("PJSIP/carrier-", "PJSIP/206-")).is_empty());
    let other = "Event: Hangup\nUniqueid: 1\nCause: 16\n\nEvent: DialEnd\nDestUniqueid: 1\nDialStatus: ANSWER";
    assert!(seen(&mut watcher, other).is_empty());
}

#[test]
fn a_call_that_nobody_answers_costs_nothing_and_one_dialled_again_is_another() {
    let mut watcher = watcher();
    let first = format!("{DIAL}\n\nEvent: Hangup\nUniqueid: 1795301438.19\nCause: 34");
    let refused = Step::Ended { billable_ms: Some(0), code: Some(503) };
    let again = seen(&mut watcher, &first);
    assert_eq!(steps(&again)[1].0, refused);
    let second = seen(&mut watcher, &DIAL.replace("38.19", "38.20"));
    assert_eq!(steps(&second), [(Step::Began, "1795301438.20", "31201234572")]);
}

#[test]
fn a_call_from_the_carrier_is_known_as_one() {
    let mut watcher = watcher();
    let text = "Event: Newchannel\nChannel: PJSIP/carrier-00000020\nChannelState: 4\nCallerIDNum: 0612345678\n\
        Exten: 0201234567\nUniqueid: 7.1\n\nEvent: Newstate\nChannel: PJSIP/carrier-00000020\nChannelState: 6\n\
        Uniqueid: 7.1\n\nEvent: Newchannel\nChannel: PJSIP/carrier-00000021\nChannelState: 0\nExten: \nUniqueid: 7.2";
    let seen = seen(&mut watcher, text);
    assert_eq!(
        steps(&seen),
        [(Step::Began, "7.1", "0201234567"), (Step::Answered, "7.1", "0201234567")]
    );
    assert!(matches!(&seen[0], Seen::Call(call) if call.parties.inbound));
}

#[test]
fn after_a_gap_the_list_of_channels_says_what_runs_and_what_is_over() {
    let mut watcher = watcher();
    assert_eq!(seen(&mut watcher, DIAL).len(), 1);
    watcher.connected();
    // The carrier's channel of another call, which began meanwhile.
    let list = "Event: CoreShowChannel\nActionID: channels\nChannel: PJSIP/carrier-00000031\nChannelState: 6\n\
        CallerIDNum: 252612345678\nConnectedLineNum: 205\nExten: \nUniqueid: 8.1\nApplication: AppDial\n\n\
        Event: CoreShowChannelsComplete\nActionID: channels";
    let seen = seen(&mut watcher, list);
    let over = Step::Ended { billable_ms: Some(0), code: None };
    let (new, to) = ("8.1", "252612345678");
    assert_eq!(
        steps(&seen),
        [(Step::Began, new, to), (Step::Answered, new, to), (over, "1795301438.19", "31201234572")]
    );
}

#[test]
fn the_record_of_a_call_that_was_not_seen_is_taken() {
    let cdr =
        capture().split_once("Event: Cdr").map(|(_, rest)| format!("Event: Cdr{rest}")).unwrap();
    let mut watcher = watcher();
    let seen = seen(&mut watcher, &cdr);
    let ended = Step::Ended { billable_ms: Some(3_000), code: Some(200) };
    assert_eq!(steps(&seen), [(ended, "1795301438.18", "31201234572")]);
}

#[test]
fn failed_logins_are_seen() {
    let text = "Event: ChallengeResponseFailed\nService: PJSIP\nAccountID: 205\nRemoteAddress: IPV4/UDP/192.0.2.7/5060";
    let seen = seen(&mut watcher(), text);
    assert!(matches!(seen.as_slice(), [Seen::Failed(login)] if login.account == "205"), "{seen:?}");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(values in proptest::collection::vec(".{0,40}", 8), event in 0_usize..6) {
        let event = ["DialBegin", "Cdr", "Newchannel", "Hangup", "CoreShowChannel", "InvalidPassword"][event];
        let names = ["Channel", "DestChannel", "DialString", "Uniqueid", "DestUniqueid", "Exten", "LastData", "Cause"];
        let mut text = format!("Event: {event}\n");
        for (name, value) in names.iter().zip(&values) {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            text += &format!("{name}: {value}\n");
        }
        let mut watcher = watcher();
        let _ = seen(&mut watcher, &text);
        let _ = seen(&mut watcher, &text.replace("Channel: ", "Channel: PJSIP/carrier-1/"));
    }
}
