//! What the engine knows of one tenant and of each of its extensions.

use crate::approved::Approved;
use crate::calendar::Calendar;
use crate::exposure::{Ledger, Spend};
use crate::profile::{DestinationKey, Habits, HourProfile, Origin, Origins, Peaks};
use crate::recent::{ExtensionIndex, Recent};
use crate::settings::Settings;
use ringfence_model::{Block, CallId, Country, E164, ExtensionId, TrunkId, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Everything learned and counted for one tenant. What is declared is in its [`Settings`].
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TenantState {
    /// When the first event of this tenant was seen.
    pub since: WallTime,
    /// Position of each extension in `extensions`.
    pub index: Map<ExtensionId, ExtensionIndex>,
    /// Each extension; the first stands for calls without one.
    pub extensions: Vec<ExtensionState>,
    /// Destinations of paid calls.
    pub destinations: Habits,
    /// Numbers of paid calls.
    pub numbers: Habits,
    /// Ways of dialling through (DISA, voicemail, forward).
    pub ways: Habits,
    /// When it calls.
    pub hours: HourProfile,
    /// From where it calls.
    pub origins: Origins,
    /// How much is normal.
    pub peaks: Peaks,
    /// The paid calls of the last days.
    pub recent: Recent,
    /// Inbound calls of the last day from abroad or cut short.
    pub inbound: VecDeque<InboundCall>,
    /// What changed in the access to this tenant.
    pub access: VecDeque<AccessEvent>,
    /// Ranges closed after a lure, until when.
    pub closed_ranges: Vec<ClosedRange>,
    /// Spending of the tenant.
    pub spend: Spend,
    /// Spending of each extension.
    pub extension_spend: Ledger<ExtensionIndex>,
    /// Spending on each trunk.
    pub trunk_spend: Ledger<TrunkId>,
    /// Spending per destination.
    pub destination_spend: Ledger<DestinationKey>,
    /// Spending per source address.
    pub source_spend: Ledger<IpAddr>,
    /// Blocks in force.
    pub blocks: Vec<Block>,
    /// Running and ringing paid calls.
    pub active: Vec<CallId>,
    /// Until when limits stay tight after a block.
    pub probation_until: WallTime,
    /// Until when a person's "this was right" makes the engine more patient.
    pub patience_until: WallTime,
    /// The last alert, and how strong it was.
    pub alerted: Option<(WallTime, f32)>,
    /// What contacts approved for a while.
    #[serde(default)]
    pub approved: Vec<Approved>,
}

/// What is known of one extension. Kept small: a provider has a million of them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ExtensionState {
    /// Its name.
    pub id: Option<ExtensionId>,
    /// Destinations of its paid calls.
    pub destinations: Habits,
    /// From where and with what it calls.
    pub origins: Origins,
    /// How much is normal.
    pub peaks: Peaks,
}

/// An inbound call worth remembering.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct InboundCall {
    /// The call.
    pub call: CallId,
    /// When.
    pub at: WallTime,
    /// Who called.
    pub a_number: Option<E164>,
    /// Whom.
    pub extension: ExtensionIndex,
    /// Whether it was answered.
    pub answered: bool,
    /// Seconds it lasted; 0 while running.
    pub secs: f32,
    /// Whether it is over.
    pub over: bool,
}

/// What changed in how the tenant's system is reached.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccessEvent {
    /// When.
    pub at: WallTime,
    /// Which extension.
    pub extension: ExtensionIndex,
    /// From where.
    pub origin: Option<Origin>,
    /// What.
    pub what: Access,
}

/// A kind of change of access.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Access {
    /// A registration from a source the extension never used; the number says how odd, 0 to 1.
    Registered(f32),
    /// Failed registrations, how many.
    Failed(u32),
    /// A forward was set.
    Forward {
        /// The country it leads to, when that is foreign or paid.
        to: Option<Country>,
        /// How odd the source of the change is, 0 to 1.
        odd: f32,
    },
}

/// A range that is closed for a while.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClosedRange {
    /// The leading digits.
    pub prefix: E164,
    /// Until when.
    pub until: WallTime,
}

/// One tenant: what is declared and what is known.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The compiled policy.
    pub settings: Arc<Settings>,
    /// Its calendar, which remembers the current hour.
    pub calendar: Calendar,
    /// What is known.
    pub state: TenantState,
}

impl Tenant {
    /// Most extensions one tenant can have of its own; further names share the first entry.
    const EXTENSIONS_MAX: usize = 65_536;
    /// Most inbound calls remembered.
    const INBOUND_MAX: usize = 256;
    /// Most changes of access remembered.
    const ACCESS_MAX: usize = 64;
    /// Most closed ranges.
    const CLOSED_MAX: usize = 64;

    /// A tenant nothing is known of.
    #[must_use]
    pub fn new(settings: Arc<Settings>, since: WallTime) -> Self {
        let calendar = settings.calendar();
        let state = TenantState {
            since,
            extensions: vec![ExtensionState::default()],
            ..TenantState::default()
        };
        Self { settings, calendar, state }
    }

    /// Puts a new policy in force.
    pub fn set_settings(&mut self, settings: Arc<Settings>) {
        self.calendar = settings.calendar();
        self.settings = settings;
    }

    /// The index of `extension`, made when it is new.
    pub fn extension(&mut self, extension: Option<&ExtensionId>) -> ExtensionIndex {
        let Some(extension) = extension.filter(|e| !e.as_str().is_empty()) else { return 0 };
        if let Some(&index) = self.state.index.get(extension) {
            return index;
        }
        if self.state.extensions.len() >= Self::EXTENSIONS_MAX {
            return 0;
        }
        let index = self.state.extensions.len() as ExtensionIndex;
        self.state
            .extensions
            .push(ExtensionState { id: Some(extension.clone()), ..ExtensionState::default() });
        self.state.index.insert(extension.clone(), index);
        index
    }

    /// A block ended, or fraud was confirmed: limits stay tight for a while.
    pub fn begin_probation(&mut self, wall: WallTime) {
        let hours = u64::from(self.settings.policy().probation_hours);
        self.state.probation_until = wall + Duration::from_secs(3_600 * hours);
    }

    /// Remembers an inbound call.
    pub fn note_inbound(&mut self, call: InboundCall) {
        if self.state.inbound.len() >= Self::INBOUND_MAX {
            self.state.inbound.pop_front();
        }
        self.state.inbound.push_back(call);
    }

    /// Remembers a change of access.
    pub fn note_access(&mut self, event: AccessEvent) {
        if self.state.access.len() >= Self::ACCESS_MAX {
            self.state.access.pop_front();
        }
        self.state.access.push_back(event);
    }

    /// Closes a range for a while.
    pub fn close_range(&mut self, range: ClosedRange) {
        self.state.closed_ranges.retain(|r| r.prefix != range.prefix);
        if self.state.closed_ranges.len() >= Self::CLOSED_MAX {
            self.state.closed_ranges.remove(0);
        }
        self.state.closed_ranges.push(range);
    }
}
