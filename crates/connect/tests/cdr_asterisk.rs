//! Records of Asterisk and FreePBX, as they are and as they go wrong.
#![allow(clippy::panic, clippy::unwrap_used)]

use jiff::tz::TimeZone;
use ringfence_connect::cdr::{ImportOptions, ImportSummary, Reject, TenantFrom, import_bytes};
use ringfence_model::{Cdr, Direction, TenantId, Via, WallTime};

fn options(zone: &str) -> ImportOptions {
    ImportOptions::new(TimeZone::get(zone).unwrap())
}

fn import_with(text: &[u8], options: ImportOptions) -> (Vec<Cdr>, ImportSummary, Vec<Reject>) {
    let mut rejects = Vec::new();
    let result = import_bytes("x", text.to_vec(), options, &mut |reject| rejects.push(reject));
    let (cdrs, summary) = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        summary.rows,
        summary.records
            + summary.rejected
            + summary.duplicates
            + summary.dropped_legs
            + summary.skipped
    );
    assert_eq!(summary.rejected as usize, rejects.len());
    (cdrs, summary, rejects)
}

fn import(text: &str) -> (Vec<Cdr>, ImportSummary, Vec<Reject>) {
    import_with(text.as_bytes(), options("UTC"))
}

/// A row of 21 columns.
fn row(
    id: u32,
    src: &str,
    dst: &str,
    channel: &str,
    dstchannel: &str,
    data: &str,
    linked: u32,
) -> String {
    format!(
        "\"cust\",\"{src}\",\"{dst}\",\"from-internal\",\"\"\"x\"\" <{src}>\",\"{channel}\",\"{dstchannel}\",\"Dial\",\
         \"{data}\",\"2026-11-21 10:00:{:02}\",\"2026-11-21 10:01:00\",\"2026-11-21 10:02:00\",90,60,\"ANSWERED\",\
         \"DOCUMENTATION\",\"1795255200.{id}\",\"\",\"\",\"1795255200.{linked}\",{id}\n",
        id % 60
    )
}

#[test]
fn calls_of_a_real_switch_are_counted_once() {
    let (cdrs, summary, _) = import(include_str!("data/asterisk_master.csv"));
    assert_eq!((summary.rows, summary.records, summary.dropped_legs), (13, 9, 4));
    let dialled: Vec<&str> = cdrs.iter().map(|cdr| &*cdr.dialled).collect();
    // The number sent to the trunk, not the extension of the dialplan with its prefix.
    assert_eq!(
        dialled,
        [
            "31201234567",
            "125261234567",
            "31201234568",
            "225261234568",
            "31201234569",
            "25261234569",
            "31201234570",
            "31201234571",
            "31201234572"
        ]
    );
    assert!(cdrs.iter().all(|cdr| cdr.direction == Direction::Outbound));
    assert!(cdrs.iter().all(|cdr| cdr.extension.as_ref().unwrap().as_str() == "sipp"));
    let codes: Vec<u16> = cdrs.iter().map(|cdr| cdr.code).collect();
    assert_eq!(codes, [200, 603, 200, 603, 200, 403, 200, 200, 200]);
    // Redirected by the guard: three rows, one call, through the carrier.
    let redirected = &cdrs[4];
    assert_eq!(redirected.trunk.as_ref().unwrap().as_str(), "carrier");
    assert_eq!(&*redirected.native_id, "1795301425.9/9");
    // The guard did not answer for five seconds: the call began when it was first tried.
    assert_eq!(cdrs[6].started, WallTime::from_secs(1_795_301_426));
    assert_eq!(cdrs[6].answered, Some(WallTime::from_secs(1_795_301_431)));
    assert_eq!(cdrs[7].billable_ms, 3_000);
    assert_eq!(cdrs[0].billable_ms, 1, "answered, so charged, although below a second");
}

#[test]
fn json_says_the_same_as_csv() {
    let (json, _, _) = import(include_str!("data/asterisk_cdr.json"));
    let (csv, _, _) = import(include_str!("data/asterisk_master.csv"));
    for call in &json {
        let same = csv.iter().find(|cdr| cdr.native_id == call.native_id).unwrap();
        assert_eq!(
            (call.answered, call.ended, call.billable_ms),
            (same.answered, same.ended, same.billable_ms)
        );
        assert_eq!(
            (&call.trunk, &call.extension, call.code),
            (&same.trunk, &same.extension, same.code)
        );
        assert_eq!(
            call.direction,
            Direction::Outbound,
            "without lastdata, by the trunk in the channel"
        );
    }
    assert_eq!(json.len(), 3);
}

#[test]
fn every_number_of_columns_that_settings_make() {
    let whole = row(
        7,
        "205",
        "0031612345678",
        "PJSIP/205-01",
        "PJSIP/carrier-02",
        "PJSIP/0031612345678@carrier,60",
        7,
    );
    let base = whole.split(",\"1795255200.7\",").next().unwrap();
    let uid = "\"1795255200.7\"";
    for (columns, tail, native, linked) in [
        (16, String::new(), "row:", None),
        (17, format!(",{uid}"), "1795255200.7/", Some("1795255200.7")),
        (17, ",\"user field\"".into(), "row:", None),
        (18, format!(",{uid},\"\""), "1795255200.7/", Some("1795255200.7")),
        (19, format!(",\"\",{uid},3"), "row:", Some("1795255200.7")),
        (20, format!(",{uid},\"\",{uid},3"), "1795255200.7/3", Some("1795255200.7")),
        (20, format!(",\"user\",\"\",{uid},3"), "row:", Some("1795255200.7")),
        (21, format!(",{uid},\"\",\"\",{uid},3"), "1795255200.7/3", Some("1795255200.7")),
    ] {
        let (cdrs, summary, _) = import(&format!("{base}{tail}\n"));
        assert_eq!(summary.files[0].detection.format.name(), "asterisk-csv", "{columns}");
        assert!(cdrs[0].native_id.starts_with(native), "{columns}: {}", cdrs[0].native_id);
        assert_eq!(cdrs[0].correlation_id.as_deref(), linked, "{columns}");
        assert_eq!(&*cdrs[0].dialled, "0031612345678");
        let (again, _, _) = import(&format!("{base}{tail}\n"));
        assert_eq!(cdrs[0].native_id, again[0].native_id, "the same at each import");
    }
    for tail in [",1,2,3,4,5,6", ""] {
        let short = base.rsplit_once(',').unwrap().0;
        let text = if tail.is_empty() {
            format!("{base}\n{short}\n")
        } else {
            format!("{base}\n{base}{tail}\n")
        };
        let (_, summary, rejects) = import(&text);
        assert_eq!((summary.records, summary.rejected), (1, 1));
        assert!(rejects[0].reason.to_string().contains("columns, expected 16 to 21"));
    }
}

#[test]
fn freepbx_exports_know_extension_queue_and_forward() {
    let (cdrs, summary, _) = import(include_str!("data/freepbx_cdr.csv"));
    assert_eq!((summary.rows, summary.records, summary.dropped_legs), (6, 4, 2));
    assert_eq!((summary.outbound, summary.inbound, summary.internal), (2, 1, 1));
    let ext = |cdr: &Cdr| cdr.extension.as_ref().map(|ext| ext.as_str().to_owned());
    let [outbound, queue, internal, forward] = cdrs.as_slice() else { panic!("{cdrs:?}") };
    assert_eq!(ext(outbound).as_deref(), Some("205"), "not the caller id it shows");
    assert_eq!(&*outbound.a_number, "0402282805");
    assert_eq!((queue.direction, ext(queue).as_deref()), (Direction::Inbound, Some("205")));
    assert_eq!(queue.trunk.as_ref().unwrap().as_str(), "voipgrid");
    assert_eq!((internal.direction, internal.code), (Direction::Internal, 487));
    assert_eq!((forward.direction, forward.via), (Direction::Outbound, Via::Forward));
    assert_eq!((&*forward.dialled, forward.c_number.as_deref()), ("0099312345", Some("205")));
    assert_eq!(&*forward.a_number, "0612345678");
}

#[test]
fn one_call_per_linked_id() {
    let c = "PJSIP/carrier-02";
    // Carrier one fails, carrier two takes it.
    let failover = row(
        1,
        "205",
        "0031612345678",
        "PJSIP/205-01",
        "PJSIP/first-02",
        "PJSIP/0031612345678@first",
        1,
    )
    .replace("ANSWERED", "FAILED")
        + &row(2, "205", "0031612345678", "PJSIP/205-01", c, "PJSIP/+31612345678@carrier", 1);
    let (cdrs, ..) = import(&failover);
    assert_eq!(cdrs.len(), 1);
    assert_eq!((cdrs[0].code, &*cdrs[0].dialled), (200, "+31612345678"));
    assert_eq!(cdrs[0].started.as_secs() % 60, 1, "since the first try");

    // Inside, then transferred out: the outside leg stays.
    let transfer = row(3, "205", "206", "PJSIP/205-01", "PJSIP/206-02", "PJSIP/206", 3)
        + &row(4, "206", "0031612345678", "PJSIP/206-03", c, "PJSIP/0031612345678@carrier", 3);
    let (cdrs, summary, _) = import(&transfer);
    assert_eq!((cdrs.len(), summary.dropped_legs), (1, 1));
    assert_eq!(cdrs[0].direction, Direction::Outbound);

    // Two answered outside numbers are two charges.
    let two = row(5, "205", "0031612345678", "PJSIP/205-01", c, "PJSIP/0031612345678@carrier", 5)
        + &row(6, "205", "0025261234567", "PJSIP/205-01", c, "PJSIP/0025261234567@carrier", 5);
    assert_eq!(import(&two).0.len(), 2);

    // The same id a day later is a counter that began anew.
    let later = row(8, "205", "0031612345678", "PJSIP/205-01", c, "PJSIP/0031612345678@carrier", 8)
        + &row(9, "205", "0031612345678", "PJSIP/205-01", c, "PJSIP/0031612345678@carrier", 8)
            .replace("2026-11-21", "2026-11-22");
    assert_eq!(import(&later).0.len(), 2);
}

#[test]
fn order_duplicates_and_tenants() {
    let call = |id, tenant: &str| {
        row(
            id,
            "205",
            "0031612345678",
            "PJSIP/205-01",
            "PJSIP/carrier-02",
            "PJSIP/0031612345678@carrier",
            id,
        )
        .replace("\"cust\"", &format!("\"{tenant}\""))
    };
    let text = call(30, "a") + &call(10, "b") + &call(20, "") + &call(10, "b");
    let (cdrs, summary, _) = import(&text);
    assert_eq!((summary.records, summary.duplicates), (3, 1));
    let tenants: Vec<_> =
        cdrs.iter().map(|cdr| cdr.tenant.as_ref().map(|t| t.as_str().to_owned())).collect();
    assert_eq!(tenants, [Some("b".into()), None, Some("a".into())], "in the order of time");
    let fixed = ImportOptions { tenant: TenantFrom::Fixed(TenantId::new("me")), ..options("UTC") };
    let (cdrs, ..) = import_with(text.as_bytes(), fixed);
    assert!(cdrs.iter().all(|cdr| cdr.tenant.as_ref().unwrap().as_str() == "me"));
}

#[test]
fn the_autumn_night_is_counted_and_durations_win() {
    let (cdrs, summary, _) =
        import_with(include_bytes!("data/asterisk_16.csv"), options("Europe/Amsterdam"));
    assert_eq!((summary.records, summary.dst_ambiguous), (2, 1));
    // 02:50 CEST is 00:50 UTC.
    assert_eq!(cdrs[0].started, WallTime::from_secs(1_792_889_400));
    assert_eq!(cdrs[0].ended, WallTime::from_secs(1_792_889_400 + 1_200));
    assert_eq!(cdrs[0].answered, Some(WallTime::from_secs(1_792_889_400 + 10)));
    assert_eq!(cdrs[1].code, 486);
}

#[test]
fn torn_rows_spoil_only_themselves() {
    let good = |id| {
        row(
            id,
            "205",
            "0031612345678",
            "PJSIP/205-01",
            "PJSIP/carrier-02",
            "PJSIP/0031612345678@carrier",
            id,
        )
    };
    let torn = &good(2)[..60];
    // Torn inside a quoted column, in the middle, at the start and at the end of the file.
    for text in [
        format!("{}{torn}\n{}", good(1), good(3)),
        format!("{torn}\n{}{}", good(1), good(3)),
        format!("{}{}{torn}", good(1), good(3)),
        format!("{}tail\",1\n{}", good(1), good(3)),
    ] {
        let (_, summary, rejects) = import(&text);
        assert_eq!((summary.records, summary.rejected), (2, 1), "{text}");
        assert!(!rejects[0].raw.is_empty() && rejects[0].line > 0);
    }
}

#[test]
fn strange_bytes_are_repaired_or_rejected() {
    let good = row(
        1,
        "205",
        "0031612345678",
        "PJSIP/205-01",
        "PJSIP/carrier-02",
        "PJSIP/0031612345678@carrier",
        1,
    );
    let mut latin = good.replace("\"\"x\"\"", "\"\"Ren@\"\"").into_bytes();
    let at = latin.iter().position(|&b| b == b'@').unwrap();
    latin[at] = 0xe9;
    let mut text = b"\xef\xbb\xbf".to_vec();
    text.extend(&latin);
    text.extend([0; 700]);
    text.extend(good.replace("1795255200.1", "1795255200.2").bytes());
    text.extend([0; 9]);
    text.extend(b"\n\r\n   \n");
    let (cdrs, summary, rejects) = import_with(&text, options("UTC"));
    assert_eq!((cdrs.len(), summary.repaired, summary.rejected), (2, 2, 1));
    assert_eq!(rejects[0].reason.to_string(), "nothing but NUL bytes");
}

#[test]
fn long_rows_and_carriage_returns_are_read() {
    let good = row(
        1,
        "205",
        "0031612345678",
        "PJSIP/205-01",
        "PJSIP/carrier-02",
        "PJSIP/0031612345678@carrier",
        1,
    );
    let long = good.replace("\"\"x\"\"", &"n".repeat(4_000));
    let (cdrs, summary, _) = import(&long.replace('\n', "\r\n"));
    assert_eq!((cdrs.len(), summary.rejected), (1, 0));
    assert!(summary.warnings.iter().any(|warning| warning.to_string().contains("1,024")));
    let too_long = format!("{good}{}\n{}", "x".repeat(3 << 20), good.replace("200.1", "200.2"));
    let (cdrs, summary, rejects) = import(&too_long);
    assert_eq!((cdrs.len(), summary.rejected, rejects[0].raw.len()), (2, 1, Reject::RAW_BYTES_MAX));
}

#[test]
fn an_unanswered_call_has_an_empty_answer() {
    let text = row(
        1,
        "205",
        "0031612345678",
        "PJSIP/205-01",
        "PJSIP/carrier-02",
        "PJSIP/0031612345678@carrier",
        1,
    )
    .replace("\"2026-11-21 10:01:00\"", "")
    .replace(",60,\"ANSWERED\"", ",0,\"NO ANSWER\"");
    let (cdrs, ..) = import(&text);
    assert_eq!((cdrs[0].answered, cdrs[0].billable_ms, cdrs[0].code), (None, 0, 487));
}

#[test]
fn sides_are_told_by_options() {
    let call =
        row(1, "0612345678", "0402282800", "PJSIP/provider-01", "PJSIP/205-02", "PJSIP/205", 1)
            .replace("from-internal", "dialplan7");
    // An outside caller reached a phone, so what brought it is a trunk.
    let (cdrs, ..) = import_with(call.as_bytes(), options("UTC"));
    assert_eq!(cdrs[0].direction, Direction::Inbound);
    assert_eq!(cdrs[0].extension.as_ref().unwrap().as_str(), "205");
    assert_eq!(cdrs[0].trunk.as_ref().unwrap().as_str(), "provider");
    // The same caller id is a colleague when it is one of the tenant's own numbers.
    let mut own = options("UTC");
    own.sides.own_numbers = vec!["+31612345678".into()];
    assert_eq!(import_with(call.as_bytes(), own).0[0].direction, Direction::Internal);
    let mut by_trunk = options("UTC");
    by_trunk.sides.carrier_trunks = vec!["prov*".into()];
    let (cdrs, ..) = import_with(call.as_bytes(), by_trunk);
    assert_eq!(
        (cdrs[0].direction, cdrs[0].trunk.as_ref().unwrap().as_str()),
        (Direction::Inbound, "provider")
    );
    assert_eq!(cdrs[0].extension.as_ref().unwrap().as_str(), "205");
    let through = row(
        2,
        "0612345678",
        "205",
        "PJSIP/provider-01",
        "PJSIP/provider-02",
        "PJSIP/0099@provider",
        2,
    );
    let mut by_trunk = options("UTC");
    by_trunk.sides.carrier_trunks = vec!["provider".into()];
    let (cdrs, ..) = import_with(through.as_bytes(), by_trunk);
    assert_eq!((cdrs[0].direction, cdrs[0].via), (Direction::Outbound, Via::Forward));
    assert_eq!(cdrs[0].c_number.as_deref(), Some("205"));
}
