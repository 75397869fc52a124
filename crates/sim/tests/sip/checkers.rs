//! Each checker objects when it should: something between gate and world breaks what it watches.

use bytes::Bytes;
use ringfence_gate::Output;
use ringfence_model::{Action, Money};
use ringfence_sim::sip::{Campaign, Scenario, run, run_through};
use ringfence_sip::Transport;
use std::net::SocketAddr;

/// Runs worlds until one objects; with what.
fn objection(
    worlds: impl Iterator<Item = Scenario>,
    spoil: &mut dyn FnMut(Output) -> Vec<Output>,
) -> String {
    for scenario in worlds.take(30) {
        if let Err(objection) = run_through(&scenario, &mut |_, _| {}, spoil) {
            return objection.to_string();
        }
    }
    "nobody objects".into()
}

fn any() -> impl Iterator<Item = Scenario> {
    (3_000..).map(Scenario::of_seed)
}

fn campaign(campaign: Campaign) -> impl Iterator<Item = Scenario> {
    (3_000..).map(move |seed| Scenario::of_campaign(campaign, seed))
}

/// Without faults and strangers, whose doings excuse much.
fn calm() -> impl Iterator<Item = Scenario> {
    any().map(Scenario::without_strangers)
}

#[track_caller]
fn objects(
    to: &str,
    worlds: impl Iterator<Item = Scenario>,
    mut spoil: impl FnMut(Output) -> Vec<Output>,
) {
    let objection = objection(worlds, &mut spoil);
    assert!(objection.contains(to), "{objection}");
}

/// Lets `change` say what is sent instead of a message; nothing said is the message itself.
fn sent(mut change: impl FnMut(&str) -> Option<Vec<String>>) -> impl FnMut(Output) -> Vec<Output> {
    move |output| match &output {
        Output::Transmit { flow, bytes, call } => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let Some(instead) = change(&text) else { return vec![output] };
            let transmit =
                |text: String| Output::Transmit { flow: *flow, bytes: text.into(), call: *call };
            instead.into_iter().map(transmit).collect()
        }
        _ => vec![output],
    }
}

fn is(text: &str, first: &str, method: &str) -> bool {
    text.starts_with(first)
        && text.lines().any(|line| line.starts_with("CSeq") && line.ends_with(method))
}

fn is_ok(bytes: &Bytes, method: &str) -> bool {
    is(&String::from_utf8_lossy(bytes), "SIP/2.0 200", method)
}

/// Another code instead of one.
fn recoded(
    from: &'static str,
    to: &'static str,
    method: &'static str,
) -> impl FnMut(Output) -> Vec<Output> {
    let from = format!("SIP/2.0 {from}");
    sent(move |text| {
        is(text, &from, method).then(|| vec![text.replacen(&from, &format!("SIP/2.0 {to}"), 1)])
    })
}

/// Something more, to an address.
fn also_to(address: &'static str, bytes: &'static [u8]) -> impl FnMut(Output) -> Vec<Output> {
    let remote: SocketAddr = address.parse().unwrap();
    move |output| match output {
        Output::Transmit { mut flow, .. } => {
            flow.remote = remote;
            (flow.transport, flow.connection) = (Transport::Udp, None);
            let more = Output::Transmit { flow, bytes: Bytes::from_static(bytes), call: None };
            vec![output, more]
        }
        other => vec![other],
    }
}

fn tagged(text: &str) -> String {
    let to = text.lines().find(|line| line.starts_with("To:")).unwrap();
    let (name, _) = to.split_once(";tag=").unwrap();
    text.replacen(to, &format!("{name};tag=another"), 1)
}

#[test]
fn without_anything_between_nobody_objects() {
    for scenario in any().take(3) {
        run(&scenario, &mut |_, _| {}).unwrap();
    }
}

#[test]
fn two_answers() {
    objects(
        "a second 2xx",
        calm(),
        sent(|text| is(text, "SIP/2.0 200", "INVITE").then(|| vec![text.into(), tagged(text)])),
    );
    let refusal =
        |text: &str| vec![text.into(), text.replacen("SIP/2.0 200 OK", "SIP/2.0 486 Busy Here", 1)];
    objects(
        "after a 2xx",
        calm(),
        sent(move |text| is(text, "SIP/2.0 200", "INVITE").then(|| refusal(text))),
    );
}

#[test]
fn no_answer() {
    let silence = |text: &str| {
        let no = ["4", "6"].iter().any(|class| is(text, &format!("SIP/2.0 {class}"), "INVITE"));
        no.then(Vec::new)
    };
    objects("its caller", calm(), sent(silence));
}

#[test]
fn another_answer() {
    objects("the answer was 404, the caller got 484", calm(), recoded("404", "484", "INVITE"));
    objects("its caller was redirected", calm(), recoded("480", "302", "INVITE"));
    objects("it was to be answered and ended with 500", calm(), recoded("200", "500", "INVITE"));
}

#[test]
fn a_call_that_goes_on_or_stops() {
    objects("still has calls", calm(), sent(|text| text.starts_with("BYE ").then(Vec::new)));
    let hang_up = |text: &str| {
        let sequence = text.lines().find(|line| line.starts_with("CSeq")).unwrap();
        let bye = text.replacen("ACK sip:", "BYE sip:", 1).replacen(sequence, "CSeq: 99999 BYE", 1);
        vec![text.into(), bye.replacen("branch=z9hG4bK", "branch=z9hG4bKbye", 1)]
    };
    objects(
        "lost it by Bye",
        calm(),
        sent(move |text| {
            let of_answer = text.starts_with("ACK ") && text.contains("sip:me@");
            of_answer.then(|| hang_up(text))
        }),
    );
}

#[test]
fn an_answer_without_a_description() {
    objects(
        "description of 0 bytes",
        calm(),
        sent(|text| {
            let (head, _) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find(|line| line.starts_with("Content-Length"))?;
            is(text, "SIP/2.0 200", "INVITE")
                .then(|| vec![format!("{}\r\n\r\n", head.replace(length, "Content-Length: 0"))])
        }),
    );
}

#[test]
fn an_emergency_call_refused() {
    let refused = |text: &str| {
        let protected =
            text.lines().any(|line| line.starts_with("To:") && line.contains("sip:112@"));
        (protected && is(text, "SIP/2.0 200", "INVITE"))
            .then(|| vec![text.replacen("SIP/2.0 200", "SIP/2.0 603", 1)])
    };
    objects("purpose: Protected", calm(), sent(refused));
}

#[test]
fn an_emergency_call_cut() {
    objects("a protected call was cut", calm(), |output| {
        let protected = match &output {
            Output::Transmit { bytes, call, .. } => {
                call.filter(|_| bytes.starts_with(b"INVITE sip:112@"))
            }
            _ => None,
        };
        let cut = protected.map(|call| Output::Cut { call, reasons: vec![], cost: Money::ZERO });
        [Some(output), cut].into_iter().flatten().collect()
    });
}

#[test]
fn an_emergency_call_that_waits() {
    let mut waits = None;
    objects("a protected call waited", calm(), move |output| match &output {
        Output::Transmit { bytes, .. } if bytes.starts_with(b"INVITE sip:112@") => {
            waits = Some(output);
            vec![]
        }
        // Until something is heard again.
        Output::Transmit { bytes, .. } if !bytes.starts_with(b"SIP/2.0 100") => {
            waits.take().into_iter().chain([output]).collect()
        }
        _ => vec![output],
    });
}

#[test]
fn a_forbidden_number_at_a_carrier() {
    objects(
        "a forbidden number reached a carrier",
        calm(),
        sent(|text| {
            text.starts_with("INVITE sip:+31")
                .then(|| vec![text.replacen("INVITE sip:+31", "INVITE sip:+881631", 1)])
        }),
    );
}

#[test]
fn a_refused_call_sent_on() {
    objects("was refused and sent on", calm(), |output| match output {
        Output::Verdict(mut verdict) => {
            (verdict.acted, verdict.action) = (true, Action::Reject);
            vec![Output::Verdict(verdict)]
        }
        other => vec![other],
    });
}

#[test]
fn a_stranger_who_hears() {
    objects("a stranger at", any(), also_to("198.18.100.150:5060", b"SIP/2.0 200 OK\r\n\r\n"));
    objects(
        "an attacker was asked",
        any(),
        also_to("198.18.104.211:5060", b"OPTIONS sip:x SIP/2.0\r\n\r\n"),
    );
    objects("is nobody's", any(), also_to("198.18.66.166:5060", b"INVITE sip:x SIP/2.0\r\n\r\n"));
}

#[test]
fn an_address_that_shows() {
    objects(
        "sees the address",
        calm(),
        sent(|text| {
            let to_carrier = text.starts_with("INVITE sip:+31");
            to_carrier.then(|| vec![text.replacen("CSeq:", "X-From: 192.168.77.111\r\nCSeq:", 1)])
        }),
    );
}

#[test]
fn a_message_nobody_can_read() {
    objects(
        "unreadable bytes",
        calm(),
        sent(|text| text.get(..40).map(|start| vec![start.into()])),
    );
}

#[test]
fn a_telephone_that_is_refused() {
    objects("never registered", calm(), recoded("200", "403", "REGISTER"));
    let mut confirmed = 0;
    let mut refuse = recoded("200", "403", "REGISTER");
    objects("lost its registration", campaign(Campaign::BruteForce), move |output| {
        let is_answer =
            matches!(&output, Output::Transmit { bytes, .. } if is_ok(bytes, "REGISTER"));
        confirmed += usize::from(is_answer);
        if confirmed > 20 { refuse(output) } else { vec![output] }
    });
}

#[test]
fn records_that_are_wrong() {
    let finished = |change: fn(&mut ringfence_model::Cdr)| {
        move |output: Output| match output {
            Output::Finished(mut cdr) => {
                change(&mut cdr);
                vec![Output::Finished(cdr)]
            }
            other => vec![other],
        }
    };
    objects("no record of", calm(), |output| match output {
        Output::Finished(_) => vec![],
        other => vec![other],
    });
    objects("a second record", calm(), |output| match &output {
        Output::Finished(_) => vec![output.clone(), output],
        _ => vec![output],
    });
    objects("costs unanswered", calm(), finished(|cdr| cdr.billable_ms += 1));
    objects("and answered", calm(), finished(|cdr| cdr.answered = None));
    objects(
        "spent",
        campaign(Campaign::CrackedExtension),
        finished(|cdr| cdr.billable_ms *= 1_000),
    );
}

#[test]
fn a_loop_without_end() {
    let mut rounds = 0;
    objects(
        "went round",
        campaign(Campaign::Loops),
        sent(move |text| {
            let again =
                |count| text.replacen("branch=z9hG4bK", &format!("branch=z9hG4bK{count}"), 1);
            let invites = (0..100).map(|count| {
                rounds += 1;
                again(rounds * 100 + count)
            });
            (text.starts_with("INVITE ") && text.contains("1112233")).then(|| invites.collect())
        }),
    );
}

#[test]
fn something_that_is_left() {
    // Nobody wakes it any more.
    let mut said = 0;
    objects("after quiet there are", calm(), move |output| {
        said += 1;
        match output {
            Output::Sleep(_) if said > 600 => vec![Output::Sleep(None)],
            other => vec![other],
        }
    });
}

#[test]
fn a_restart_that_forgets() {
    let forgets = |kind: u8| {
        move |output| match output {
            Output::Checkpoint { key, .. } if key[0] == kind => vec![],
            other => vec![other],
        }
    };
    let calls = objection(campaign(Campaign::Restart), &mut forgets(b'C'));
    assert!(calls.contains("still has calls"), "{calls}");
    let phones = objection(campaign(Campaign::Restart), &mut forgets(b'R'));
    assert!(phones.contains("ended with"), "{phones}");
}

#[test]
fn a_byte_that_differs() {
    let scenario = Scenario::of_seed(3_000);
    let plain = run(&scenario, &mut |_, _| {}).unwrap();
    let mut once = true;
    let mut spoil = sent(|text| {
        let change = std::mem::take(&mut once);
        change.then(|| vec![text.replacen("Call-ID:", "X-More: 1\r\nCall-ID:", 1)])
    });
    let other = run_through(&scenario, &mut |_, _| {}, &mut spoil).unwrap();
    assert!(plain.hash != other.hash && plain.trail != other.trail);
}
