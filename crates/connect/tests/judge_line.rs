//! The line protocol read from lines as they are sent.
#![allow(clippy::panic, clippy::unwrap_used)]

use ringfence_connect::judge_line::{Line, LineError, Parser};
use ringfence_model::{CallEvent, CallId, Country, Direction, ReleasedBy, Via, WallTime};

fn parse(line: &str) -> Result<Line, LineError> {
    Parser::default().parse(line.as_bytes())
}

fn event(line: &str) -> CallEvent {
    match parse(line) {
        Ok(Line::Event { event, .. }) => event,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_line_of_a_recorded_stream_is_understood() {
    let mut parser = Parser::default();
    let mut seen = [0usize; 9];
    for line in include_bytes!("data/judge_lines.jsonl").split_inclusive(|&b| b == b'\n') {
        let at = match parser.parse(line).unwrap() {
            Line::Hello(hello) => {
                assert_eq!(
                    (hello.rates.as_str(), hello.tz.as_str()),
                    ("/srv/rates.csv", "Europe/Amsterdam")
                );
                assert_eq!((hello.tick_ms, hello.latency_ms), (10_000, 1_000));
                assert_eq!(hello.warmup_until, WallTime::from_millis(1_741_302_000_000));
                0
            }
            Line::Tick { t } => {
                assert_eq!(t, WallTime::from_millis(1_743_158_090_000));
                1
            }
            Line::Event { event, blocked, .. } => {
                assert!(!blocked);
                match event {
                    CallEvent::Tenant(start) => {
                        assert!(!start.trunks.is_empty() && !start.extensions.is_empty());
                        assert!(start.channels > 0);
                        2
                    }
                    CallEvent::Attempt(_) => 3,
                    CallEvent::Answered { .. } => 4,
                    CallEvent::Released(_) => 5,
                    CallEvent::Registered(_) => 6,
                    CallEvent::RegistrationFailed(_) => 7,
                    CallEvent::ConfigChanged(_) => 8,
                    CallEvent::Reviewed(review) => {
                        assert!(review.fraud && review.call.is_none());
                        continue;
                    }
                    CallEvent::Ringing { .. } => panic!("the protocol has no ringing"),
                }
            }
            Line::Other => panic!("unknown: {}", String::from_utf8_lossy(line)),
        };
        seen[at] += 1;
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn an_outbound_attempt_carries_all_that_was_said() {
    let line = r#"{"ev":"start","t":1743084321506,"call":131162,"tenant":"t0075","trunk":"t0075-a","ext":"202","dir":"out","a":"+31506603401","b":"+306953515895","ip":"64.177.137.106","cc":"NL","ua":"PolyVVX \"x\"","via":"fwd","fwd":"202","leg":131161,"blocked":"intl","new_field":[1]}"#;
    let Ok(Line::Event { t, event: CallEvent::Attempt(attempt), blocked }) = parse(line) else {
        panic!("no attempt")
    };
    assert!(blocked);
    assert_eq!(t, WallTime::from_millis(1_743_084_321_506));
    assert_eq!((attempt.call, attempt.parent), (CallId(131_162), Some(CallId(131_161))));
    assert_eq!((attempt.direction, attempt.via), (Direction::Outbound, Via::Forward));
    assert_eq!(attempt.tenant.as_str(), "t0075");
    assert_eq!(attempt.trunk.unwrap().as_str(), "t0075-a");
    assert_eq!(attempt.extension, attempt.forwarded_by);
    assert_eq!(attempt.a_number.unwrap().full(), "+31506603401");
    assert_eq!(&*attempt.dialled, "+306953515895");
    let source = attempt.source.unwrap();
    assert_eq!(source.ip.to_string(), "64.177.137.106");
    assert_eq!(source.country, Some(Country::NL));
    assert_eq!(source.user_agent.as_deref(), Some("PolyVVX \"x\""));
}

#[test]
fn an_empty_or_null_field_is_an_absent_one() {
    let CallEvent::Attempt(attempt) = event(
        r#"{"ev":"start","t":1,"call":2,"tenant":"t","ext":"","trunk":null,"dir":"in","a":"anonymous","b":"+31201234567"}"#,
    ) else {
        panic!("no attempt")
    };
    assert_eq!((attempt.extension, attempt.trunk, attempt.a_number), (None, None, None));
    assert_eq!((attempt.source, attempt.via), (None, Via::Unknown));
}

#[test]
fn the_end_of_a_call_counts_milliseconds() {
    let CallEvent::Released(end) =
        event(r#"{"ev":"end","t":1,"call":9,"code":200,"dur":35.8,"by":"policy"}"#)
    else {
        panic!("no release")
    };
    assert_eq!((end.billable_ms, end.code, end.by), (35_800, 200, ReleasedBy::Policy));
    let CallEvent::Released(end) = event(r#"{"ev":"end","t":1,"call":9,"code":487,"dur":-1}"#)
    else {
        panic!("no release")
    };
    assert_eq!((end.billable_ms, end.by), (0, ReleasedBy::Parties));
}

#[test]
fn a_cleared_forward_has_no_target() {
    let line =
        r#"{"ev":"config","t":1,"tenant":"t","ext":"7","what":"forward_clear","value":"+3161"}"#;
    let CallEvent::ConfigChanged(change) = event(line) else { panic!("no change") };
    assert_eq!(change.forward_to, None);
    let CallEvent::ConfigChanged(change) = event(&line.replace("clear", "set")) else {
        panic!("no change")
    };
    assert_eq!(change.forward_to.as_deref(), Some("+3161"));
}

#[test]
fn what_a_later_version_says_is_passed_over() {
    for line in [
        r#"{"ev":"weather","t":1}"#,
        r#"{"ev":"weather","t":"noon","call":"x"}"#,
        r#"{"ev":"config","t":1,"tenant":"t","ext":"7","what":"codec_set"}"#,
    ] {
        assert_eq!(parse(line).unwrap(), Line::Other, "{line}");
    }
}

#[test]
fn a_broken_line_says_what_is_wrong() {
    for (line, said) in [
        ("", "not a JSON event"),
        ("[]", "not a JSON event"),
        (r#"{"ev":"start","t":1,"call":1,"tenant":"t","dir":"in"}"#, r#"needs the field "b""#),
        (r#"{"ev":"start","t":1,"call":1,"dir":"up","b":"1"}"#, "expected one of out, in"),
        (r#"{"ev":"answer","t":1}"#, r#"needs the field "call""#),
        (r#"{"ev":"answer","call":1}"#, r#"needs the field "t""#),
        (r#"{"ev":"answer","t":1,"call":-1}"#, "not a JSON event"),
        (r#"{"ev":"end","t":1,"call":1,"code":70000}"#, "not a JSON event"),
    ] {
        let error = parse(line).unwrap_err().to_string();
        assert!(error.contains(said), "{line}: {error}");
    }
    let long = format!(r#"{{"ev":"tick","t":1,"x":"{}"}}"#, "y".repeat(1 << 20));
    assert!(matches!(parse(&long), Err(LineError::TooLong { .. })));
    assert!(
        Parser::default()
            .parse(b"{\"ev\":\"answer\",\"t\":1,\"call\":1,\"tenant\":\"\xff\"}")
            .is_err()
    );
    let deep = format!(r#"{{"ev":"tick","t":1,"x":{}"#, "[".repeat(100_000));
    assert!(parse(&deep).is_err());
}
