//! A regular expression over digits as a deterministic automaton that is walked one digit at a time.

use super::Fault;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

pub struct Pattern {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
    /// Bit n: a number of n digits may match; 0 for any length.
    lengths: u32,
}

impl Pattern {
    pub fn new(regex: &str, lengths: u32) -> Result<Self, Fault> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .minimize(false),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(regex)
            .map_err(|fault| format!("pattern {regex}: {fault}"))?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes))?;
        Ok(Self { dfa, start, lengths })
    }

    pub fn start(&self) -> StateID {
        self.start
    }

    /// The state after one more digit; `None` when nothing can match any more.
    pub fn next(&self, state: StateID, digit: u8) -> Option<StateID> {
        let next = self.dfa.next_state(state, b'0' + digit);
        // Matches are reported one symbol late, so a state is only over when it is not a match either.
        (!self.dfa.is_dead_state(next)).then_some(next)
    }

    /// Whether the digits so far, `length` of them, are a whole match.
    pub fn matches(&self, state: StateID, length: usize) -> bool {
        (self.lengths == 0 || self.lengths >> length & 1 == 1)
            && self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}
