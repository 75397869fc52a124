//! Whole imports: packing, previews, warnings, and the promise that every row is accounted for.
#![allow(clippy::panic, clippy::unwrap_used)]

use jiff::tz::TimeZone;
use proptest::prelude::*;
use ringfence_connect::cdr::{ImportOptions, Importer, Warning, import_bytes};
use ringfence_model::WallTime;
use std::io::Write;

fn options(zone: &str) -> ImportOptions {
    ImportOptions::new(TimeZone::get(zone).unwrap())
}

const SAMPLES: [(&str, &[u8]); 12] = [
    ("3cx", include_bytes!("data/3cx_cdr.log")),
    ("asterisk 16", include_bytes!("data/asterisk_16.csv")),
    ("asterisk json", include_bytes!("data/asterisk_cdr.json")),
    ("asterisk 21", include_bytes!("data/asterisk_master.csv")),
    ("cucm", include_bytes!("data/cucm_cdr.csv")),
    ("freepbx", include_bytes!("data/freepbx_cdr.csv")),
    ("freeswitch json", include_bytes!("data/freeswitch_cdr.json")),
    ("freeswitch csv", include_bytes!("data/freeswitch_example.csv")),
    ("fusionpbx", include_bytes!("data/fusionpbx_v_xml_cdr.csv")),
    ("acc", include_bytes!("data/kamailio_acc.csv")),
    ("syslog", include_bytes!("data/opensips_syslog.log")),
    ("swyx", include_bytes!("data/swyx_cdr.csv")),
];

/// A change as disks, editors and programs make them.
#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
    Insert(usize, Vec<u8>),
    Truncate(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0usize..8_000;
    // Characters that mean something to one of the formats come more often than others.
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\"\n\r,;{}\\\0'%=0-".to_vec())];
    prop_oneof![
        (at.clone(), byte.clone()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at.clone(), 1usize..400).prop_map(|(at, count)| Damage::Remove(at, count)),
        (at.clone(), 1usize..1_500).prop_map(|(at, count)| Damage::Repeat(at, count)),
        (at.clone(), prop::collection::vec(byte, 1..40))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        at.prop_map(Damage::Truncate),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: Damage) {
    let place = |at: usize| at % (bytes.len() + 1);
    match damage {
        Damage::Set(at, byte) => {
            let at = place(at);
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        Damage::Remove(at, count) => {
            let at = place(at);
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Damage::Repeat(at, count) => {
            let at = place(at);
            let again = bytes[at..(at + count).min(bytes.len())].to_vec();
            bytes.splice(at..at, again);
        }
        Damage::Insert(at, new) => {
            let at = place(at);
            bytes.splice(at..at, new);
        }
        Damage::Truncate(at) => bytes.truncate(place(at)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_row_is_accounted_for(
        sample in 0..SAMPLES.len(),
        damages in prop::collection::vec(damage(), 0..6),
        forced in any::<bool>(),
    ) {
        let (_, original) = SAMPLES[sample];
        let mut options = options("Europe/Amsterdam");
        // Half of the time the damage may not hide what it is.
        if forced {
            options.format = Some(ringfence_connect::cdr::detect(original).unwrap().format);
        }
        let mut bytes = original.to_vec();
        for damage in damages {
            apply(&mut bytes, damage);
        }
        let mut rejects = 0;
        let Ok((cdrs, s)) = import_bytes("x", bytes, options, &mut |_| rejects += 1) else { return Ok(()) };
        prop_assert_eq!(s.rows, s.records + s.rejected + s.duplicates + s.dropped_legs + s.skipped);
        prop_assert_eq!((s.records, s.rejected), (cdrs.len() as u64, rejects));
        prop_assert_eq!(s.records, s.outbound + s.inbound + s.internal);
        prop_assert!(cdrs.is_sorted_by_key(|cdr| cdr.started));
        for cdr in &cdrs {
            prop_assert!(cdr.started <= cdr.ended);
            prop_assert!(cdr.answered.is_none_or(|at| cdr.started <= at && at <= cdr.ended));
            prop_assert_eq!(cdr.answered.is_some(), cdr.billable_ms > 0);
        }
    }

    #[test]
    fn an_import_twice_is_the_same(sample in 0..SAMPLES.len()) {
        let (name, bytes) = SAMPLES[sample];
        let mut twice = bytes.to_vec();
        twice.extend_from_slice(bytes);
        let once = import_bytes(name, bytes.to_vec(), options("UTC"), &mut |_| {}).unwrap();
        let again = import_bytes(name, twice, options("UTC"), &mut |_| {}).unwrap();
        prop_assert_eq!(&once.0, &again.0, "{}", name);
        prop_assert!(again.1.duplicates > 0);
    }
}

#[test]
fn packed_files_and_several_files_are_one_import() {
    let folder = tempfile::tempdir().unwrap();
    let master = include_bytes!("data/asterisk_master.csv");
    let half = master.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(5).unwrap().0 + 1;
    let plain = folder.path().join("Master.csv");
    std::fs::write(&plain, &master[half..]).unwrap();
    let gz = folder.path().join("Master.csv.1.gz");
    let mut pack = flate2::write::GzEncoder::new(
        std::fs::File::create(&gz).unwrap(),
        flate2::Compression::fast(),
    );
    pack.write_all(&master[..half]).unwrap();
    pack.finish().unwrap();
    let run = |paths: Vec<std::path::PathBuf>| {
        Importer::new(paths, options("UTC"))
            .import(&mut |reject| panic!("{reject:?}"), &mut |_| {})
            .unwrap()
    };
    let (cdrs, summary) = run(vec![plain.clone(), gz.clone()]);
    let (whole, _) = import_bytes("x", master.to_vec(), options("UTC"), &mut |_| {}).unwrap();
    assert_eq!(cdrs, whole, "a group split over two files is still one call");
    assert_eq!((summary.files.len(), summary.rows), (2, 13));

    // Two frames, as rotated files that were joined.
    let zst = folder.path().join("Master.csv.zst");
    let mut packed = Vec::new();
    for part in [&master[..half], &master[half..]] {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        packed.extend(ruzstd::encoding::compress_to_vec(part, level));
    }
    std::fs::write(&zst, &packed).unwrap();
    assert_eq!(run(vec![zst.clone()]).0, whole);

    packed.truncate(packed.len() - 20);
    std::fs::write(&zst, &packed).unwrap();
    let torn = Importer::new(vec![zst], options("UTC")).import(&mut |_| {}, &mut |_| {});
    assert!(torn.unwrap_err().to_string().contains("Master.csv.zst"));
    let missing = Importer::new(vec![folder.path().join("none")], options("UTC"))
        .import(&mut |_| {}, &mut |_| {});
    assert!(missing.unwrap_err().to_string().contains("none"));
}

#[test]
fn a_preview_reads_the_first_rows_and_their_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Master.csv");
    let text = format!("torn,row\n{}", include_str!("data/asterisk_master.csv"));
    std::fs::write(&path, text).unwrap();
    let preview = Importer::new(vec![path], options("UTC")).preview(4).unwrap();
    assert_eq!((preview.summary.rows, preview.records.len(), preview.rejects.len()), (4, 3, 1));
    assert_eq!((preview.rejects[0].line, &preview.rejects[0].raw[..]), (1, &b"torn,row"[..]));
    assert_eq!(preview.summary.files[0].detection.format.name(), "asterisk-csv");
}

/// Calls of an office from 08:00 to 17:59 local time, written in UTC with an offset that is wrong by `hours_off`.
fn office(hours_off: i64) -> Vec<u8> {
    let mut text = String::new();
    for i in 0..400i64 {
        let at = 1_795_392_000 + (i / 40) * 86_400 + (8 + i % 10 + hours_off) * 3_600 + i;
        let stamp = jiff::Timestamp::from_second(at).unwrap().strftime("%F %T").to_string();
        text += &format!(
            "\"\",\"205\",\"0031612345678\",\"i\",\"\",\"PJSIP/205-{i:08x}\",\"PJSIP/c-{i:08x}\",\"Dial\",\
             \"PJSIP/0031612345678@c\",\"{stamp}\",,\"{stamp}\",0,0,\"BUSY\",\"D\",\"1795255200.{i}\",\"\"\n"
        );
    }
    text.into_bytes()
}

#[test]
fn a_wrong_time_zone_is_suspected() {
    let warnings = |bytes: Vec<u8>, now: Option<i64>| {
        let options = ImportOptions { now: now.map(WallTime::from_secs), ..options("UTC") };
        import_bytes("x", bytes, options, &mut |_| {}).unwrap().1.warnings
    };
    assert_eq!(warnings(office(0), Some(1_800_000_000)), []);
    let night = warnings(office(-10), None);
    assert!(
        matches!(night[..], [Warning::Night { busy_from_hour: 22 | 23, percent: 80.. }]),
        "{night:?}"
    );
    // The tenth day has not come yet.
    let future = warnings(office(0), Some(1_795_392_000 + 9 * 86_400));
    assert!(matches!(future[..], [Warning::Future { count: 40, .. }]), "{future:?}");
    assert!(future[0].to_string().contains("40 calls begin in the future"));
}

#[test]
fn a_row_seen_long_ago_is_still_no_second_call() {
    let few = ImportOptions { ids_max: 10, ..options("UTC") };
    let mut bytes = office(0);
    bytes.extend(office(0));
    let (_, summary) = import_bytes("x", bytes, few, &mut |_| {}).unwrap();
    // The ids of the first half were forgotten by then, but their legs are of the same calls.
    assert_eq!((summary.records, summary.duplicates, summary.dropped_legs), (400, 0, 400));
}
