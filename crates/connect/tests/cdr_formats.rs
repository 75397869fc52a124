//! One sample of each other system, with the traps of its format.
#![allow(clippy::panic, clippy::unwrap_used)]

use jiff::tz::TimeZone;
use ringfence_connect::cdr::{
    Confidence, Format, ImportError, ImportOptions, ImportSummary, Mapping, Reject, Warning,
    detect, import_bytes,
};
use ringfence_model::{Cdr, Direction, Via, WallTime};
use std::sync::Arc;

fn amsterdam() -> ImportOptions {
    ImportOptions::new(TimeZone::get("Europe/Amsterdam").unwrap())
}

fn import_with(bytes: &[u8], options: ImportOptions) -> (Vec<Cdr>, ImportSummary, Vec<Reject>) {
    let mut rejects = Vec::new();
    let result = import_bytes("x", bytes.to_vec(), options, &mut |reject| rejects.push(reject));
    let (cdrs, summary) = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        summary.rows,
        summary.records
            + summary.rejected
            + summary.duplicates
            + summary.dropped_legs
            + summary.skipped
    );
    (cdrs, summary, rejects)
}

fn import(bytes: &[u8]) -> (Vec<Cdr>, ImportSummary, Vec<Reject>) {
    import_with(bytes, amsterdam())
}

fn format_of(summary: &ImportSummary) -> Format {
    summary.files[0].detection.format
}

/// 2026-11-21 23:50:23 in Amsterdam.
const START: WallTime = WallTime::from_secs(1_795_301_423);

fn at(secs: i64) -> WallTime {
    WallTime::from_secs(START.as_secs() + secs)
}

fn ext(cdr: &Cdr) -> &str {
    cdr.extension.as_ref().map_or("", |ext| ext.as_str())
}

fn trunk(cdr: &Cdr) -> &str {
    cdr.trunk.as_ref().map_or("", |trunk| trunk.as_str())
}

#[test]
fn freeswitch_json() {
    let text = include_str!("data/freeswitch_cdr.json");
    let (cdrs, summary, _) = import(text.as_bytes());
    assert_eq!(
        (format_of(&summary), summary.records, summary.dropped_legs),
        (Format::FreeSwitchJson, 2, 1)
    );
    let [out, missed] = cdrs.as_slice() else { panic!("{cdrs:?}") };
    assert_eq!((&*out.dialled, trunk(out), ext(out)), ("003161234567", "carrier", "205"));
    assert_eq!(out.tenant.as_ref().unwrap().as_str(), "cust42.example.net");
    assert_eq!((out.started, out.answered, out.ended), (START, Some(at(7)), at(40)));
    assert_eq!((out.billable_ms, out.code), (33_080, 200));
    let source = out.source.as_ref().unwrap();
    assert_eq!(
        source.user_agent.as_deref(),
        Some("Yealink SIP-T46U 108.86.0.20"),
        "percent-decoded"
    );
    assert_eq!((missed.direction, missed.answered, missed.code), (Direction::Inbound, None, 487));
    assert_eq!(&*missed.a_number, "+31612345678");
}

#[test]
fn freeswitch_json_in_other_wrappings() {
    let text = include_str!("data/freeswitch_cdr.json");
    let first = text.lines().next().unwrap();
    let (plain, ..) = import(first.as_bytes());
    let percent: String = first.bytes().map(|b| format!("%{b:02X}")).collect();
    let value: serde_json::Value = serde_json::from_str(first).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for body in
        [format!("cdr={percent}\n"), base64(first), format!("cdr={}", base64(first)), pretty]
    {
        let (cdrs, summary, _) = import(body.as_bytes());
        assert_eq!(format_of(&summary), Format::FreeSwitchJson);
        assert_eq!(cdrs, plain, "{body}");
    }
    // A torn object does not swallow the next.
    let torn = format!("{}\n{text}", &first[..200]);
    let (cdrs, summary, _) = import(torn.as_bytes());
    assert_eq!((cdrs.len(), summary.rejected), (2, 1));
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |sum, &b| sum << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            out.push(if i <= chunk.len() {
                char::from(ALPHABET[(bits >> (18 - 6 * i) & 63) as usize])
            } else {
                '='
            });
        }
    }
    out
}

#[test]
fn freeswitch_csv_templates() {
    let (cdrs, summary, _) = import(include_bytes!("data/freeswitch_example.csv"));
    assert_eq!(format_of(&summary), Format::FreeSwitchCsv);
    assert_eq!(
        (cdrs[0].started, cdrs[0].answered, cdrs[0].billable_ms),
        (START, Some(at(7)), 33_000)
    );
    assert_eq!((&*cdrs[0].dialled, ext(&cdrs[0]), cdrs[1].code), ("0031612345678", "205", 486));
    assert_eq!(cdrs[0].tenant.as_ref().unwrap().as_str(), "cust42");
    // Templates are free: some add the Q.850 number before the uuid, and leave the codecs out.
    let with_q850 = include_str!("data/freeswitch_example.csv")
        .replace("\"USER_BUSY\",", "\"USER_BUSY\",\"17\",")
        .replace("\"NORMAL_CLEARING\",", "\"NORMAL_CLEARING\",\"16\",")
        .replace(",\"PCMA\",\"PCMA\"", "")
        .replace(",\"PCMA\",\"\"", "");
    let (other, summary, _) = import(with_q850.as_bytes());
    assert_eq!((format_of(&summary), &other), (Format::FreeSwitchCsv, &cdrs));

    let (cdrs, summary, _) = import(include_bytes!("data/freeswitch_asterisk.csv"));
    assert_eq!(format_of(&summary), Format::FreeSwitchAsteriskCsv);
    assert_eq!(
        (trunk(&cdrs[0]), &*cdrs[0].dialled, cdrs[0].code),
        ("carrier", "0031612345678", 200)
    );
}

#[test]
fn fusionpbx() {
    let (cdrs, summary, _) = import(include_bytes!("data/fusionpbx_v_xml_cdr.csv"));
    // The first row goes on over three lines; the B leg is part of its call.
    assert_eq!((format_of(&summary), summary.rows, summary.records), (Format::FusionPbx, 3, 2));
    assert_eq!(cdrs[0].tenant.as_ref().unwrap().as_str(), "cust42.example.net");
    assert_eq!((trunk(&cdrs[0]), ext(&cdrs[0]), cdrs[0].billable_ms), ("carrier", "205", 33_080));
    assert_eq!((cdrs[1].direction, cdrs[1].code), (Direction::Internal, 480));
}

#[test]
fn kamailio_json() {
    let (cdrs, summary, rejects) = import(include_bytes!("data/kamailio_acc_json.jsonl"));
    assert_eq!((format_of(&summary), summary.records, summary.rejected), (Format::AccJson, 2, 1));
    assert_eq!((cdrs[0].billable_ms, &*cdrs[0].dialled), (1_509, "31201234567"));
    assert_eq!(cdrs[0].ended, WallTime(1_795_300_886_445_000));
    // A dialog ended by RPC leaves no parties behind.
    assert_eq!(
        (rejects[0].line, rejects[0].reason.to_string()),
        (2, "neither a caller nor a called number".into())
    );
}

#[test]
fn acc_table_pairs_invite_and_bye() {
    let (cdrs, summary, _) = import(include_bytes!("data/kamailio_acc.csv"));
    assert_eq!(format_of(&summary), Format::AccTable);
    assert_eq!(
        (summary.records, summary.dropped_legs, summary.skipped),
        (3, 2, 1),
        "ACK is skipped"
    );
    let [answered, busy, open] = cdrs.as_slice() else { panic!("{cdrs:?}") };
    // The BYE came from the other side, so its tags have changed places.
    assert_eq!(
        (answered.answered, answered.ended, answered.billable_ms),
        (Some(at(7)), at(40), 33_000)
    );
    assert_eq!((busy.code, busy.answered), (486, None));
    assert_eq!((open.billable_ms, open.code), (1, 200));
    assert_eq!(
        summary.warnings,
        [Warning::ByesAlone { count: 1 }, Warning::CallsOpen { count: 1 }]
    );
}

#[test]
fn acc_syslog() {
    let (cdrs, summary, _) = import(include_bytes!("data/opensips_syslog.log"));
    assert_eq!((format_of(&summary), summary.records, summary.skipped), (Format::AccSyslog, 3, 1));
    assert_eq!((cdrs[0].billable_ms, cdrs[1].code), (33_000, 408));
    // OpenSIPS writes whole calls: created, answered 16 s later, 13.25 s long.
    let whole = &cdrs[2];
    assert_eq!((whole.started.as_secs(), whole.billable_ms), (1_795_301_550, 13_250));
    assert_eq!(whole.answered, Some(WallTime::from_secs(1_795_301_566)));
    assert_eq!(whole.source.as_ref().unwrap().ip.to_string(), "192.0.2.12");
}

#[test]
fn three_cx() {
    let text = include_str!("data/3cx_cdr.log");
    let (cdrs, summary, _) = import(text.as_bytes());
    assert_eq!((format_of(&summary), summary.records), (Format::ThreeCx, 3));
    let [inbound, out, internal] = cdrs.as_slice() else { panic!("{cdrs:?}") };
    assert_eq!(
        (inbound.direction, ext(inbound), inbound.c_number.as_deref()),
        (Direction::Inbound, "504", Some("960"))
    );
    assert_eq!(
        (out.direction, &*out.dialled, trunk(out), out.billable_ms),
        (Direction::Outbound, "0044207123456", "10001", 60_000)
    );
    assert_eq!((internal.direction, internal.code), (Direction::Internal, 487));
    // The administrator picks fields, order and separator; then a header or a mapping tells.
    let picked = "callid;time-start;time-answered;time-end;from-no;to-no;dial-no\n\
                  c1;2026/09/19 14:00:00;2026/09/19 14:00:10;2026/09/19 14:01:10;Ext.201;0044207123456;0044207123456\n";
    let (cdrs, summary, _) = import(picked.as_bytes());
    assert_eq!(format_of(&summary), Format::ThreeCx);
    assert_eq!(
        (&*cdrs[0].native_id, cdrs[0].billable_ms, cdrs[0].direction),
        ("c1", 60_000, Direction::Outbound)
    );
    // Forwarded to an outside number: that is the call that costs.
    let forwarded = text.lines().next().unwrap().replace("Ext.504,504", "0099312345,10001");
    let (cdrs, ..) = import(forwarded.as_bytes());
    assert_eq!((cdrs[0].direction, cdrs[0].via), (Direction::Outbound, Via::Forward));
    assert_eq!((&*cdrs[0].dialled, cdrs[0].c_number.as_deref()), ("0099312345", Some("960")));
}

#[test]
fn swyx_has_dates_and_times_apart() {
    let (cdrs, summary, _) = import(include_bytes!("data/swyx_cdr.csv"));
    assert_eq!((format_of(&summary), summary.records), (Format::SwyxWare, 2));
    assert_eq!((cdrs[0].started, cdrs[0].answered, cdrs[0].ended), (START, Some(at(7)), at(40)));
    assert_eq!(
        (cdrs[0].direction, trunk(&cdrs[0]), ext(&cdrs[0])),
        (Direction::Outbound, "SIP Trunk 1", "205")
    );
    assert_eq!(
        (cdrs[1].direction, cdrs[1].answered, cdrs[1].code),
        (Direction::Inbound, None, 480)
    );
}

#[test]
fn cucm_skips_types_and_quality_records() {
    let (cdrs, summary, _) = import(include_bytes!("data/cucm_cdr.csv"));
    assert_eq!((format_of(&summary), summary.records, summary.skipped), (Format::Cucm, 2, 2));
    assert_eq!(cdrs[0].started, START, "epoch times are UTC whatever the zone of the import");
    assert_eq!((&*cdrs[0].dialled, trunk(&cdrs[0])), ("0031612345678", "SIPTrunk-Carrier"));
    assert_eq!(cdrs[0].source.as_ref().unwrap().ip.to_string(), "10.20.30.40");
    assert_eq!(cdrs[1].source.as_ref().unwrap().ip.to_string(), "192.168.18.188");
    assert_eq!((cdrs[1].answered, cdrs[1].code), (None, 486), "dateTimeConnect 0 is never");
}

#[test]
fn a_mapping_reads_what_nobody_knows() {
    let mapping = Mapping::from_toml(
        r#"
        name = "telco portal"
        [rows]
        delimiter = ";"
        [columns]
        native_id = "Record"
        started = ["Datum", "Tijd"]
        duration = "Totaal"
        billable = "Gesprek"
        a_number = "Van"
        dialled = 6
        direction = "Soort"
        code = "Oorzaak"
        [time]
        format = "%d-%m-%Y %H:%M"
        zone = "Europe/Amsterdam"
        [direction]
        outbound = ["U"]
        inbound = ["I"]
        [[rewrite]]
        prefix = "9"
        with = ""
        length_min = 8
        "#,
    )
    .unwrap();
    let mut options = ImportOptions::new(TimeZone::UTC);
    options.mapping = Some(Arc::new(mapping));
    let text = "Record;Datum;Tijd;Totaal;Van;Naar;Soort;Gesprek;Oorzaak\n\
                1;21-11-2026;23:50;00:01:40;0402282805;90612345678;u;00:01:33;16\n\
                2;21-11-2026;23:51;5;0612345678;0402282805;I;0;17\n\
                3;21-11-2026;25:51;5;0612345678;0402282805;I;0;17\n";
    let (cdrs, summary, rejects) = import_with(text.as_bytes(), options.clone());
    assert_eq!((format_of(&summary), summary.records, summary.rejected), (Format::Mapped, 2, 1));
    assert!(rejects[0].reason.to_string().contains("25:51"));
    assert_eq!((cdrs[0].started, cdrs[0].ended), (at(-23), at(77)));
    assert_eq!((&*cdrs[0].dialled, cdrs[0].direction), ("0612345678", Direction::Outbound));
    assert_eq!((cdrs[0].billable_ms, cdrs[0].answered), (93_000, Some(at(-16))));
    assert_eq!((cdrs[1].direction, cdrs[1].code), (Direction::Inbound, 486));
    let renamed = text.replace("Gesprek", "Talk");
    let error =
        import_bytes("x", renamed.into_bytes(), options, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("\"Gesprek\"") && error.contains("Talk"), "{error}");
}

#[test]
fn a_mapping_reads_json_lines_in_milliseconds() {
    let mapping = Mapping::from_toml(
        "name = 'api'\ndurations = 'ms'\n[rows]\nkind = 'jsonl'\n[columns]\nstarted = 'call.begin'\n\
         billable = 'talk'\na_number = 'from'\ndialled = 'to'\n",
    )
    .unwrap();
    let mut options = amsterdam();
    options.mapping = Some(Arc::new(mapping));
    let text = r#"{"call":{"begin":1795301423000},"talk":1500,"from":"205","to":"0031612345678"}"#;
    let (cdrs, ..) = import_with(text.as_bytes(), options);
    assert_eq!(
        (cdrs[0].started, cdrs[0].billable_ms, cdrs[0].direction),
        (START, 1_500, Direction::Outbound)
    );
}

#[test]
fn a_mapping_that_cannot_work_says_why() {
    for (toml, said) in [
        ("name = 'x'\n[columns]\na_number = 'a'", "`started`"),
        ("name = 'x'\n[columns]\nstarted = 'a'", "`a_number` or `dialled`"),
        ("name = 'x'\n[columns]\nstarted = 'a'\ndialled = 0", "counted from 1"),
        (
            "name = 'x'\n[columns]\nstarted = 'a'\ndialled = 'b'\n[time]\nzone = 'Mars'",
            "Europe/Amsterdam",
        ),
        ("name = 'x'\n[columns]\nstarted = 'a'\ndialed = 'b'", "unknown field"),
        ("name = 'x'\n[rows]\ndelimiter = 'é'\n[columns]\nstarted = 'a'\ndialled = 'b'", "ASCII"),
    ] {
        let error = Mapping::from_toml(toml).unwrap_err().to_string();
        assert!(error.contains(said), "{toml}: {error}");
    }
}

#[test]
fn an_unknown_format_comes_with_a_mapping_that_works() {
    let text = "Record ID;Start Time;End Time;Caller;Called Number;Talk secs;Cause\n\
                r1;2026-11-21 23:50:23;2026-11-21 23:51:03;205;0031612345678;33;16\n";
    let error = import_bytes("calls.txt", text.into(), amsterdam(), &mut |_| {}).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("calls.txt") && said.contains("7 columns separated by ';'"), "{said}");
    assert!(said.contains("Called Number") && said.contains("0031612345678"), "{said}");
    let ImportError::Unknown { seen, .. } = error else { panic!("{said}") };
    let mut options = amsterdam();
    options.mapping = Some(Arc::new(Mapping::from_toml(&seen.skeleton()).unwrap()));
    let (cdrs, ..) = import_with(text.as_bytes(), options);
    assert_eq!((cdrs[0].started, cdrs[0].ended, cdrs[0].billable_ms), (START, at(40), 33_000));
    assert_eq!(
        (&*cdrs[0].native_id, &*cdrs[0].dialled, ext(&cdrs[0])),
        ("r1", "0031612345678", "")
    );
    assert_eq!((cdrs[0].direction, cdrs[0].code), (Direction::Outbound, 200));
}

#[test]
fn an_unknown_format_without_names_is_mapped_by_number() {
    let text = "2026-11-21 23:50:23|0402282805|0031612345678|33\n";
    let seen = detect(text.as_bytes()).unwrap_err();
    assert!(!seen.has_header);
    let mut options = amsterdam();
    options.mapping = Some(Arc::new(Mapping::from_toml(&seen.skeleton()).unwrap()));
    let (cdrs, ..) = import_with(text.as_bytes(), options);
    assert_eq!(
        (&*cdrs[0].a_number, &*cdrs[0].dialled, cdrs[0].started),
        ("0402282805", "0031612345678", START)
    );
}

#[test]
fn empty_foreign_and_wide_files_are_no_call_records() {
    for bytes in [
        &b""[..],
        b"\n\n",
        b"hello\n",
        b"{\"a\":1}\n",
        b"{\n",
        &[0xff; 300],
        &[0; 300],
        b"\"\"\"\"\n",
    ] {
        assert!(detect(bytes).is_err(), "{bytes:?}");
    }
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("\"a\",1".bytes().flat_map(|b| [b, 0])).collect();
    let error = import_bytes("x", utf16, amsterdam(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ImportError::Utf16 { .. }));
}

#[test]
fn detection_survives_a_torn_first_row_and_says_why() {
    let text = format!("5,\"ANSWERED\",\"DOC\n{}", include_str!("data/asterisk_master.csv"));
    let found = detect(text.as_bytes()).unwrap();
    assert_eq!((found.format, found.confidence), (Format::AsteriskCsv, Confidence::Certain));
    assert!(found.why.contains("21 columns"));
    for format in Format::ALL {
        assert_eq!(Format::by_name(format.name()), Some(format));
    }
}

#[test]
fn a_format_can_be_asked_for() {
    // Too short to be told by content.
    let text =
        "Call 1,c1,,2026/09/19 14:00:00,,2026/09/19 14:00:20,x-y,Ext.201,Ext.202,201,202,202\n";
    assert!(detect(text.as_bytes()).is_err());
    let options = ImportOptions { format: Some(Format::ThreeCx), ..amsterdam() };
    let (cdrs, ..) = import_with(text.as_bytes(), options);
    assert_eq!(cdrs[0].direction, Direction::Internal);
}
