//! The kinds of campaigns, after published cases: weekend bursts, slow drips, hijacked forwards, lures and more.

use super::tactics::{Hours, Numbers, Phase, Reaction, Tactics};
use crate::places::{NEAR, PAID_HOME, PAYING, SATELLITE};
use ringfence_model::Via;

/// What a campaign does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // the names say it; `tactics` shows it
pub enum Kind {
    WeekendBurst,
    SlowDrip,
    Spread,
    ProbeThenBurst,
    PerCallPump,
    LongCalls,
    ForwardHijack,
    Disa,
    Voicemail,
    Wangiri,
    SameCountry,
    Onboarding,
    Mimicry,
    PoisonedBaseline,
    HighRate,
    National0900,
    RangeSweep,
    PrefixSpray,
    GuessedPassword,
    Satellite,
    /// Knows every limit: many long calls at once to the dearest numbers, and comes back after every block.
    Omniscient,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::WeekendBurst,
        Self::SlowDrip,
        Self::Spread,
        Self::ProbeThenBurst,
        Self::PerCallPump,
        Self::LongCalls,
        Self::ForwardHijack,
        Self::Disa,
        Self::Voicemail,
        Self::Wangiri,
        Self::SameCountry,
        Self::Onboarding,
        Self::Mimicry,
        Self::PoisonedBaseline,
        Self::HighRate,
        Self::National0900,
        Self::RangeSweep,
        Self::PrefixSpray,
        Self::GuessedPassword,
        Self::Satellite,
        Self::Omniscient,
    ];

    /// How it calls.
    #[must_use]
    pub fn tactics(self) -> Tactics {
        let burst = Phase { parallel: 4, pause_secs: (5, 60), talk_secs: (60, 900) };
        let slow = Phase { parallel: 1, pause_secs: (5_000, 20_000), talk_secs: (60, 400) };
        let base = Tactics {
            places: PAYING.to_vec(),
            numbers: Numbers::Random,
            lead_secs: (60, 4_000),
            first: None,
            then: burst,
            hours: Hours::Any,
            reaction: Reaction::Insist,
            all_extensions: false,
            via: Via::Softphone,
            from_inside: false,
            through: false,
            answer_rate: 0.9,
            calls_max: 70,
        };
        match self {
            Self::WeekendBurst => Tactics { hours: Hours::Closed, numbers: Numbers::Block, ..base },
            Self::SlowDrip => Tactics { then: slow, reaction: Reaction::Slower, ..base },
            Self::Spread => Tactics {
                numbers: Numbers::Scattered,
                all_extensions: true,
                reaction: Reaction::NextExtension,
                ..base
            },
            Self::ProbeThenBurst => Tactics {
                first: Some((
                    18_000,
                    Phase { parallel: 1, pause_secs: (6_000, 9_000), talk_secs: (2, 4) },
                )),
                numbers: Numbers::One,
                ..base
            },
            Self::PerCallPump => Tactics {
                then: Phase { parallel: 3, pause_secs: (2, 10), talk_secs: (1, 8) },
                reaction: Reaction::NextPlace,
                ..base
            },
            Self::LongCalls => Tactics {
                then: Phase { parallel: 2, pause_secs: (60, 600), talk_secs: (10_000, 30_000) },
                calls_max: 6,
                ..base
            },
            Self::ForwardHijack => {
                Tactics { via: Via::Forward, through: true, numbers: Numbers::One, ..base }
            }
            Self::Disa => Tactics { via: Via::Disa, through: true, from_inside: true, ..base },
            Self::Voicemail => Tactics {
                via: Via::Voicemail,
                through: true,
                from_inside: true,
                hours: Hours::Closed,
                ..base
            },
            Self::Wangiri => Tactics {
                then: Phase { parallel: 2, pause_secs: (30, 900), talk_secs: (20, 200) },
                numbers: Numbers::Block,
                via: Via::Phone,
                from_inside: true,
                all_extensions: true,
                calls_max: 12,
                ..base
            },
            Self::SameCountry => {
                Tactics { places: NEAR.to_vec(), reaction: Reaction::NextPlace, ..base }
            }
            Self::Onboarding => Tactics {
                numbers: Numbers::Scattered,
                from_inside: true,
                via: Via::Pbx,
                lead_secs: (600, 40_000),
                ..base
            },
            Self::Mimicry => Tactics {
                hours: Hours::Office,
                from_inside: true,
                via: Via::Phone,
                then: Phase { parallel: 1, pause_secs: (900, 3_600), talk_secs: (60, 300) },
                reaction: Reaction::Slower,
                ..base
            },
            Self::PoisonedBaseline => Tactics {
                first: Some((3 * 86_400, slow)),
                from_inside: true,
                reaction: Reaction::WaitOut,
                calls_max: 100,
                ..base
            },
            Self::HighRate => Tactics {
                then: Phase { parallel: 30, pause_secs: (1, 2), talk_secs: (30, 300) },
                all_extensions: true,
                calls_max: 150,
                ..base
            },
            Self::National0900 => {
                Tactics { places: PAID_HOME.to_vec(), numbers: Numbers::One, ..base }
            }
            Self::RangeSweep => {
                Tactics { numbers: Numbers::Block, reaction: Reaction::NextPlace, ..base }
            }
            Self::PrefixSpray => Tactics {
                numbers: Numbers::PrefixSpray,
                then: Phase { parallel: 1, pause_secs: (1, 20), talk_secs: (2, 100) },
                answer_rate: 0.2,
                ..base
            },
            Self::GuessedPassword => Tactics { reaction: Reaction::NextExtension, ..base },
            Self::Satellite => Tactics { places: SATELLITE.to_vec(), ..base },
            Self::Omniscient => Tactics {
                numbers: Numbers::Scattered,
                then: Phase { parallel: 40, pause_secs: (1, 5), talk_secs: (100, 20_000) },
                reaction: Reaction::WaitOut,
                all_extensions: true,
                from_inside: true,
                answer_rate: 1.0,
                calls_max: 150,
                ..base
            },
        }
    }
}
