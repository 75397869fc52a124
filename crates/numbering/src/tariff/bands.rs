//! The default prices: bands by country and kind of line.

use super::Rate;
use crate::table::countries::COUNTRIES;
use ringfence_model::{Country, Destination, E164, Kind, Money};
use std::sync::Arc;

/// Prices that belong to a service and not to a country. Bands of `data/default_rates_eur.csv`'s study; those
/// of Dutch 0900, 0906, 0909 and 18xx and of personal numbers are estimates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
enum Service {
    Free,
    WorldShared,
    Shared,
    OwnPremium,
    OwnDirectory,
    Personal,
    WorldPersonal,
    Premium,
    Inmarsat,
    OtherSatellite,
    INum,
    Network,
}

const SERVICES: usize = 12;

#[derive(Clone, Debug)]
pub(super) struct Bands {
    /// Fixed and mobile per country in the order of [`COUNTRIES`], then the services.
    rates: Vec<Rate>,
}

impl Bands {
    pub fn new(home: Country) -> Self {
        let mut rates = Vec::with_capacity(COUNTRIES.len() * 2 + SERVICES);
        let classes = ["nat_fixed", "nat_mobile", "intl_fixed", "intl_mobile"].map(Arc::from);
        let [nat_fixed, nat_mobile, intl_fixed, intl_mobile] = classes;
        for plan in &COUNTRIES {
            let name = Arc::from(plan.name_en);
            let (fixed, mobile) = if plan.country == home {
                (&nat_fixed, &nat_mobile)
            } else {
                (&intl_fixed, &intl_mobile)
            };
            rates.push(band(plan.fixed, &name, fixed));
            rates.push(band(plan.mobile, &name, mobile));
        }
        rates.extend(services(home).map(|(_, cents, name, class)| {
            band(Money::cents(cents), &Arc::from(name), &Arc::from(class))
        }));
        Self { rates }
    }

    pub fn rate(&self, destination: &Destination) -> Option<&Rate> {
        let country = || COUNTRIES.binary_search_by_key(&destination.country, |p| p.country).ok();
        let fixed = || self.rates.get(country()? * 2);
        let mobile = || self.rates.get(country()? * 2 + 1);
        let service = |service: Service| self.rates.get(COUNTRIES.len() * 2 + service as usize);
        let world = destination.country == Country::WORLD;
        let in_range = |code: &str| starts_with(destination.number, code);
        use Kind as K;
        match destination.kind {
            K::Freephone if destination.home || world => service(Service::Free),
            K::SharedCost if world => service(Service::WorldShared),
            K::SharedCost => service(Service::Shared),
            K::Service if destination.home => service(Service::Shared),
            K::Personal if world => service(Service::WorldPersonal),
            K::Personal if destination.home => service(Service::Shared),
            K::Personal => service(Service::Personal),
            K::Directory if destination.home => service(Service::OwnDirectory),
            K::Premium | K::PremiumAdult | K::PremiumEntertainment if destination.home => {
                service(Service::OwnPremium)
            }
            K::Premium | K::PremiumAdult | K::PremiumEntertainment | K::Directory => {
                service(Service::Premium)
            }
            K::Satellite if in_range("870") => service(Service::Inmarsat),
            K::Satellite => service(Service::OtherSatellite),
            K::Network if in_range("883") => service(Service::INum),
            K::Network => service(Service::Network),
            // A number of the world that no service owns: as dear as the dearest of them that is usual.
            K::Unallocated if world => service(Service::Premium),
            K::Fixed
            | K::Voip
            | K::Company
            | K::Government
            | K::Vpn
            | K::Freephone
            | K::Service => fixed(),
            K::Mobile | K::M2m | K::Pager => mobile(),
            // It may be either, so the dearer one: caps on losses must not come out too low.
            K::FixedOrMobile | K::Unallocated | K::Unknown => {
                fixed().into_iter().chain(mobile()).max_by_key(|rate| rate.per_minute)
            }
        }
    }
}

/// Service, cents per minute, name, class: in the order of [`Service`].
fn services(home: Country) -> [(Service, i64, &'static str, &'static str); SERVICES] {
    use Service as S;
    let (premium, directory) = if home == Country::NL { (90, 125) } else { (200, 200) };
    [
        (S::Free, 0, "Freephone", "nat_free"),
        (S::WorldShared, 15, "International shared cost", "intl_fixed"),
        (S::Shared, 30, "Shared cost and services", "nat_other"),
        (S::OwnPremium, premium, "Premium", "nat_service"),
        (S::OwnDirectory, directory, "Directory", "nat_service"),
        (S::Personal, 120, "Foreign personal numbers", "intl_premium"),
        (S::WorldPersonal, 50, "Universal personal numbers", "intl_premium"),
        (S::Premium, 200, "Foreign premium", "intl_premium"),
        (S::Inmarsat, 700, "Inmarsat", "satellite"),
        (S::OtherSatellite, 600, "Satellite", "satellite"),
        (S::INum, 50, "International networks 883", "satellite"),
        (S::Network, 200, "International networks", "satellite"),
    ]
}

fn band(per_minute: Money, name: &Arc<str>, class: &Arc<str>) -> Rate {
    Rate {
        connect: Money::ZERO,
        per_minute,
        minimum_secs: 0,
        first_secs: 0,
        step_secs: 1,
        cap: None,
        name: Some(Arc::clone(name)),
        class: Some(Arc::clone(class)),
    }
}

fn starts_with(number: Option<E164>, code: &str) -> bool {
    let code = E164::from_digits(code.as_bytes());
    number.zip(code.ok()).is_some_and(|(number, code)| number.starts_with(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Numbering;

    #[test]
    fn services_stand_at_their_own_place() {
        for (at, (service, ..)) in services(Country::NL).into_iter().enumerate() {
            assert_eq!(service as usize, at, "{service:?}");
        }
    }

    #[test]
    fn bands_follow_country_and_kind() {
        let bands = Bands::new(Country::NL);
        let price = |number: &str| {
            let number = number.parse().unwrap();
            let destination = Numbering::embedded().destination(number, Country::NL);
            let rate = bands.rate(&destination).unwrap();
            (rate.per_minute.0 / 10_000, rate.class.as_deref().unwrap_or_default().to_owned())
        };
        for (number, cents, class) in [
            ("+31201234567", 2, "nat_fixed"),
            ("+31612345678", 5, "nat_mobile"),
            ("+318001234", 0, "nat_free"),
            ("+319001234", 90, "nat_service"),
            ("+311850", 125, "nat_service"),
            ("+31841234567", 30, "nat_other"),
            ("+3214123456", 3, "intl_fixed"),
            ("+5352123456", 120, "intl_mobile"),
            ("+447012345678", 120, "intl_premium"),
            ("+18095551234", 25, "intl_mobile"),
            ("+870773123456", 700, "satellite"),
            ("+881612345678", 600, "satellite"),
            ("+883510012345678", 50, "satellite"),
            ("+979112345678", 200, "intl_premium"),
            ("+80012345678", 0, "nat_free"),
            ("+23222123456", 45, "intl_mobile"),
        ] {
            assert_eq!(price(number), (cents, class.to_owned()), "{number}");
        }
    }

    #[test]
    fn what_says_nothing_has_no_price() {
        let target = Numbering::embedded().classify("nonsense", &crate::DialPlan::default());
        let ringfence_model::Target::Outside(destination) = target else { panic!() };
        assert!(Bands::new(Country::NL).rate(&destination).is_none());
    }
}
