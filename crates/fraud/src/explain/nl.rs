//! Dutch.

use super::{
    Kind, Level, LimitKind, Pass, Reason, Signal, TrafficClass, Verdict, Voice, Window, count,
};
use ringfence_model::{Action, Money, SignalKind};

pub fn action(verdict: &Verdict) -> &'static str {
    match (verdict.action, verdict.acted) {
        (Action::Allow, _) => "Toegestaan",
        (Action::Reject, true) => "Geweigerd",
        (Action::Reject, false) => "Zou geweigerd zijn",
    }
}

pub fn reason(v: &Voice, reason: &Reason) -> String {
    match reason {
        Reason::Blocked { level, until, whole_tenant } => {
            let whom = if *whole_tenant { "de klant" } else { "het toestel" };
            let until = until.map_or_else(String::new, |t| format!(" tot {}", v.time(t)));
            format!("{whom} is geblokkeerd, {} werken nog{until}", still_works(*level))
        }
        Reason::SourceNotAllowed { ip } => format!("vanaf {ip} mag niet worden gebeld"),
        Reason::ClassClosed { class, country, only_now } => {
            let to = country.map_or_else(String::new, |c| format!(" naar {}", v.country(c)));
            let now = if *only_now { " op dit uur" } else { "" };
            format!("{} gesprekken{to} zijn{now} gesloten door het beleid", class_name(*class))
        }
        Reason::Denied { note } if note.is_empty() => "het nummer staat op de weigerlijst".into(),
        Reason::Denied { note } => format!("het nummer staat op de weigerlijst ({note})"),
        Reason::LimitReached { whose, window, used, limit } => format!(
            "de limiet {} van {} {} wordt overschreden: {} besteed en gereserveerd",
            limit_name(*whose),
            v.money(*limit),
            window_name(*window),
            v.money(*used)
        ),
        Reason::TooManyActive { whose, active, limit } => format!(
            "de limiet {} van {limit} gelijktijdige gesprekken wordt overschreden: {active}",
            limit_name(*whose)
        ),
        Reason::TooManyPerMinute { whose, count, limit } => format!(
            "de limiet {} van {limit} gesprekken per minuut wordt overschreden: {count}",
            limit_name(*whose)
        ),
        Reason::Signal(signal) => found(v, signal),
        Reason::Weighed { evidence, at_stake, threshold } => format!(
            "bewijs {} bij {} op het spel, gestopt vanaf {}",
            v.number(*evidence),
            v.money(*at_stake),
            v.number(*threshold)
        ),
        Reason::Going { country, kind, per_minute, default_tariff } => format!(
            "gesprek naar {} ({}) voor {} per minuut{}",
            v.country(*country),
            kind_name(*kind),
            v.price(*per_minute),
            if *default_tariff { ", standaardtarief" } else { "" }
        ),
    }
}

fn found(v: &Voice, s: &Signal) -> String {
    let seen = count(s.seen);
    let normal = count(s.normal);
    let amount = |units: f32| v.money(Money::from_f64(f64::from(units)));
    match s.kind {
        SignalKind::Destination if s.normal < 0.5 => {
            "deze klant belde die bestemming nooit eerder".into()
        }
        SignalKind::Destination => {
            format!("die bestemming werd eerder gebeld, maar op zo'n {normal} dagen")
        }
        SignalKind::Hours => "deze klant belt normaal niet op dit uur".into(),
        SignalKind::Volume => {
            format!("{seen} betaalde gesprekken in een uur (normaal tot {normal})")
        }
        SignalKind::Spend => {
            format!("{} in 24 uur (normaal tot {})", amount(s.seen), amount(s.normal))
        }
        SignalKind::Source => match s.seen as u8 {
            0 | 1 => "een netwerk waar dit toestel nooit vandaan belde".into(),
            2 => "een land waar dit toestel nooit vandaan belde".into(),
            3 => "een apparaat dat dit toestel nooit gebruikte".into(),
            _ => "een land en een apparaat die dit toestel nooit gebruikte".into(),
        },
        SignalKind::NewAccess => {
            format!("de toegang werd {} eerder veranderd", v.duration(s.seen * 3_600.0))
        }
        SignalKind::Guessing => {
            format!("er werd eerder naar wachtwoorden geraden ({seen} mislukt)")
        }
        SignalKind::Probe => format!("{seen} korte proefgesprekken naar die bestemming"),
        SignalKind::PrefixSpray => {
            format!("hetzelfde nummer werd met {seen} andere voorvoegsels geprobeerd")
        }
        SignalKind::RangeSweep => format!("{seen} andere nummers uit dezelfde reeks op een dag"),
        SignalKind::PerCallCharge => {
            format!("{seen} korte gesprekken met een vast tarief per gesprek in een uur")
        }
        SignalKind::LongCall => {
            format!(
                "het gesprek duurt {} (normaal tot {})",
                v.duration(s.seen),
                v.duration(s.normal)
            )
        }
        SignalKind::Parallel => {
            format!("{seen} betaalde gesprekken tegelijk (normaal tot {normal})")
        }
        SignalKind::Spread => {
            format!("{seen} bestemmingen op een dag die nieuw zijn voor deze klant")
        }
        SignalKind::DialThrough => "het gesprek komt van buiten en belt weer naar buiten".into(),
        SignalKind::CallBack => format!("{seen} gemiste oproepen uit die reeks: lokoproepen"),
        SignalKind::Drift => format!("{} besteed aan een nieuwe bestemming", amount(s.seen)),
    }
}

pub fn pass(v: &Voice, pass: &Pass) -> String {
    match pass {
        Pass::Unblock { until: Some(t) } => {
            format!("als de blokkade wordt opgeheven, of na {}", v.time(*t))
        }
        Pass::Unblock { until: None } => "als de blokkade wordt opgeheven".into(),
        Pass::RaiseLimit { whose, window, to } => format!(
            "bij een limiet {} van {} {}",
            limit_name(*whose),
            v.money(*to),
            window_name(*window)
        ),
        Pass::MoreCalls { whose, to } => {
            format!("bij een limiet {} van {to} gesprekken", limit_name(*whose))
        }
        Pass::Approval { .. } => {
            "als een contactpersoon, die nu gevraagd wordt, het goedkeurt".into()
        }
        Pass::Permit => "met het nummer op de lijst van toegestane nummers".into(),
        Pass::OpenClass { class } => format!("als {} gesprekken open staan", class_name(*class)),
        Pass::AllowSource { ip } => format!("met {ip} bij de toegestane adressen"),
        Pass::Without { signal } => match signal {
            SignalKind::Destination => "naar een bestemming die deze klant kent".into(),
            SignalKind::Hours => "op een uur waarop deze klant belt".into(),
            SignalKind::Volume => "met minder gesprekken in dat uur".into(),
            SignalKind::Spend => "met minder kosten op die dag".into(),
            SignalKind::Source => "vanaf een bekende plek en apparaat".into(),
            SignalKind::NewAccess => "zonder de veranderde toegang vlak ervoor".into(),
            SignalKind::Guessing => "zonder de mislukte registraties".into(),
            SignalKind::Probe => "zonder de proefgesprekken".into(),
            SignalKind::PrefixSpray => "zonder de wisselende voorvoegsels".into(),
            SignalKind::RangeSweep => "zonder de andere nummers uit de reeks".into(),
            SignalKind::PerCallCharge => {
                "met minder korte gesprekken met een vast tarief per gesprek".into()
            }
            SignalKind::LongCall => "als het korter was".into(),
            SignalKind::Parallel => "met minder gesprekken tegelijk".into(),
            SignalKind::Spread => "met minder nieuwe bestemmingen op die dag".into(),
            SignalKind::DialThrough => "als het niet van buiten kwam".into(),
            SignalKind::CallBack => "zonder de gemiste oproepen uit die reeks".into(),
            SignalKind::Drift => "met minder kosten op die nieuwe bestemming".into(),
        },
    }
}

const fn still_works(level: Level) -> &'static str {
    match level {
        Level::Open => "alle gesprekken",
        Level::Guarded => "alle gesprekken behalve betaalde diensten en risicobestemmingen",
        Level::National => "nationale gesprekken",
        Level::Geographic => "nationale geografische nummers",
        Level::Internal => "interne gesprekken",
        Level::Suspended => "noodoproepen",
    }
}

const fn limit_name(whose: LimitKind) -> &'static str {
    match whose {
        LimitKind::Extension => "van het toestel",
        LimitKind::Trunk => "van de trunk",
        LimitKind::Tenant => "van de klant",
        LimitKind::Destination => "van de bestemming",
        LimitKind::Source => "van het bronadres",
        LimitKind::Probation => "van de proeftijd",
    }
}

const fn window_name(window: Window) -> &'static str {
    match window {
        Window::Call => "per gesprek",
        Window::Hour => "per uur",
        Window::Day => "per dag",
        Window::Week => "per week",
        Window::Month => "per maand",
    }
}

const fn class_name(class: TrafficClass) -> &'static str {
    match class {
        TrafficClass::Internal => "interne",
        TrafficClass::National => "nationale",
        TrafficClass::Mobile => "nationale mobiele",
        TrafficClass::Service => "nationale service-",
        TrafficClass::Premium => "betaalde",
        TrafficClass::International => "internationale",
        TrafficClass::HighRisk => "risicovolle",
    }
}

pub const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Fixed => "vast",
        Kind::Mobile => "mobiel",
        Kind::FixedOrMobile => "vast of mobiel",
        Kind::Voip => "plaatsonafhankelijk",
        Kind::Company => "bedrijfsnummer",
        Kind::Government => "overheid",
        Kind::M2m => "machine naar machine",
        Kind::Pager => "semafoon",
        Kind::Vpn => "besloten netwerk",
        Kind::Personal => "persoonlijk nummer",
        Kind::Freephone => "gratis nummer",
        Kind::SharedCost => "gedeelde kosten",
        Kind::Premium => "betaald nummer",
        Kind::PremiumAdult => "betaald nummer, erotiek",
        Kind::PremiumEntertainment => "betaald nummer, amusement",
        Kind::Directory => "inlichtingendienst",
        Kind::Service => "dienst",
        Kind::Satellite => "satelliet",
        Kind::Network => "internationaal netwerk",
        Kind::Unallocated => "niet uitgegeven",
        Kind::Unknown => "onbekend",
    }
}
