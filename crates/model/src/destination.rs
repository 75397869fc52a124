//! What numbering says of a dialled number.

use crate::{Country, E164, ExtensionId};
use serde::{Deserialize, Serialize};

/// Where an attempt wants to go.
///
/// Protected numbers are a variant of their own: nothing that judges can be given one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Emergency services and helplines: always put through, never judged, delayed or counted.
    Protected(Protected),
    /// Another extension of the tenant.
    Internal(ExtensionId),
    /// Everything else.
    Outside(Destination),
}

/// A number that is never blocked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protected {
    /// Police, fire, ambulance.
    Emergency,
    /// Harmonised social numbers (116xxx), suicide prevention, animals in need.
    Helpline,
}

/// A number outside the tenant, as far as its digits tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Destination {
    /// The number (short services behind their country code); `None` when the digits make none.
    pub number: Option<E164>,
    /// What sort of line.
    pub kind: Kind,
    /// Whose numbering plan; [`Country::WORLD`] for numbers that belong to no country.
    pub country: Country,
    /// Whether that is the tenant's own country.
    pub home: bool,
    /// Prior risk of the country and kind, from published fraud data.
    pub tier: RiskTier,
    /// The leading digits that decided country and kind: the range this number is in.
    pub range: Option<E164>,
    /// Whether the national plan has such a number. An unallocated one may also be newer than our tables.
    pub valid: bool,
}

/// The sort of line behind a number, at home or abroad.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Geographic.
    Fixed,
    /// Mobile.
    Mobile,
    /// Plans where fixed and mobile share ranges (North America).
    FixedOrMobile,
    /// Location-independent (Dutch 085, 091).
    Voip,
    /// Company numbers (Dutch 088) and other universal access numbers.
    Company,
    /// Government short forms (Dutch 14xxx, 1400).
    Government,
    /// Machine to machine (Dutch 097): nobody dials these by hand.
    M2m,
    /// Pagers.
    Pager,
    /// Virtual private network (Dutch 082).
    Vpn,
    /// Personal numbers (Dutch 084/087, British 070): often dear.
    Personal,
    /// Free for the caller.
    Freephone,
    /// Shared cost.
    SharedCost,
    /// Paid information and services.
    Premium,
    /// Paid adult services (Dutch 0906).
    PremiumAdult,
    /// Paid entertainment (Dutch 0909).
    PremiumEntertainment,
    /// Subscriber directories that may put calls through (Dutch 18xx).
    Directory,
    /// Other short services: operator, carrier selection, voicemail access.
    Service,
    /// Satellite (+870, +881, Thuraya).
    Satellite,
    /// International networks (+882, +883).
    Network,
    /// A valid form that no plan allocates.
    Unallocated,
    /// The digits say nothing.
    Unknown,
}

/// Prior risk by published fraud data, A the highest. A prior only: a customer's own history outweighs it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum RiskTier {
    /// Several strong sources, very dear, or a range made for revenue share.
    A,
    /// One strong source, or dear.
    B,
    /// Some evidence, or above the usual price.
    C,
    /// No evidence.
    D,
}

/// The traffic classes a policy opens and closes, and the block ladder cuts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficClass {
    /// Inside the tenant.
    Internal,
    /// National geographic, company, government, free.
    National,
    /// National mobile.
    Mobile,
    /// National paid or special numbers below premium: shared cost, personal, directory, M2M.
    Service,
    /// National premium.
    Premium,
    /// Foreign ordinary numbers.
    International,
    /// Satellite, international networks, foreign premium and personal numbers.
    HighRisk,
}

impl TrafficClass {
    /// Every class, mildest first.
    pub const ALL: [Self; 7] = [
        Self::Internal,
        Self::National,
        Self::Mobile,
        Self::Service,
        Self::Premium,
        Self::International,
        Self::HighRisk,
    ];

    /// Whether someone may earn from the calls in this class, so that fraud pays.
    #[must_use]
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Service | Self::Premium | Self::International | Self::HighRisk)
    }
}

impl Destination {
    /// The traffic class of this destination.
    #[must_use]
    pub const fn class(&self) -> TrafficClass {
        use Kind as K;
        if self.home {
            return match self.kind {
                K::Mobile => TrafficClass::Mobile,
                K::Premium | K::PremiumAdult | K::PremiumEntertainment | K::Directory => {
                    TrafficClass::Premium
                }
                K::SharedCost | K::Personal | K::M2m | K::Pager | K::Vpn | K::Service => {
                    TrafficClass::Service
                }
                K::Satellite | K::Network => TrafficClass::HighRisk,
                _ => TrafficClass::National,
            };
        }
        match self.kind {
            K::Freephone => TrafficClass::International,
            K::Premium
            | K::PremiumAdult
            | K::PremiumEntertainment
            | K::Directory
            | K::Personal
            | K::Satellite
            | K::Network => TrafficClass::HighRisk,
            _ => TrafficClass::International,
        }
    }
}
