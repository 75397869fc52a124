//! The customers of a made-up provider of telephony. Names and numbers belong to nobody known to us; calls to them stay on
//! this machine.

use std::net::Ipv4Addr;

/// How a customer's phones reach the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// A telephone system of its own, on a trunk.
    Pbx,
    /// Phones that register at the provider.
    Phones,
}

/// A customer.
#[derive(Clone, Copy, Debug)]
pub struct Customer {
    /// As settings and records name it.
    pub id: &'static str,
    /// As people name it.
    pub name: &'static str,
    /// One of [`ringfence_sim::company::TRADES`], by its name.
    pub trade: &'static str,
    /// How its phones reach the provider.
    pub access: Access,
    /// What its numbers begin with; two digits follow.
    pub block: &'static str,
    /// Its extensions.
    pub extensions: &'static [&'static str],
    /// The most it may spend in an hour and in a day, in euros.
    pub limits: (u32, u32),
    /// Whether it is only watched.
    pub is_watched: bool,
}

use Access::{Pbx, Phones};

/// All of them.
pub const CUSTOMERS: [Customer; 20] = [
    one(
        "bakker-bouw",
        "Bakker Bouw",
        "office",
        Pbx,
        "312055501",
        &["201", "202", "204", "207", "211"],
    ),
    one("hotel-zeezicht", "Hotel Zeezicht", "hotel", Phones, "312355502", &["100", "118", "131"]),
    one(
        "van-dam-advocaten",
        "Van Dam Advocaten",
        "office",
        Phones,
        "313055503",
        &["12", "15", "18"],
    ),
    one(
        "gemeente-oosterveld",
        "Gemeente Oosterveld",
        "office",
        Pbx,
        "315455504",
        &["4410", "4432", "4450", "4461", "4470"],
    ),
    one(
        "praktijk-linde",
        "Huisartsenpraktijk Linde",
        "clinic",
        Phones,
        "311725505",
        &["1", "3", "4"],
    ),
    one("fietsenwinkel-tempo", "Fietsenwinkel Tempo", "shop", Phones, "315055506", &["10", "11"])
        .watched(),
    one("garage-de-vries", "Garage De Vries", "shop", Pbx, "315855507", &["21", "22", "23"]),
    one(
        "reisbureau-horizon",
        "Reisbureau Horizon",
        "travel agency",
        Pbx,
        "317055508",
        &["301", "302", "303", "304"],
    ),
    one(
        "van-leeuwen-import",
        "Van Leeuwen Import",
        "importer",
        Pbx,
        "311055509",
        &["501", "502", "505"],
    ),
    one("taxi-rijnstad", "Taxi Rijnstad", "taxi", Pbx, "311055510", &["801", "802", "803", "804"]),
    one(
        "klantlijn-noord",
        "Klantlijn Noord",
        "call centre",
        Pbx,
        "315055511",
        &["601", "602", "603", "604", "605", "606"],
    ),
    one("school-de-wilg", "Basisschool De Wilg", "school", Phones, "313355512", &["30", "31"]),
    one("tandarts-smit", "Tandartspraktijk Smit", "clinic", Phones, "317355513", &["1", "2"]),
    one("notaris-hofman", "Notaris Hofman", "office", Phones, "314355514", &["40", "41", "43"]),
    one("bakkerij-jansen", "Bakkerij Jansen", "shop", Phones, "312455515", &["5", "6"]),
    one(
        "bloemen-aalsmeer",
        "Bloemenexport Aalsmeer",
        "importer",
        Pbx,
        "312975516",
        &["701", "702", "703", "704"],
    ),
    one(
        "noordkade-architecten",
        "Architecten Noordkade",
        "office",
        Phones,
        "317355517",
        &["61", "62", "64"],
    ),
    one(
        "zorg-de-linden",
        "Zorggroep De Linden",
        "night shift",
        Pbx,
        "315355518",
        &["901", "902", "903"],
    ),
    one("restaurant-de-haven", "Restaurant De Haven", "hotel", Phones, "311155519", &["7", "8"]),
    one(
        "webwinkel-vlinder",
        "Webwinkel Vlinder",
        "new customer",
        Phones,
        "313455520",
        &["90", "91"],
    )
    .watched(),
];

const fn one(
    id: &'static str,
    name: &'static str,
    trade: &'static str,
    access: Access,
    block: &'static str,
    extensions: &'static [&'static str],
) -> Customer {
    // The longer the switchboard, the more it may spend.
    let hour = 10 * extensions.len() as u32;
    Customer {
        id,
        name,
        trade,
        access,
        block,
        extensions,
        limits: (hour, 3 * hour),
        is_watched: false,
    }
}

impl Customer {
    const fn watched(self) -> Self {
        Self { is_watched: true, ..self }
    }

    /// Where its calls come from: its telephone system, or the router its phones are behind. `index` is its place in
    /// [`CUSTOMERS`].
    #[must_use]
    pub fn address(index: usize) -> Ipv4Addr {
        Ipv4Addr::new(127, 30, u8::try_from(index + 1).unwrap_or(u8::MAX), 1)
    }

    /// Its telephone system, where it has one.
    #[must_use]
    pub fn trunk(&self) -> String {
        format!("{}-trunk", self.id)
    }

    /// What its telephone system or its phones say they are.
    #[must_use]
    pub fn product(&self) -> &'static str {
        let all: &[&str] = match self.access {
            Access::Pbx => &["Asterisk PBX 22.5.2", "3CXPhoneSystem 20.0", "FPBX-17.0.19(22.5.2)"],
            Access::Phones => &[
                "Yealink SIP-T54W 96.86.0.100",
                "Grandstream GXP2170 1.0.11.64",
                "snomD785/10.1.184.15",
            ],
        };
        let place = self.block.bytes().map(usize::from).sum::<usize>() % all.len();
        all.get(place).copied().unwrap_or_default()
    }

    /// What its phones register at.
    #[must_use]
    pub fn domain(&self) -> String {
        format!("{}.example", self.id)
    }

    /// The number of an extension, in E.164 without the plus.
    #[must_use]
    pub fn number(&self, extension: &str) -> String {
        let place = self.extensions.iter().position(|of| *of == extension).unwrap_or(0);
        format!("{}{:02}", self.block, place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_sim::company::TRADES;
    use std::collections::BTreeSet;

    #[test]
    fn each_is_a_customer_of_its_own_with_numbers_that_exist() {
        let mut seen = BTreeSet::new();
        for customer in CUSTOMERS {
            assert!(TRADES.iter().any(|trade| trade.name == customer.trade), "{}", customer.trade);
            assert!(seen.insert(customer.id.to_owned()), "{}", customer.id);
            for extension in customer.extensions {
                let number = customer.number(extension);
                assert_eq!(number.len(), 11, "{number}");
                assert!(seen.insert(number.clone()), "{number}");
                let number: ringfence_model::E164 = number.parse().unwrap();
                assert_eq!(number.full().len(), 12);
            }
        }
    }
}
