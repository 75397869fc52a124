//! `Master.csv` as Asterisk's `cdr_csv` writes it with `loguniqueid`, `loguserfield` and `newcdrcolumns`: 21 columns,
//! no header, local time, texts in quotes, in the order in which calls ended.

use super::weeks::{Ended, Side, calls};
use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

const ACCOUNT: &str = "tulpenkade";
const OWN_NUMBER: &str = "0205550100";

/// The whole file.
///
/// # Errors
/// When a local time does not exist.
pub fn master_csv(seed: u64) -> Result<String> {
    let zone = TimeZone::get("Europe/Amsterdam")?;
    let mut channels = 0u32;
    let mut rows = Vec::new();
    for call in calls(seed)? {
        rows.push((call.ended(), row(&call, channels, &zone)?));
        channels += 2;
    }
    rows.sort_by_key(|(ended, _)| *ended);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn row(call: &Ended, channel: u32, zone: &TimeZone) -> Result<String> {
    let parties = Parties::of(call);
    let stamp = |secs: i64| -> Result<String> {
        let local = Timestamp::from_second(secs)?.to_zoned(zone.clone());
        Ok(local.strftime("%Y-%m-%d %H:%M:%S").to_string())
    };
    let answer = if call.is_answered() { quoted(&stamp(call.answered())?) } else { String::new() };
    let disposition = if call.is_answered() { "ANSWERED" } else { "NO ANSWER" };
    let unique = format!("{}.{channel}", call.started);
    let mut row = String::new();
    let texts = [
        ACCOUNT,
        &parties.src,
        &parties.dst,
        parties.context,
        &format!("\"{}\" <{}>", parties.src, parties.src),
        &format!("PJSIP/{}-{channel:08x}", parties.from),
        &format!("PJSIP/{}-{:08x}", parties.to, channel + 1),
        "Dial",
        &parties.dial,
        &stamp(call.started)?,
    ];
    texts.iter().for_each(|text| row.extend([quoted(text), ",".into()]));
    write!(row, "{answer},{},", quoted(&stamp(call.ended())?))?;
    write!(row, "{},{},", call.ended() - call.started, call.talk_secs)?;
    for text in [disposition, "DOCUMENTATION", &unique, "", "", &unique] {
        row.extend([quoted(text), ",".into()]);
    }
    writeln!(row, "{channel}")?;
    Ok(row)
}

/// Quotes inside are doubled.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

struct Parties {
    src: String,
    dst: String,
    context: &'static str,
    from: String,
    to: String,
    dial: String,
}

impl Parties {
    fn of(call: &Ended) -> Self {
        let extension = call.extension.to_string();
        let other = call.other.clone();
        match call.side {
            Side::Out => Self {
                src: extension.clone(),
                dst: format!("0{}", as_dialled(&other)),
                context: "from-internal",
                from: extension,
                to: "carrier".into(),
                dial: format!("PJSIP/{other}@carrier,60,T"),
            },
            Side::In => Self {
                src: as_dialled(&other),
                dst: OWN_NUMBER.into(),
                context: "from-carrier",
                from: "carrier".into(),
                to: extension.clone(),
                dial: format!("PJSIP/{extension},25,t"),
            },
            Side::Inside => Self {
                src: extension.clone(),
                dst: other.clone(),
                context: "from-internal",
                from: extension,
                to: other.clone(),
                dial: format!("PJSIP/{other},25,tT"),
            },
        }
    }
}

/// As people in the Netherlands dial it, behind the outside line.
fn as_dialled(number: &str) -> String {
    match number.strip_prefix("31") {
        Some(national) => format!("0{national}"),
        None => format!("00{number}"),
    }
}

impl Ended {
    const fn is_answered(&self) -> bool {
        self.talk_secs > 0
    }

    fn answered(&self) -> i64 {
        self.started + i64::from(self.ring_secs)
    }

    fn ended(&self) -> i64 {
        self.answered() + i64::from(self.talk_secs)
    }
}
