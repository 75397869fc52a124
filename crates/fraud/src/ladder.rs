//! The block ladder: which calls each level leaves working.

use ringfence_model::{Destination, Kind, Level, TrafficClass};

/// Whether a call to `destination` may pass on `level`. Protected numbers never come here.
#[must_use]
pub fn permits(level: Level, destination: &Destination) -> bool {
    let class = destination.class();
    match level {
        Level::Open => true,
        Level::Guarded => !matches!(class, TrafficClass::Premium | TrafficClass::HighRisk),
        Level::National => class <= TrafficClass::Service,
        Level::Geographic => {
            class == TrafficClass::Internal || (destination.home && destination.kind == Kind::Fixed)
        }
        Level::Internal => class == TrafficClass::Internal,
        Level::Suspended => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{Country, RiskTier};

    fn to(kind: Kind, home: bool) -> Destination {
        let country = if home { Country::NL } else { Country::WORLD };
        Destination {
            number: None,
            kind,
            country,
            home,
            tier: RiskTier::D,
            range: None,
            valid: true,
        }
    }

    #[test]
    fn each_level_leaves_less() {
        let all = [
            to(Kind::Fixed, true),
            to(Kind::Mobile, true),
            to(Kind::Freephone, true),
            to(Kind::Premium, true),
            to(Kind::Mobile, false),
            to(Kind::Premium, false),
            to(Kind::Satellite, false),
        ];
        let levels = [
            Level::Open,
            Level::Guarded,
            Level::National,
            Level::Geographic,
            Level::Internal,
            Level::Suspended,
        ];
        for pair in levels.windows(2) {
            for d in &all {
                assert!(permits(pair[0], d) || !permits(pair[1], d), "{pair:?} {d:?}");
            }
        }
        let open: Vec<_> =
            levels.iter().map(|&l| all.iter().filter(|d| permits(l, d)).count()).collect();
        assert_eq!(open, [7, 4, 3, 1, 0, 0]);
    }

    #[test]
    fn national_keeps_the_customer_reachable_at_home() {
        assert!(permits(Level::National, &to(Kind::Mobile, true)));
        assert!(!permits(Level::National, &to(Kind::Premium, true)));
        assert!(!permits(Level::National, &to(Kind::Fixed, false)));
    }
}
