//! The settings of the made-up provider, in the files that any operator writes: a boot file, a plan and a rate deck.

use crate::customers::{Access, CUSTOMERS, Customer};
use ringfence_sim::chance::Chance;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// What the provider pays its carrier.
const RATES: &str = include_str!("rates.csv");
/// The carrier.
pub const CARRIER: Ipv4Addr = Ipv4Addr::new(127, 30, 0, 1);
/// Its name.
pub const CARRIER_TRUNK: &str = "carrier";
/// The boot file.
pub const BOOT: &str = "ringfence.toml";
/// The plan.
pub const PLAN: &str = "plan.toml";
/// The data folder.
pub const DATA: &str = "data";

/// Where everybody is.
#[derive(Clone, Debug)]
pub struct Places {
    /// Where the firewall hears calls.
    pub sip: SocketAddr,
    /// Where it serves the portal.
    pub web: SocketAddr,
    /// The carrier.
    pub carrier: SocketAddr,
    /// The telephone system of each customer that has one.
    pub pbxs: Vec<Option<SocketAddr>>,
}

/// Writes the three files.
///
/// # Errors
/// What the disk says.
pub fn write(folder: &Path, places: &Places, passwords: &Passwords) -> std::io::Result<()> {
    std::fs::write(folder.join(BOOT), boot(places))?;
    std::fs::write(folder.join("rates.csv"), RATES)?;
    std::fs::write(folder.join(PLAN), plan(places, passwords))
}

/// One shard is plenty; nobody waits for running calls at the end; a session lasts as long as a demo.
fn boot(places: &Places) -> String {
    let Places { sip, web, .. } = places;
    format!(
        "# The boot file of `ringfence demo`.\n\
         data = \"{DATA}\"\nshards = 1\ndrain_secs = 0\n\n\
         [log]\nlevel = \"error\"\n\n\
         [[listen]]\nudp = \"{sip}\"\n\n\
         [api]\nlisten = \"{web}\"\nsession_idle_mins = 1440\nsession_hours = 168\n"
    )
}

fn plan(places: &Places, passwords: &Passwords) -> String {
    let carrier = places.carrier;
    let mut text = format!(
        "# The customers of `ringfence demo`, as `ringfence apply` takes them.\n\n\
         [[trunk]]\nid = \"{CARRIER_TRUNK}\"\nside = \"carrier\"\naddress = \"{CARRIER}\"\n\
         target = \"{carrier}\"\nnumber_form = \"plus\"\n"
    );
    for (index, customer) in CUSTOMERS.iter().enumerate() {
        tenant(&mut text, customer);
        if let Some(at) = places.pbxs.get(index).copied().flatten() {
            let (trunk, id) = (customer.trunk(), customer.id);
            let _ = write!(
                text,
                "\n[[trunk]]\nid = \"{trunk}\"\ntenant = \"{id}\"\nside = \"pbx\"\n\
                 address = \"{}\"\ntarget = \"{at}\"\n",
                at.ip()
            );
        }
        for extension in customer.extensions {
            let (id, number) = (customer.id, customer.number(extension));
            let _ = write!(
                text,
                "\n[[extension]]\nid = \"{extension}\"\ntenant = \"{id}\"\nnumbers = [\"+{number}\"]\n"
            );
            if customer.access == Access::Phones {
                let _ = writeln!(text, "password = \"{}\"", passwords.of(index, extension));
            }
        }
    }
    text
}

fn tenant(text: &mut String, customer: &Customer) {
    let Customer { id, block, limits: (hour, day), is_watched, .. } = customer;
    let mode = if *is_watched { "observe" } else { "enforce" };
    let domain = customer.domain();
    let _ = write!(
        text,
        "\n[[tenant]]\nid = \"{id}\"\ncountry = \"NL\"\ndomains = [\"{domain}\"]\nmode = \"{mode}\"\n\
         numbers = [\"+{block}\"]\ntariff = \"rates.csv\"\n\
         policy = {{ limits = {{ per_hour = {hour}, per_day = {day}, per_week = {}, per_month = {} }} }}\n",
        3 * day,
        8 * day,
    );
}

/// Passwords of phones, from the seed of the world: they are worth nothing outside it.
#[derive(Clone, Debug)]
pub struct Passwords {
    chance: Chance,
}

impl Passwords {
    /// Those of a world.
    #[must_use]
    pub fn of_world(chance: &Chance) -> Self {
        Self { chance: chance.fork(7) }
    }

    /// That of an extension.
    #[must_use]
    pub fn of(&self, customer: usize, extension: &str) -> String {
        let place =
            extension.bytes().fold(customer as u64, |sum, byte| sum * 256 + u64::from(byte));
        let mut own = self.chance.fork(1 + place);
        format!("{:016x}{:016x}", own.draw(), own.draw())
    }
}
