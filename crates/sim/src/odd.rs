//! Odd but honest: what makes naive rules stop the wrong people.

use crate::chance::Chance;
use crate::company::{Company, source};
use crate::places::{FAR, NEAR, PAID_HOME, Place, dial};
use crate::wish::{Purpose, Wish};
use crate::world::Planned;
use ringfence_model::{CallEvent, ConfigChange, Direction, ExtensionId, Via, WallTime};
use std::time::Duration;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Odd {
    /// Somebody does not hang up.
    ForgottenCall,
    /// A softphone calls from a holiday address.
    TravellingSoftphone,
    /// Several people dial into a conference abroad.
    ConferenceBridge,
    /// A first order in a new country.
    NewSupplier,
    /// A day of calling customers across the border.
    CampaignAbroad,
    /// The owner forwards to a mobile abroad.
    OwnersForward,
    /// Everybody redials a contest line.
    ContestRedial,
    /// A fax tries again and again.
    FaxRetry,
}

impl Odd {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ForgottenCall,
        Self::TravellingSoftphone,
        Self::ConferenceBridge,
        Self::NewSupplier,
        Self::CampaignAbroad,
        Self::OwnersForward,
        Self::ContestRedial,
        Self::FaxRetry,
    ];

    /// How people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForgottenCall => "forgotten call",
            Self::TravellingSoftphone => "travelling softphone",
            Self::ConferenceBridge => "conference bridge",
            Self::NewSupplier => "new supplier",
            Self::CampaignAbroad => "campaign abroad",
            Self::OwnersForward => "owner's forward",
            Self::ContestRedial => "contest redial",
            Self::FaxRetry => "fax retry",
        }
    }

    /// What happens at `company` from `at` on.
    pub fn happen(
        self,
        company: &Company,
        index: usize,
        at: WallTime,
        chance: &mut Chance,
    ) -> Vec<Planned> {
        let mut scene = Scene { odd: self, company, index, at, chance };
        match self {
            Self::ForgottenCall => scene.calls(&NEAR, 1, (6_000, 9_000), 1),
            Self::TravellingSoftphone => scene.travel(),
            Self::ConferenceBridge => scene.bridge(),
            Self::NewSupplier => scene.calls(&FAR, 4, (60, 900), 1_500),
            Self::CampaignAbroad => scene.calls(&NEAR, 20, (20, 200), 240),
            Self::OwnersForward => scene.forward(),
            Self::ContestRedial => scene.redial(&PAID_HOME, 6, (5, 25)),
            Self::FaxRetry => scene.redial(&NEAR, 6, (20, 50)),
        }
    }
}

struct Scene<'a> {
    odd: Odd,
    company: &'a Company,
    index: usize,
    at: WallTime,
    chance: &'a mut Chance,
}

impl Scene<'_> {
    fn number(&mut self, places: &[Place]) -> String {
        let place = self.chance.pick(places).copied();
        place.map(|place| place.number(self.chance)).unwrap_or_default()
    }

    fn call(&mut self, extension: &ExtensionId, number: &str, secs: u32) -> Wish {
        let dialled = dial(number, self.company.outside_line, self.chance);
        Wish {
            source: Some(self.company.source.clone()),
            ..Wish::outbound(self.at, self.index, extension.as_str(), &dialled)
        }
        .talking(secs)
        .because(Purpose::Odd(self.odd.name()))
    }

    fn later(&mut self, secs: u32) {
        self.at = self.at + Duration::from_secs(u64::from(self.chance.within((1, secs.max(2)))));
    }

    /// Several numbers of one place, one after the other.
    fn calls(
        &mut self,
        places: &[Place],
        count: u32,
        secs: (u32, u32),
        pause: u32,
    ) -> Vec<Planned> {
        let place = self.chance.pick(places).copied();
        let extension = self.company.anyone(self.chance);
        let mut planned = Vec::new();
        for _ in 0..count {
            let number = self.number(place.as_slice());
            let secs = self.chance.within(secs);
            planned.push(Planned::Call(self.call(&extension, &number, secs)));
            self.later(pause + secs);
        }
        planned
    }

    fn redial(&mut self, places: &[Place], count: u32, secs: (u32, u32)) -> Vec<Planned> {
        let number = self.number(places);
        let extension = self.company.anyone(self.chance);
        let mut planned = Vec::new();
        for _ in 0..count {
            let secs = self.chance.within(secs);
            planned.push(Planned::Call(self.call(&extension, &number, secs)));
            self.later(120 + secs);
        }
        planned
    }

    fn bridge(&mut self) -> Vec<Planned> {
        let number = self.number(&FAR);
        let mut planned = Vec::new();
        for extension in self.company.extensions.iter().take(3) {
            let secs = self.chance.within((1_500, 3_600));
            planned.push(Planned::Call(self.call(extension, &number, secs)));
            self.later(60);
        }
        planned
    }

    fn travel(&mut self) -> Vec<Planned> {
        let elsewhere = source("203.0.113.77".into(), "ES", "Linphone/5.2 (Android)");
        let extension = self.company.anyone(self.chance);
        (0..5)
            .map(|n| {
                let number = if n == 3 { self.number(&NEAR) } else { "31201234567".to_owned() };
                let wish = self.call(&extension, &number, 90);
                self.later(3_000);
                Planned::Call(Wish { via: Via::Softphone, source: Some(elsewhere.clone()), ..wish })
            })
            .collect()
    }

    fn forward(&mut self) -> Vec<Planned> {
        let number = self.number(&NEAR);
        let extension = self.company.anyone(self.chance);
        let to = dial(&number, self.company.outside_line, self.chance);
        let set = ConfigChange {
            tenant: self.company.tenant.clone(),
            extension: extension.clone(),
            forward_to: Some(to.as_str().into()),
            source: Some(self.company.source.clone()),
        };
        let mut planned = vec![Planned::Fact(self.at, CallEvent::ConfigChanged(set.clone()))];
        for _ in 0..3 {
            self.later(7_000);
            let mut out = self.call(&extension, &number, 80);
            out.via = Via::Forward;
            out.forwarded_by = Some(extension.clone());
            let inbound = Wish { direction: Direction::Inbound, source: None, ..out.clone() };
            planned.push(Planned::Through(inbound, out));
        }
        self.later(7_000);
        let clear = ConfigChange { forward_to: None, ..set };
        planned.push(Planned::Fact(self.at, CallEvent::ConfigChanged(clear)));
        planned
    }
}
