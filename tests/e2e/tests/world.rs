//! The usual parties and the settings that name them.

use ringfence_e2e::{Firewall, Ladder, Place, Scenario, Sipp, Transport};
use std::path::PathBuf;

/// Party numbers: the last part of their addresses.
pub const FIREWALL: u8 = 1;
pub const PBX: u8 = 10;
pub const CARRIER: u8 = 20;
pub const OTHER_CARRIER: u8 = 21;
pub const STRANGER: u8 = 66;

/// The program under test: what was built with these tests, or what `RINGFENCE_BIN` names.
pub fn binary() -> PathBuf {
    let built = || env!("CARGO_BIN_EXE_ringfence-under-test").into();
    std::env::var_os("RINGFENCE_BIN").map_or_else(built, PathBuf::from)
}

/// Listeners, data folder, log.
pub fn boot(place: &Place) -> String {
    let at = place.at(FIREWALL);
    format!(
        "data = \"data\"\nshards = 2\ndrain_secs = 1\n\n[log]\nlevel = \"debug\"\n\n\
         [[listen]]\nudp = \"{at}\"\ntcp = \"{at}\"\n"
    )
}

/// A tenant of the Netherlands that is protected; `more` are lines of its own.
pub fn tenant(more: &str) -> String {
    format!(
        "\n[[tenant]]\nid = \"office\"\ncountry = \"NL\"\nmode = \"enforce\"\nnumbers = [\"+31 30 111 1111\"]\n{more}\n"
    )
}

/// A trunk on one side, at a party's usual address; `more` are lines of its own.
pub fn trunk(place: &Place, id: &str, side: &str, party: u8, more: &str) -> String {
    let target = match more.contains("target") {
        true => String::new(),
        false => format!("target = \"{};transport=udp\"\n", place.at(party)),
    };
    format!(
        "\n[[trunk]]\nid = \"{id}\"\nside = \"{side}\"\naddress = \"{}\"\nprobe_secs = 0\n{target}{more}\n",
        place.ip(party)
    )
}

/// PBX, firewall, carrier.
pub fn trunk_guard(place: &Place, of_tenant: &str) -> String {
    boot(place)
        + &tenant(of_tenant)
        + &trunk(place, "pbx", "pbx", PBX, "")
        + &trunk(place, "carrier", "carrier", CARRIER, "")
}

/// One call from the PBX to the carrier over UDP; what both saw.
pub fn call(place: &Place, dialled: &str, caller: Scenario, callee: Scenario) -> (Ladder, Ladder) {
    let callee = Sipp::new(place, place.at(CARRIER), callee).start(None);
    let caller =
        Sipp::new(place, place.at(PBX), caller).dials(dialled).start(Some(place.at(FIREWALL)));
    (caller.done(), callee.done())
}

/// One call that must not leave the firewall; what the caller saw.
pub fn stopped_call(place: &Place, from: u8, dialled: &str, caller: Scenario) -> Ladder {
    Sipp::new(place, place.at(from), caller)
        .over(Transport::Udp)
        .dials(dialled)
        .start(Some(place.at(FIREWALL)))
        .done()
}

/// Starts the firewall.
pub fn serve(place: &Place, settings: &str) -> Firewall {
    Firewall::start(place, &binary(), settings)
}

/// Waits until no call is left, as after every test of calls.
pub fn falls_quiet(firewall: &Firewall) {
    ringfence_e2e::eventually("the end of all calls", || {
        firewall.list("calls").is_empty().then_some(())
    });
}
