//! What parsing found out about a sender, and what follows.

use crate::address::{Sender, Transport};
use crate::admission::Standing;
use crate::guard::Guard;
use ringfence_model::Moment;
use serde::{Deserialize, Serialize};

/// Something an honest phone seldom sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It is not valid SIP.
    #[default]
    Malformed,
    /// An attack tool by its name or its habits.
    Scanner,
    /// An INVITE from somebody who may not call, or with a wrong answer to the challenge.
    UnauthorisedInvite,
    /// An account that does not exist. It gets the same challenge as any other, whatever [`Guard::observed`] says:
    /// a difference would tell which accounts exist.
    UnknownAor,
    /// More wrong passwords than mistakes explain.
    Guessing,
}

/// What to do with the message the evidence was found in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// The sender may be told what was wrong.
    Answer,
    /// Say nothing.
    Silence,
    /// Say nothing; the source is banned from now on: close its connections if it has any.
    Banned,
}

impl Evidence {
    /// Points against the threshold of `Settings::evidence`: three messages of a tool, or ten wrong guesses at a name.
    const fn weight(self) -> u32 {
        match self {
            Self::Scanner => 4,
            Self::Malformed | Self::UnauthorisedInvite => 2,
            Self::UnknownAor | Self::Guessing => 1,
        }
    }
}

impl Guard {
    /// Weighs evidence found in a message that was admitted.
    ///
    /// A stranger is never answered and is banned when the points reach the threshold before they are forgotten. A
    /// known or trusted source is never banned: it is answered as long as `suspicious_answers` lasts, so that a
    /// flood with its forged address neither hits it with answers nor takes anything else from it.
    pub fn observed(&mut self, now: Moment, sender: Sender, evidence: Evidence) -> Reaction {
        self.counts.evidence += 1;
        let host = sender.host();
        let answers = match self.standing(now, sender) {
            Standing::Stranger => return self.observed_of_stranger(now, sender, evidence),
            Standing::Known => self.known.answers(host),
            Standing::Trusted => Some(&mut self.trusted_sources.entry(host).answers),
        };
        let limit = self.limits.answers;
        let room = answers.is_some_and(|answers| answers.take(now, limit));
        if room { Reaction::Answer } else { Reaction::Silence }
    }

    fn observed_of_stranger(
        &mut self,
        now: Moment,
        sender: Sender,
        evidence: Evidence,
    ) -> Reaction {
        let host = sender.host();
        let stranger = self.strangers.entry(host);
        // Forged datagrams must not help to shut out a stream: each transport has its own score.
        let score = match sender.transport {
            Transport::Datagram => &mut stranger.datagram_score,
            Transport::Stream => &mut stranger.stream_score,
        };
        if !score.pour(now, self.limits.evidence, evidence.weight()) {
            return Reaction::Silence;
        }
        *score = Default::default();
        self.bans.convict(now, host, sender.transport, evidence, &self.settings);
        self.counts.bans += 1;
        Reaction::Banned
    }
}
