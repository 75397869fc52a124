//! Moves the profiles: what happened, and was not suspected, becomes a little more normal.

use crate::calendar::Civil;
use crate::context::GROWN_DAYS;
use crate::profile::{DayFigures, DestinationKey, Origin};
use crate::recent::{ExtensionIndex, PaidCall};
use crate::running::Running;
use crate::signals;
use crate::tenant::Tenant;
use ringfence_model::{Attempt, Via};

/// Most destinations kept per extension and per tenant.
pub(super) const EXTENSION_DESTINATIONS: usize = 12;
pub(super) const TENANT_DESTINATIONS: usize = 96;
/// Most numbers of paid calls kept per tenant.
pub(super) const TENANT_NUMBERS: usize = 512;
/// Most sources kept per extension and per tenant.
const EXTENSION_ORIGINS: usize = 4;
const TENANT_ORIGINS: usize = 32;
/// Money on a new destination from which people are asked about it, in currency units.
const ASK_FROM: f32 = 20.0;
/// Ways of dialling through there are.
pub(super) const WAYS: usize = 8;

impl Tenant {
    /// Learns from a call that nobody earns from: when and from where this tenant calls.
    pub(super) fn learn_ordinary(
        &mut self,
        civil: &Civil,
        extension: ExtensionIndex,
        attempt: &Attempt,
    ) {
        self.state.hours.note(civil.day, civil.hour_of_week());
        let origin = attempt.source.as_ref().map(Origin::of);
        self.learn_place(civil, extension, origin);
    }

    fn learn_place(&mut self, civil: &Civil, extension: ExtensionIndex, origin: Option<Origin>) {
        let Some(own) = self.state.extensions.get_mut(extension as usize) else { return };
        let Some(origin) = origin else { return };
        own.origins.note(origin, civil.day, EXTENSION_ORIGINS);
        self.state.origins.note(origin, civil.day, TENANT_ORIGINS);
    }

    /// Whether a destination that is not grown up yet has become dear enough to ask about.
    pub(super) fn should_ask(&mut self, civil: &Civil, call: &Running) -> bool {
        let habit = self.state.destinations.get(call.key, civil.day);
        let young = habit.is_some_and(|h| civil.day - i32::from(h.first) < GROWN_DAYS);
        young && !call.permitted && self.state.destinations.ask(call.key, ASK_FROM)
    }

    /// Learns from a paid call that is over. What was near a stop teaches nothing but its cost.
    pub(super) fn learn_paid(&mut self, civil: &Civil, call: &Running, paid: &PaidCall) {
        let teaches =
            call.teaches && call.cut.is_none() && !self.state.blocks.iter().any(|b| !b.shadow);
        // A call nobody took is half a day's worth: it shows the wish, not the business.
        let worth = match (teaches, paid.secs > 0.0) {
            (false, _) => 0.0,
            (true, false) => 0.5,
            (true, true) => 1.0,
        };
        self.state.destinations.note(call.key, civil.day, worth, paid.cost, TENANT_DESTINATIONS);
        if !teaches {
            return;
        }
        self.state.hours.note(civil.day, civil.hour_of_week());
        self.learn_place(civil, call.extension, call.origin);
        if let Some(number) = paid.number {
            let key = DestinationKey::of_number(number);
            self.state.numbers.note(key, civil.day, worth, paid.cost, TENANT_NUMBERS);
        }
        if matches!(call.via, Via::Disa | Via::Voicemail | Via::Forward) {
            self.state.ways.note(signals::way(call.via), civil.day, worth, 0.0, WAYS);
        }
        self.learn_peaks(civil, call, paid);
    }

    fn learn_peaks(&mut self, civil: &Civil, call: &Running, paid: &PaidCall) {
        let figures = self.state.recent.figures(paid.at, paid);
        let seen = DayFigures {
            hour_calls: figures.tenant_hour,
            day_calls: figures.tenant_day,
            day_spend: figures.spend_day,
            active: figures.active_tenant + 1.0,
            call_secs: paid.secs,
        };
        let observing = !self.settings.enforces();
        self.state.peaks.note(civil.day, seen, observing);
        let Some(own) = self.state.extensions.get_mut(call.extension as usize) else { return };
        own.destinations.note(call.key, civil.day, 1.0, paid.cost, EXTENSION_DESTINATIONS);
        own.peaks.note(
            civil.day,
            DayFigures {
                hour_calls: figures.extension_hour,
                active: figures.active_extension + 1.0,
                ..seen
            },
            observing,
        );
    }
}
