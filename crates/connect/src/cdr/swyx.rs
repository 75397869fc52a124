//! SwyxWare: a header, quoted columns, date and time in two fields of local time (help.swyx.com, appendix CDR).

use super::fields::Fields;
use super::leg::Draft;
use super::options::Sides;
use super::row::RowError;
use super::sides::End;
use super::time::{Clock, Stamp, TimeError};

pub(crate) fn from_row<'a>(
    f: &'a dyn Fields,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let mut at = |what: &str| -> Result<Option<Stamp>, TimeError> {
        let (date, time) = (f.get(&format!("{what}Date")), f.get(&format!("{what}Time")));
        if date.is_empty() { Ok(None) } else { clock.read(&format!("{date} {time}")) }
    };
    let Some(started) = at("Start")? else { return Err(RowError::NoStart) };
    let (answered, ended) = (at("Connect")?, at("End")?);
    // Devices are trunks, or the names of phones; calls through a trunk carry full numbers.
    let (from_device, to_device) = (f.get("OriginationDevice"), f.get("DestinationDevice"));
    let (caller, called) =
        (f.get("OriginationNumber"), f.any(&["CalledNumber", "DestinationNumber"]));
    let prefix = f.get("PublicAccessPrefix");
    let outside = |number: &str| {
        number.starts_with('+') || (!prefix.is_empty() && number.starts_with(prefix))
    };
    let from = end(from_device, outside(caller), caller, sides);
    let to = end(to_device, outside(called), called, sides);
    Ok(Draft {
        native_id: f.get("CallID").into(),
        correlation: f.any(&["TransferredCallId1", "CallID"]).into(),
        trunk: match (from, to) {
            (_, End::Carrier) => to_device,
            (End::Carrier, _) => from_device,
            _ => "",
        }
        .into(),
        extension: match (from, to) {
            (End::Phone, _) => caller,
            (_, End::Phone) => f.any(&["DestinationNumber", "CalledNumber"]),
            _ => "",
        },
        from,
        to,
        a_number: caller.into(),
        dialled: called.into(),
        c_number: f.get("TransferredByNumber").into(),
        started: Some(started),
        answered,
        ended,
        code: answered
            .map(|_| 200)
            .or_else(|| super::cause::of_text(f.get("DisconnectReason"), false)),
        ..Draft::default()
    })
}

fn end(device: &str, outside: bool, number: &str, sides: &Sides) -> End {
    match sides.end_of(device) {
        End::Carrier => End::Carrier,
        End::Guard => End::Guard,
        _ if outside => End::Carrier,
        _ if sides.is_extension(number) => End::Phone,
        _ => End::Unknown,
    }
}
