//! What a label of the table says, and its one-byte code in the file.

use ringfence_model::{Kind, Protected};

/// The meaning of a label. Only numbers outside the tenant have a [`Kind`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A line of this sort.
    Kind(Kind),
    /// A number that is never blocked.
    Protected(Protected),
    /// A complete international dialling prefix, such as 00.
    Prefix,
    /// The country is certain here, the kind is not yet.
    Country,
}

/// In the order of their codes; the table on disk depends on it.
const CLASSES: [Class; 25] = [
    Class::Kind(Kind::Fixed),
    Class::Kind(Kind::Mobile),
    Class::Kind(Kind::FixedOrMobile),
    Class::Kind(Kind::Voip),
    Class::Kind(Kind::Company),
    Class::Kind(Kind::Government),
    Class::Kind(Kind::M2m),
    Class::Kind(Kind::Pager),
    Class::Kind(Kind::Vpn),
    Class::Kind(Kind::Personal),
    Class::Kind(Kind::Freephone),
    Class::Kind(Kind::SharedCost),
    Class::Kind(Kind::Premium),
    Class::Kind(Kind::PremiumAdult),
    Class::Kind(Kind::PremiumEntertainment),
    Class::Kind(Kind::Directory),
    Class::Kind(Kind::Service),
    Class::Kind(Kind::Satellite),
    Class::Kind(Kind::Network),
    Class::Kind(Kind::Unallocated),
    Class::Kind(Kind::Unknown),
    Class::Protected(Protected::Emergency),
    Class::Protected(Protected::Helpline),
    Class::Prefix,
    Class::Country,
];

impl Class {
    /// The class of a code; an unknown code says nothing.
    pub fn from_code(code: u8) -> Self {
        CLASSES.get(usize::from(code)).copied().unwrap_or(Self::Kind(Kind::Unknown))
    }

    /// The code of the class.
    #[allow(dead_code)] // the reader needs only the other direction
    pub fn code(self) -> u8 {
        CLASSES.iter().position(|&c| c == self).and_then(|at| u8::try_from(at).ok()).unwrap_or(20)
    }
}
