//! Why a call ended, as a SIP response code.

/// The SIP code of a Q.850 cause, by RFC 3398 §7.2.4.1; causes it does not name become 480.
pub(crate) fn sip_code(q850: u16, answered: bool) -> u16 {
    if answered {
        return 200;
    }
    match q850 {
        1..=3 => 404,
        17 => 486,
        18 => 408,
        // Normal clearing before an answer: the caller gave up.
        16 => 487,
        20 => 480,
        21 | 55 | 57 | 87 => 403,
        22 | 23 => 410,
        26 => 404,
        27 => 502,
        28 => 484,
        29 | 79 => 501,
        34 | 38 | 41 | 42 | 47 | 58 | 88 => 503,
        65 | 70 => 488,
        102 => 504,
        111 | 127 => 500,
        _ => 480,
    }
}

/// The SIP code of an Asterisk disposition.
pub(crate) fn of_disposition(word: &str) -> Option<u16> {
    match word {
        "ANSWERED" | "ANSWER" => Some(200),
        "NO ANSWER" | "NOANSWER" => Some(487),
        "BUSY" => Some(486),
        "FAILED" => Some(480),
        "CONGESTION" | "CHANUNAVAIL" => Some(503),
        "CANCEL" => Some(487),
        _ => None,
    }
}

/// The Q.850 number of a FreeSWITCH cause name (`switch_types.h` names them after ITU-T Q.850 table 1).
pub(crate) fn q850_of_name(name: &str) -> Option<u16> {
    Some(match name {
        "UNALLOCATED_NUMBER" => 1,
        "NO_ROUTE_TRANSIT_NET" => 2,
        "NO_ROUTE_DESTINATION" => 3,
        "NORMAL_CLEARING" | "PICKED_OFF" | "LOSE_RACE" | "BLIND_TRANSFER" | "ATTENDED_TRANSFER" => {
            16
        }
        "ORIGINATOR_CANCEL" => 16,
        "USER_BUSY" => 17,
        "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" => 18,
        "NO_ANSWER" | "MEDIA_TIMEOUT" => 19,
        "SUBSCRIBER_ABSENT" | "USER_NOT_REGISTERED" => 20,
        "CALL_REJECTED" => 21,
        "NUMBER_CHANGED" => 22,
        "REDIRECTION_TO_NEW_DESTINATION" => 23,
        "DESTINATION_OUT_OF_ORDER" => 27,
        "INVALID_NUMBER_FORMAT" => 28,
        "FACILITY_REJECTED" => 29,
        "NORMAL_UNSPECIFIED" | "NONE" => 31,
        "NORMAL_CIRCUIT_CONGESTION" => 34,
        "NETWORK_OUT_OF_ORDER" => 38,
        "NORMAL_TEMPORARY_FAILURE" | "RECOVERY_ON_TIMER_EXPIRE" | "GATEWAY_DOWN" => 41,
        "SWITCH_CONGESTION" => 42,
        "REQUESTED_CHAN_UNAVAIL" => 47,
        "OUTGOING_CALL_BARRED" | "INCOMING_CALL_BARRED" => 55,
        "BEARERCAPABILITY_NOTAUTH" => 57,
        "BEARERCAPABILITY_NOTAVAIL" => 58,
        "BEARERCAPABILITY_NOTIMPL" => 65,
        "SERVICE_NOT_IMPLEMENTED" => 79,
        "INCOMPATIBLE_DESTINATION" => 88,
        "PROTOCOL_ERROR" => 111,
        "INTERWORKING" | "CRASH" | "SYSTEM_SHUTDOWN" | "EXCHANGE_ROUTING_ERROR" => 127,
        _ => return None,
    })
}

/// A code from what a source gives: a SIP code, a Q.850 number, a cause name or a disposition.
pub(crate) fn of_text(text: &str, answered: bool) -> Option<u16> {
    let text = text.trim();
    if let Ok(number) = text.parse::<u16>() {
        return match number {
            200..=699 => Some(number),
            1..=127 => Some(sip_code(number, answered)),
            _ => None,
        };
    }
    of_disposition(text).or_else(|| q850_of_name(text).map(|cause| sip_code(cause, answered)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_says_it_in_its_own_way() {
        assert_eq!(of_text("486", false), Some(486));
        assert_eq!(of_text("17", false), Some(486));
        assert_eq!(of_text("USER_BUSY", false), Some(486));
        assert_eq!(of_text("BUSY", false), Some(486));
        assert_eq!(of_text("16", true), Some(200));
        assert_eq!(of_text("NORMAL_CLEARING", true), Some(200));
        assert_eq!(of_text("ORIGINATOR_CANCEL", false), Some(487));
        assert_eq!(of_text("0", false), None);
        assert_eq!(of_text("whatever", false), None);
    }
}
