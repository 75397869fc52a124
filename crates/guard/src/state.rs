//! What must survive a restart: bans, and who is known.

use crate::address::Host;
use crate::bans::{Ban, moment, wall};
use crate::guard::Guard;
use crate::guessing::Aor;
use crate::known::until;
use ipnet::IpNet;
use ringfence_model::{Now, WallTime};
use serde::{Deserialize, Serialize};

/// What a guard has learned, in wall time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Bans in force.
    pub bans: Vec<Ban>,
    /// Sources from which a password was proven.
    pub sources: Vec<KnownSource>,
    /// Accounts whose password was proven, and from where.
    pub accounts: Vec<KnownAccount>,
}

/// A source from which a password was proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownSource {
    /// Its address, or its /64.
    pub net: IpNet,
    /// Known until then.
    pub until: WallTime,
}

/// An account whose password was proven from a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAccount {
    /// The address of the source, or its /64.
    pub net: IpNet,
    /// The port of the last success.
    pub port: u16,
    /// The account.
    pub aor: Aor,
    /// Known until then.
    pub until: WallTime,
}

impl Guard {
    /// What to keep for the next start.
    #[must_use]
    pub fn state(&self, now: Now) -> State {
        let wall = |until| wall(now, until).unwrap_or(now.wall);
        let sources = self.known.sources(now.moment);
        let accounts = self.known.accounts(now.moment);
        State {
            bans: self.bans(now),
            sources: sources
                .map(|(host, until)| KnownSource { net: host.net(), until: wall(until) })
                .collect(),
            accounts: accounts
                .map(|(host, aor, port, until)| KnownAccount {
                    net: host.net(),
                    port,
                    aor,
                    until: wall(until),
                })
                .collect(),
        }
    }

    /// Takes up what an earlier guard learned. What has ended is left out; no standing or ban by evidence lasts
    /// longer than the settings give a new one, whatever the state says.
    pub fn restore(&mut self, now: Now, state: State) {
        let longest = until(now.moment, &self.settings);
        self.bans.restore(now, state.bans, &self.settings);
        for source in state.sources {
            let until = moment(now, Some(source.until)).min(longest);
            if until > now.moment {
                self.known.prove_source(Host::of(source.net.addr()), until);
            }
        }
        for account in state.accounts {
            let until = moment(now, Some(account.until)).min(longest);
            if until > now.moment {
                let host = Host::of(account.net.addr());
                self.known.prove_account(host, account.port, account.aor, until);
            }
        }
    }
}
