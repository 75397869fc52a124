//! FreeSWITCH: `json_cdr`, the `cdr_csv` templates "example" and "asterisk", and the `v_xml_cdr` table of FusionPBX.

use super::body::url_decoded;
use super::cause;
use super::fields::{Columns, Fields, Object};
use super::leg::{Draft, Role};
use super::options::Sides;
use super::row::RowError;
use super::sides::End;
use super::time::{Clock, Stamp, duration_ms};
use ringfence_model::{Direction, Via};

/// Values are percent-encoded unless `encode-values` is off. Numbers and names never hold a `%` of their own.
pub(crate) fn decode_values(object: &mut Object) {
    object.decode(url_decoded);
}

/// One `json_cdr` object, already decoded.
pub(crate) fn from_json<'a>(
    f: &'a Object,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let v = Variables(f);
    let uuid = v.any(&["uuid"]);
    if uuid.is_empty() {
        return Err(RowError::Missing { field: "variables.uuid" });
    }
    let owner = v.any(&["originating_leg_uuid", "originator", "signal_bond_owner"]);
    let call = if owner.is_empty() { v.any(&["call_uuid"]) } else { owner };
    let is_b_leg = !owner.is_empty() && owner != uuid;
    let stamp = |clock: &mut Clock, what: &str| -> Result<Option<Stamp>, RowError> {
        // Epoch fields know no time zone; stamps are local.
        let fields = [format!("{what}_uepoch"), format!("{what}_epoch"), format!("{what}_stamp")];
        let names = fields.iter().map(String::as_str).collect::<Vec<_>>();
        Ok(clock.read(v.any(&names))?)
    };
    let leg = Leg {
        uuid,
        call: if call.is_empty() { uuid } else { call },
        is_b_leg,
        tenant: v.any(&["domain_name", "accountcode"]),
        context: v.any(&["user_context", "context"]),
        caller: v.any(&["caller_id_number", "sip_from_user", "effective_caller_id_number"]),
        destination: v.any(&["destination_number", "sip_to_user", "sip_req_user"]),
        auth_user: v.any(&["sip_auth_username", "dialed_user"]),
        gateway: v.any(&["sip_gateway_name", "sip_gateway"]),
        channel: v.any(&["channel_name"]),
        last_app: v.any(&["last_app", "current_application"]),
        last_arg: v.any(&["last_arg", "current_application_data"]),
        redirecting: v.any(&["sip_h_X-Diverting", "rdnis", "sip_redirected_by"]),
        direction: "",
        ip: v.any(&["sip_network_ip", "network_addr", "sip_received_ip"]),
        agent: v.any(&["sip_user_agent"]),
        started: stamp(clock, "start")?,
        answered: stamp(clock, "answer")?,
        ended: stamp(clock, "end")?,
        duration: v.any(&["mduration"]),
        duration_secs: v.any(&["duration"]),
        billed: v.any(&["billmsec"]),
        billed_secs: v.any(&["billsec"]),
        sip_status: v.any(&["sip_term_status", "sip_invite_failure_status"]),
        cause: v.any(&["hangup_cause_q850", "hangup_cause"]),
    };
    leg.draft(sides)
}

/// The fields FreeSWITCH keeps under `variables`, or in the caller profile of the first flow.
struct Variables<'a>(&'a Object);

impl<'a> Variables<'a> {
    fn any(&self, names: &[&str]) -> &'a str {
        names
            .iter()
            .map(|name| self.0.get(&format!("variables.{name}")))
            .find(|value| !value.is_empty())
            .unwrap_or("")
    }
}

/// A row of template "example": thirteen columns or more; newer ones add the Q.850 cause and codecs.
pub(crate) fn from_csv<'a>(
    c: Columns<'a>,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    if c.count() < 12 {
        return Err(RowError::Columns { found: c.count(), expected: "12 or more" });
    }
    // Where the uuid stands depends on whether the Q.850 number stands before it.
    let at = if is_uuid(c.at(10)) { 10 } else { 11 };
    if !is_uuid(c.at(at)) {
        return Err(RowError::Missing { field: "uuid" });
    }
    let leg = Leg {
        uuid: c.at(at),
        call: c.at(at),
        tenant: c.at(at + 2),
        context: c.at(3),
        caller: c.at(1),
        destination: c.at(2),
        started: clock.read(c.at(4))?,
        answered: clock.read(c.at(5))?,
        ended: clock.read(c.at(6))?,
        duration_secs: c.at(7),
        billed_secs: c.at(8),
        cause: c.at(9),
        ..Leg::default()
    };
    leg.draft(sides)
}

/// A row of template "asterisk": the columns of Asterisk with the words of FreeSWITCH.
pub(crate) fn from_asterisk_csv<'a>(
    c: Columns<'a>,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    if c.count() < 17 {
        return Err(RowError::Columns { found: c.count(), expected: "17 or 18" });
    }
    let leg = Leg {
        uuid: c.at(16),
        call: c.at(16),
        tenant: c.at(0),
        caller: c.at(1),
        destination: c.at(2),
        context: c.at(3),
        channel: c.at(5),
        last_app: c.at(7),
        last_arg: c.at(8),
        started: clock.read(c.at(9))?,
        answered: clock.read(c.at(10))?,
        ended: clock.read(c.at(11))?,
        duration_secs: c.at(12),
        billed_secs: c.at(13),
        cause: c.at(14),
        ..Leg::default()
    };
    leg.draft(sides)
}

/// A row of FusionPBX's `v_xml_cdr`. It counts directions from the tenant's side.
pub(crate) fn from_fusionpbx<'a>(
    f: &'a dyn Fields,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let uuid = f.any(&["xml_cdr_uuid", "uuid"]);
    if uuid.is_empty() {
        return Err(RowError::Missing { field: "xml_cdr_uuid" });
    }
    let owner = f.any(&["originating_leg_uuid"]);
    let leg = Leg {
        uuid,
        call: if owner.is_empty() { uuid } else { owner },
        is_b_leg: f.get("leg").eq_ignore_ascii_case("b"),
        tenant: f.any(&["domain_name", "accountcode"]),
        context: f.get("context"),
        caller: f.any(&["caller_id_number", "source_number"]),
        destination: f.any(&["caller_destination", "destination_number"]),
        auth_user: f.any(&["extension", "sip_auth_username"]),
        last_app: f.get("last_app"),
        last_arg: f.get("last_arg"),
        direction: f.get("direction"),
        ip: f.any(&["network_addr", "remote_media_ip"]),
        started: clock.read(f.any(&["start_epoch", "start_uepoch", "start_stamp"]))?,
        answered: clock.read(f.any(&["answer_epoch", "answer_uepoch", "answer_stamp"]))?,
        ended: clock.read(f.any(&["end_epoch", "end_uepoch", "end_stamp"]))?,
        duration: f.get("mduration"),
        duration_secs: f.get("duration"),
        billed: f.get("billmsec"),
        billed_secs: f.get("billsec"),
        sip_status: f.get("sip_hangup_disposition_code"),
        cause: f.any(&["hangup_cause_q850", "hangup_cause"]),
        ..Leg::default()
    };
    leg.draft(sides)
}

#[derive(Default)]
struct Leg<'a> {
    uuid: &'a str,
    call: &'a str,
    is_b_leg: bool,
    tenant: &'a str,
    context: &'a str,
    caller: &'a str,
    destination: &'a str,
    auth_user: &'a str,
    gateway: &'a str,
    channel: &'a str,
    last_app: &'a str,
    last_arg: &'a str,
    redirecting: &'a str,
    direction: &'a str,
    ip: &'a str,
    agent: &'a str,
    started: Option<Stamp>,
    answered: Option<Stamp>,
    ended: Option<Stamp>,
    duration: &'a str,
    duration_secs: &'a str,
    billed: &'a str,
    billed_secs: &'a str,
    sip_status: &'a str,
    cause: &'a str,
}

impl<'a> Leg<'a> {
    fn draft(self, sides: &Sides) -> Result<Draft<'a>, RowError> {
        if self.started.is_none() {
            return Err(RowError::NoStart);
        }
        let bridge = Bridge::of(self.last_app, self.last_arg);
        let (trunk, sent) = match bridge {
            Some(Bridge::Gateway { name, number }) => (name, number),
            Some(Bridge::User) | None => (self.gateway, ""),
        };
        let to = match (sides.end_of(trunk), bridge) {
            (End::Guard, _) => End::Guard,
            _ if !trunk.is_empty() => End::Carrier,
            (_, Some(Bridge::User)) => End::Phone,
            _ => End::Unknown,
        };
        let from = if self.comes_from_carrier(sides) {
            End::Carrier
        } else if self.auth_user.is_empty() {
            End::Unknown
        } else {
            End::Phone
        };
        let billable_ms = ms_or_secs(self.billed, self.billed_secs)?;
        let answered = self.answered.is_some() || billable_ms.is_some_and(|ms| ms > 0);
        Ok(Draft {
            native_id: self.uuid.into(),
            correlation: self.call.into(),
            tenant: self.tenant,
            trunk: trunk.into(),
            extension: self.extension(sides, from),
            direction: match self.direction {
                "outbound" => Some(Direction::Outbound),
                "inbound" => Some(Direction::Inbound),
                "local" => Some(Direction::Internal),
                _ => None,
            },
            from,
            to,
            context: self.context,
            a_number: self.caller.into(),
            dialled: if sent.is_empty() { self.destination } else { sent }.into(),
            c_number: self.redirecting.into(),
            via: if self.last_app == "voicemail" { Via::Voicemail } else { Via::Unknown },
            source_ip: self.ip.parse().ok(),
            user_agent: self.agent,
            started: self.started,
            answered: self.answered,
            ended: self.ended,
            duration_ms: ms_or_secs(self.duration, self.duration_secs)?,
            billable_ms,
            code: if answered {
                Some(200)
            } else {
                cause::of_text(self.sip_status, false).or_else(|| cause::of_text(self.cause, false))
            },
            // The A leg holds the whole call; the B leg is the switch's own side of it.
            role: match to {
                End::Guard => Role::Guard,
                _ if self.is_b_leg => Role::Inside,
                _ => Role::Party,
            },
            caller_inside: self.is_b_leg,
            dialog: None,
        })
    }

    fn comes_from_carrier(&self, sides: &Sides) -> bool {
        // The sample profile for carriers is called "external".
        sides.is_carrier_context(self.context)
            || self.channel.starts_with("sofia/external/") && !self.is_b_leg
    }

    fn extension(&self, sides: &Sides, from: End) -> &'a str {
        if from == End::Carrier {
            return Some(self.destination).filter(|text| sides.is_extension(text)).unwrap_or("");
        }
        if !self.auth_user.is_empty() {
            return self.auth_user;
        }
        Some(self.caller).filter(|text| sides.is_extension(text)).unwrap_or("")
    }
}

/// What `bridge` was told to call.
#[derive(Clone, Copy)]
enum Bridge<'a> {
    Gateway { name: &'a str, number: &'a str },
    User,
}

impl<'a> Bridge<'a> {
    /// The last of several: they are tried in order, separated by `,` or `|`.
    fn of(app: &str, data: &'a str) -> Option<Self> {
        if app != "bridge" {
            return None;
        }
        // Variables stand in front: `{a=b,c=d}[e=f]sofia/…`.
        let after = data.rsplit(['}', ']']).next().unwrap_or(data);
        let last = after.rsplit([',', '|']).next().unwrap_or(after);
        let mut parts = last.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("sofia"), Some("gateway"), Some(name), Some(number)) => {
                // Tenants share gateways as `domain::gateway`.
                let name = name.rsplit("::").next().unwrap_or(name);
                Some(Self::Gateway { name, number })
            }
            (Some("sofia"), Some(_profile), Some(address), _) => {
                let (number, host) = address.split_once('@').unwrap_or((address, ""));
                if host.is_empty() || host.contains('%') {
                    return Some(Self::User);
                }
                Some(Self::Gateway { name: host, number: number.trim_start_matches("sip:") })
            }
            (Some("user" | "group" | "loopback"), ..) => Some(Self::User),
            _ => None,
        }
    }
}

fn ms_or_secs(ms: &str, secs: &str) -> Result<Option<u64>, RowError> {
    match ms.parse() {
        Ok(ms) => Ok(Some(ms)),
        Err(_) => Ok(duration_ms(secs)?),
    }
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_bridged() {
        let number = |data| match Bridge::of("bridge", data) {
            Some(Bridge::Gateway { name, number }) => (name, number),
            _ => ("", ""),
        };
        assert_eq!(
            number("{a=b}sofia/gateway/carrier/0031201234567"),
            ("carrier", "0031201234567")
        );
        assert_eq!(number("sofia/gateway/cust::carrier/+3120"), ("carrier", "+3120"));
        assert_eq!(number("sofia/gateway/a/1|sofia/gateway/b/2"), ("b", "2"));
        assert_eq!(number("sofia/external/0031@sbc.example.net"), ("sbc.example.net", "0031"));
        assert!(matches!(Bridge::of("bridge", "user/205@example.net"), Some(Bridge::User)));
        assert!(Bridge::of("voicemail", "default").is_none());
    }
}
