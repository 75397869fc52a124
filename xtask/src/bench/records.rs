//! `ringfence replay` of a million Asterisk call records: import, replay, report.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use super::gauge::{Bound, Gauge, Reading, resident_bytes};

const ROWS: u64 = 1_000_000;
const DAYS: u64 = 60;
const EXTENSIONS: u64 = 800;

/// Where foreign calls go: mostly to the same few countries, now and then elsewhere.
const ABROAD: [&str; 8] =
    ["004930", "00322", "004420", "003312", "004930", "00322", "0021671", "0053781"];

pub fn gauge() -> Gauge {
    Gauge { name: "replay", measure: Box::new(|| measure(ROWS)) }
}

fn measure(rows: u64) -> Result<Vec<Reading>> {
    let folder = tempfile::tempdir()?;
    let records = folder.path().join("Master.csv");
    write(&records, rows)?;
    let mib = std::fs::metadata(&records)?.len() as f64 / f64::from(1 << 20);
    let report = folder.path().join("report.html");
    let clock = Instant::now();
    let code = replay(&records, &report);
    let secs = clock.elapsed().as_secs_f64();
    ensure!(code == ExitCode::SUCCESS, "ringfence replay failed: {code:?}");
    let (_, most) = resident_bytes()?;
    let reading = |what: String, value, unit: &str, must| Reading {
        what,
        value,
        unit: unit.to_owned(),
        must,
    };
    Ok(vec![
        reading(
            format!("replay of {rows} Asterisk records ({mib:.0} MiB), report included"),
            secs,
            "s",
            Some(Bound::AtMost(10.0)),
        ),
        reading(
            "memory at its most then".to_owned(),
            most as f64 / f64::from(1 << 20),
            "MiB",
            None,
        ),
    ])
}

/// The program itself, in this process. It prints its summary before the readings.
fn replay(records: &Path, report: &Path) -> ExitCode {
    let carrier: [OsString; 4] =
        ["ringfence".into(), "replay".into(), "--carrier-trunk".into(), "carrier".into()];
    let files = ["--report".into(), report.into(), records.into()];
    ringfence_cli::run(carrier.into_iter().chain(files))
}

/// A phone system's records: two months of a company, busy in office hours, and one attack in a weekend.
fn write(file: &Path, rows: u64) -> Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    let mut chance = Chance(7);
    let start = 1_751_328_000; // 2025-07-01, a Tuesday
    for row in 0..rows {
        // Evenly over the days; within a day from half past seven to half past six.
        let day = row * DAYS / rows;
        let share = (row * DAYS % rows) as f64 / rows as f64;
        let secs = start + day * 86_400 + 27_000 + (share * 39_600.0) as u64;
        let at = Timestamp::from_second(secs.try_into()?)?;
        one(&mut out, &mut chance, row, at, day == 45 && row.is_multiple_of(40))?;
    }
    out.flush()?;
    Ok(())
}

fn one(
    out: &mut impl Write,
    chance: &mut Chance,
    row: u64,
    at: Timestamp,
    fraud: bool,
) -> Result<()> {
    let extension = 1_000 + chance.below(EXTENSIONS);
    let line = chance.below(10_000_000);
    let kind = chance.below(100);
    let (duration, answered) = if chance.below(10) < 7 {
        (20 + chance.below(400), true)
    } else {
        (chance.below(40), false)
    };
    let inbound = kind < 35 && !fraud;
    let dialled = match kind {
        _ if fraud => format!("0053{line:08}"),
        35..50 => (1_000 + chance.below(EXTENSIONS)).to_string(),
        95.. => {
            let prefix = ABROAD.iter().cycle().nth(chance.below(8) as usize).unwrap_or(&"0032");
            format!("{prefix}{:06}", chance.below(3_000))
        }
        _ => format!("020{line:07}"),
    };
    let caller = if inbound { format!("06{line:08}") } else { extension.to_string() };
    let called = if inbound { extension.to_string() } else { dialled.clone() };
    let phone = format!("PJSIP/{extension}-{row:08x}");
    let trunk = format!("PJSIP/carrier-{row:08x}");
    let other = format!("PJSIP/{dialled}-{row:08x}");
    let (context, from, to) = match (inbound, dialled.len()) {
        (true, _) => ("from-trunk", &trunk, &phone),
        (false, 4) => ("from-internal", &phone, &other),
        (false, _) => ("from-internal", &phone, &trunk),
    };
    let time = |secs: u64| -> Result<String> {
        let then = Timestamp::from_second(at.as_second() + i64::try_from(secs)?)?;
        Ok(then.strftime("%Y-%m-%d %H:%M:%S").to_string())
    };
    let (disposition, billed) = if answered { ("ANSWERED", duration) } else { ("NO ANSWER", 0) };
    let answer = if answered { time(8)? } else { String::new() };
    let id = format!("{}.{row}", at.as_second());
    writeln!(
        out,
        r#""","{caller}","{called}","{context}","""{caller}"" <{caller}>","{from}","{to}","Dial","{to}","{}","{answer}","{}",{},{billed},"{disposition}","DOCUMENTATION","{id}","","","{id}",{row}"#,
        time(0)?,
        time(8 + duration)?,
        8 + duration,
    )?;
    Ok(())
}

/// SplitMix64: the same file on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Not;

    use ringfence_connect::cdr::{ImportOptions, import_bytes};

    use super::*;

    #[test]
    fn every_record_is_a_call_in_its_direction() {
        let folder = tempfile::tempdir().unwrap();
        let records = folder.path().join("Master.csv");
        write(&records, 2_000).unwrap();
        let mut options = ImportOptions::new(jiff::tz::TimeZone::UTC);
        options.sides.carrier_trunks.push("carrier".into());
        let bytes = std::fs::read(&records).unwrap();
        let (cdrs, summary) =
            import_bytes("Master.csv", bytes, options, &mut |bad| panic!("{bad:?}")).unwrap();
        assert_eq!(cdrs.len(), 2_000, "{summary:?}");
        assert!(summary.inbound > 500 && summary.outbound > 800 && summary.internal > 200);
        let fraud = cdrs.iter().filter(|cdr| cdr.dialled.starts_with("0053781").not());
        assert!(fraud.filter(|cdr| cdr.dialled.starts_with("0053")).count() > 0);
    }
}
