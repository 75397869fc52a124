//! Cisco Unified CM: a header line, a line of types, then records with epoch times in UTC and addresses as signed
//! little-endian integers.

use super::cause;
use super::fields::Fields;
use super::leg::Draft;
use super::options::Sides;
use super::row::RowError;
use super::sides::End;
use super::time::{Clock, duration_ms};
use ringfence_model::Via;
use std::net::{IpAddr, Ipv4Addr};

/// `cdrRecordType` of a call record; 2 is a quality record (CMR).
const CALL_RECORD: &str = "1";

/// Whether a row is the line of types: `INTEGER,INTEGER,VARCHAR(50)…`.
pub(crate) fn is_types_line(first_column: &str) -> bool {
    matches!(first_column, "INTEGER" | "UNIQUEIDENTIFIER") || first_column.starts_with("VARCHAR")
}

pub(crate) fn from_row<'a>(
    f: &'a dyn Fields,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    if f.get("cdrRecordType") != CALL_RECORD {
        return Err(RowError::NotACall);
    }
    let Some(started) = clock.read(f.get("dateTimeOrigination"))? else {
        return Err(RowError::NoStart);
    };
    // 0 means never connected.
    let answered = clock.read(f.get("dateTimeConnect"))?;
    let (from_device, to_device) = (f.get("origDeviceName"), f.get("destDeviceName"));
    let (from, to) = (end(from_device, sides), end(to_device, sides));
    let caller = f.any(&["callingPartyNumber", "outpulsedCallingPartyNumber"]);
    let called = f.any(&[
        "outpulsedCalledPartyNumber",
        "finalCalledPartyNumber",
        "originalCalledPartyNumber",
    ]);
    // No called number: the user hung up before dialling one.
    let redirected = f.get("lastRedirectDn");
    let forwarded = !redirected.is_empty()
        && redirected != called
        && redirected != f.get("originalCalledPartyNumber");
    let (dest_cause, orig_cause) = (f.get("destCause_value"), f.get("origCause_value"));
    let cause = if dest_cause.is_empty() || dest_cause == "0" { orig_cause } else { dest_cause };
    Ok(Draft {
        native_id: f.get("pkid").into(),
        correlation: format!(
            "{}/{}/{}",
            f.get("globalCallId_ClusterID"),
            f.get("globalCallID_callManagerId"),
            f.get("globalCallID_callId")
        )
        .into(),
        trunk: match (from, to) {
            (_, End::Carrier | End::Guard) => to_device,
            (End::Carrier, _) => from_device,
            _ => "",
        }
        .into(),
        extension: match (from, to) {
            (End::Phone, _) => caller,
            (_, End::Phone) => f.get("finalCalledPartyNumber"),
            _ => "",
        },
        from,
        to,
        a_number: caller.into(),
        dialled: called.into(),
        c_number: if forwarded { redirected } else { "" }.into(),
        via: if from == End::Carrier && to == End::Carrier { Via::Forward } else { Via::Unknown },
        source_ip: address(f.get("origIpv4v6Addr"), f.get("origIpAddr")),
        started: Some(started),
        answered,
        ended: clock.read(f.get("dateTimeDisconnect"))?,
        billable_ms: if answered.is_some() { duration_ms(f.get("duration"))? } else { None },
        code: answered.map(|_| 200).or_else(|| cause::of_text(cause, false)),
        ..Draft::default()
    })
}

/// Phones have their MAC address in the name (`SEP…`), soft phones a prefix of their own; all else leads outside.
fn end(device: &str, sides: &Sides) -> End {
    const PHONES: [&str; 8] = ["SEP", "CSF", "BOT", "TCT", "TAB", "ATA", "VGC", "CTI"];
    match sides.end_of(device) {
        End::Unknown if device.is_empty() => End::Unknown,
        End::Unknown if PHONES.iter().any(|prefix| device.starts_with(prefix)) => End::Phone,
        End::Unknown => End::Carrier,
        known => known,
    }
}

/// The text form when there is one; the integer holds the bytes in reverse.
fn address(text: &str, integer: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let number: i32 = integer.parse().ok().filter(|number| *number != 0)?;
    Some(IpAddr::V4(Ipv4Addr::from(number.to_le_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_signed_and_backwards() {
        // 10.20.30.40 as the documentation's own formula gives it.
        assert_eq!(address("", "673059850"), Some("10.20.30.40".parse().unwrap()));
        assert_eq!(address("", "-1139627840"), Some("192.168.18.188".parse().unwrap()));
        assert_eq!(address("2001:db8::1", "673059850"), Some("2001:db8::1".parse().unwrap()));
        assert_eq!(address("", "0"), None);
    }
}
