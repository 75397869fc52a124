//! Calls as telephone systems make them: what each side does, step by step.

use ringfence_e2e::{Body, Place, Scenario, Sipp, Transport};

/// What both sides of one kind of call do.
pub struct Flow {
    pub name: &'static str,
    pub caller: Scenario,
    pub callee: Scenario,
}

const RELIABLE: [&str; 1] = ["Supported: 100rel"];

/// Rings, is answered, is ended by the caller.
pub fn basic() -> Flow {
    Flow {
        name: "basic",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .expect(180)
            .expect(200)
            .ack()
            .pause(200)
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(180, &[], &Body::Empty)
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// Ended by the called side.
pub fn callee_hangs_up() -> Flow {
    Flow {
        name: "callee hangs up",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .maybe(180)
            .expect(200)
            .ack()
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .pause(200)
            .bye()
            .expect(200),
    }
}

/// Given up while it rings.
pub fn cancelled() -> Flow {
    Flow {
        name: "cancelled",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .expect(180)
            .pause(100)
            .cancel()
            .expect(200)
            .expect(487)
            .ack_refusal(),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(180, &[], &Body::Empty)
            .hear("CANCEL")
            .reply(200, &[], &Body::Empty)
            .reply_to_invite(487, &[], &Body::Empty)
            .hear("ACK"),
    }
}

fn refused(name: &'static str, by_callee: u16, at_caller: u16) -> Flow {
    Flow {
        name,
        caller: Scenario::caller().invite().maybe(100).maybe(180).expect(at_caller).ack_refusal(),
        callee: Scenario::callee().hear("INVITE").reply(by_callee, &[], &Body::Empty).hear("ACK"),
    }
}

/// Media before the answer.
pub fn early_media() -> Flow {
    Flow {
        name: "early media",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .expect(183)
            .expect(200)
            .ack()
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(183, &[], &Body::Sdp)
            .pause(100)
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// The called side offers, the caller answers in ACK (RFC 3261 §13.2.2.4).
pub fn late_offer() -> Flow {
    Flow {
        name: "late offer",
        caller: Scenario::caller()
            .request("INVITE", &[], &Body::Empty)
            .maybe(100)
            .expect(180)
            .expect(200)
            .ack_with(&Body::Sdp)
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(180, &[], &Body::Empty)
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// Hold and resume, one from each side.
pub fn reinvite() -> Flow {
    Flow {
        name: "re-INVITE",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .expect(200)
            .ack()
            .request("INVITE", &[], &Body::Sdp)
            .maybe(100)
            .expect(200)
            .ack()
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .hear("ACK")
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .hear("ACK")
            .pause(100)
            .request("INVITE", &[], &Body::Sdp)
            .maybe(100)
            .expect(200)
            .ack()
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// A reliable 183 with PRACK (RFC 3262), then UPDATE (RFC 3311), before the answer.
pub fn prack_and_update() -> Flow {
    Flow {
        name: "PRACK and UPDATE",
        caller: Scenario::caller()
            .request("INVITE", &RELIABLE, &Body::Sdp)
            .maybe(100)
            .expect_reliable(183)
            .prack()
            .expect(200)
            .request("UPDATE", &[], &Body::Sdp)
            .expect(200)
            .expect(200)
            .ack()
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(183, &["Require: 100rel", "RSeq: 100"], &Body::Sdp)
            .established()
            .hear("PRACK")
            .reply(200, &[], &Body::Empty)
            .hear("UPDATE")
            .reply(200, &[], &Body::Sdp)
            .pause(50)
            .reply_to_invite(200, &[], &Body::Sdp)
            .hear("ACK")
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// Keys pressed, told by INFO, both ways.
pub fn info() -> Flow {
    let key = Body::Of("application/dtmf-relay", "Signal=5\nDuration=160\n".into());
    Flow {
        name: "INFO",
        caller: Scenario::caller()
            .invite()
            .maybe(100)
            .expect(200)
            .ack()
            .request("INFO", &[], &key)
            .expect(200)
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("INFO")
            .reply(200, &[], &Body::Empty)
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// An INVITE and an answer that do not fit into one Ethernet frame.
fn large() -> Flow {
    let lines = "a=candidate:1 1 UDP 2130706431 192.0.2.1 40000 typ host\n".repeat(60);
    Flow {
        name: "large",
        caller: Scenario::caller()
            .long_sdp(&lines)
            .invite()
            .maybe(100)
            .expect(200)
            .ack()
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .long_sdp(&lines)
            .hear("INVITE")
            .reply(200, &[], &Body::Sdp)
            .established()
            .hear("ACK")
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// A session timer that the called side keeps by UPDATE (RFC 4028).
fn session_timer() -> Flow {
    Flow {
        name: "session timer",
        caller: Scenario::caller()
            .request(
                "INVITE",
                &["Supported: timer", "Session-Expires: 90", "Min-SE: 90"],
                &Body::Sdp,
            )
            .maybe(100)
            .expect(200)
            .ack()
            .hear("UPDATE")
            .reply(
                200,
                &["Supported: timer", "Require: timer", "Session-Expires: 90;refresher=uac"],
                &Body::Empty,
            )
            .pause(100)
            .bye()
            .expect(200),
        callee: Scenario::callee()
            .hear("INVITE")
            .reply(200, &["Require: timer", "Session-Expires: 90;refresher=uas"], &Body::Sdp)
            .established()
            .hear("ACK")
            .request(
                "UPDATE",
                &["Supported: timer", "Session-Expires: 90;refresher=uac"],
                &Body::Empty,
            )
            .expect(200)
            .hear("BYE")
            .reply(200, &[], &Body::Empty),
    }
}

/// All flows that pass unchanged from one side to the other.
pub fn all() -> Vec<Flow> {
    vec![
        basic(),
        callee_hangs_up(),
        cancelled(),
        refused("busy", 486, 486),
        refused("no answer", 480, 480),
        refused("unknown number", 404, 404),
        early_media(),
        late_offer(),
        reinvite(),
        prack_and_update(),
        info(),
        large(),
        session_timer(),
    ]
}

/// The scenarios agree with each other when nothing stands between: what fails elsewhere is not their fault.
#[test]
fn flows_are_sound_without_a_firewall() {
    let place = Place::new();
    for transport in [Transport::Udp, Transport::Tcp] {
        for (n, flow) in (0..).zip(all()) {
            eprintln!("{transport:?}: {}", flow.name);
            let (there, here) = (place.at(100 + n), place.at(10 + n));
            let callee = Sipp::new(&place, there, flow.callee).over(transport).start(None);
            let caller = Sipp::new(&place, here, flow.caller).over(transport).start(Some(there));
            caller.done();
            callee.done();
        }
    }
}
