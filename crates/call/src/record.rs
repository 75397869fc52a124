//! The record of an attempt.

use ringfence_model::{Attempt, Cdr, E164, WallTime};

/// The one record of an attempt, known to the caller by `known_as`.
pub fn cdr(
    attempt: &Attempt,
    known_as: &[u8],
    (started, answered, ended): (WallTime, Option<WallTime>, WallTime),
    (billable_ms, code): (u64, u16),
) -> Cdr {
    Cdr {
        native_id: attempt.call.to_string().into(),
        correlation_id: Some(String::from_utf8_lossy(known_as).into()),
        tenant: Some(attempt.tenant.clone()),
        trunk: attempt.trunk.clone(),
        extension: attempt.extension.clone(),
        direction: attempt.direction,
        a_number: attempt.a_number.map(E164::full).unwrap_or_default().into(),
        dialled: attempt.dialled.clone(),
        c_number: attempt.forwarded_by.as_ref().map(|by| by.as_str().into()),
        via: attempt.via,
        source: attempt.source.clone(),
        started,
        answered,
        ended,
        billable_ms,
        code,
    }
}
