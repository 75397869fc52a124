//! A run as lines to read.

use super::fault::Fault;
use super::house::{CARRIER_A, CARRIER_B, CARRIER_C, House, PBX};
use super::network::Towards;
use bytes::Bytes;
use ringfence_gate::Output;
use ringfence_model::Moment;
use std::net::SocketAddr;

/// One line of the ladder.
#[derive(Debug)]
pub enum Line<'a> {
    /// A message arrived at the gate.
    Heard(SocketAddr, &'a Bytes),
    /// The gate sent one.
    Sent(SocketAddr, &'a Bytes),
    /// A message got lost: from a node, or to it.
    Lost(Towards, SocketAddr, &'a Bytes),
    /// The gate said something else.
    Said(&'a Output),
    /// Something went wrong.
    Fault(&'a Fault),
}

/// One line; `whole` shows all of each message.
#[must_use]
pub fn line(house: &House, at: Moment, line: &Line<'_>, whole: bool) -> String {
    let secs = at.0 as f64 / 1e6;
    match line {
        Line::Heard(from, bytes) => {
            format!(
                "{secs:11.6}  {:>22} ->                {}",
                name(house, *from),
                shown(bytes, whole)
            )
        }
        Line::Sent(to, bytes) => {
            format!(
                "{secs:11.6}  {:>22}   <- ringfence   {}",
                name(house, *to),
                shown(bytes, whole)
            )
        }
        Line::Lost(towards, who, bytes) => {
            let to = if *towards == Towards::Gate { "-> lost" } else { "lost <-" };
            format!("{secs:11.6}  {:>22} {to}           {}", name(house, *who), shown(bytes, whole))
        }
        Line::Said(output) => format!("{secs:11.6}  {:>22}      ringfence   {output:?}", ""),
        Line::Fault(fault) => format!("{secs:11.6}  {:>22}   ** {fault:?}", ""),
    }
}

fn name(house: &House, at: SocketAddr) -> String {
    let node = house.residents.iter().position(|resident| resident.outside == at);
    match node {
        Some(PBX) => "pbx".into(),
        Some(CARRIER_A) => "carrier A".into(),
        Some(CARRIER_B) => "carrier B".into(),
        Some(CARRIER_C) => "carrier C".into(),
        Some(node) if node == house.cracked() => "cracked".into(),
        Some(node) => format!("phone {node}"),
        None => at.to_string(),
    }
}

/// The first line and what ties it to others.
fn shown(bytes: &Bytes, whole: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    if whole {
        return format!("\n{text}");
    }
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    let first = text.lines().next().unwrap_or_default().escape_debug().to_string();
    format!("{first}  [{}] {} {}", of("CSeq:"), of("X-World:"), of("Call-ID:"))
}
