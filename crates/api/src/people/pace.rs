//! How often one may be wrong: by login, so that a password cannot be guessed; by address, so that many logins cannot be
//! tried. What is right costs nothing, and a passkey is not asked here: guessing one is hopeless, and so a lock
//! never keeps its owner out.

use crate::refusal::Refusal;
use ringfence_model::WallTime;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Wrong tries of one login (a login and all its second factors) in a [`WINDOW`].
const BY_LOGIN: u32 = 10;
/// Wrong tries of one address in a [`WINDOW`]: an office behind one address mistypes more often.
const BY_ADDRESS: u32 = 50;
/// Tries are forgotten evenly over this time.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Rows; when it is full, those that have nearly forgotten go.
const ROWS_MAX: usize = 16_384;

/// Who tries.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Tried {
    /// Hashed by the map, cut before: a stranger's text takes no room.
    Login(String),
    Net(IpAddr),
}

/// Wrong tries that are not forgotten yet.
#[derive(Default)]
pub struct Pace(Mutex<HashMap<Tried, Debt>>);

/// Time until all is forgotten: each wrong try adds its share of the window.
#[derive(Clone, Copy)]
struct Debt {
    until: WallTime,
}

impl Pace {
    /// Whether one more try is heard. `login` says of what too (`login:anna`, `second:anna`), so that nobody can use up
    /// another sort of tries with what they type.
    ///
    /// It is counted at once, so that many at the same moment are not; see [`Self::forgive`].
    pub fn try_once(&self, login: &str, from: IpAddr, at: WallTime) -> Result<(), Refusal> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let both = both(login, from);
        for (tried, most) in &both {
            let wait = rows.get(tried).map_or(Duration::ZERO, |debt| wait(*debt, *most, at));
            if wait > Duration::ZERO {
                return Err(Refusal::TooMany(wait));
            }
        }
        for (tried, most) in both {
            if rows.len() >= ROWS_MAX && !rows.contains_key(&tried) {
                make_room(&mut rows, at);
            }
            let debt = rows.entry(tried).or_insert(Debt { until: at });
            debt.until = debt.until.max(at) + WINDOW / most;
        }
        Ok(())
    }

    /// The try was right: it does not count.
    pub fn forgive(&self, login: &str, from: IpAddr) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (tried, most) in both(login, from) {
            if let Some(debt) = rows.get_mut(&tried) {
                debt.until = debt.until - WINDOW / most;
            }
        }
    }
}

fn both(login: &str, from: IpAddr) -> [(Tried, u32); 2] {
    let login = login.chars().take(200).collect();
    [(Tried::Login(login), BY_LOGIN), (Tried::Net(net(from)), BY_ADDRESS)]
}

/// A household has a whole /64.
fn net(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// How long until one more share fits into the window.
fn wait(debt: Debt, most: u32, at: WallTime) -> Duration {
    (debt.until - at + WINDOW / most).saturating_sub(WINDOW)
}

fn make_room(rows: &mut HashMap<Tried, Debt>, at: WallTime) {
    rows.retain(|_, debt| debt.until > at);
    if rows.len() >= ROWS_MAX {
        let mut ends: Vec<_> = rows.values().map(|debt| debt.until).collect();
        ends.sort_unstable();
        let middle = ends.get(ends.len() / 2).copied().unwrap_or(at);
        rows.retain(|_, debt| debt.until > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> IpAddr {
        "192.0.2.1".parse().unwrap()
    }

    fn tries(pace: &Pace, login: &str, from: IpAddr, at: WallTime) -> u32 {
        (0..1000).take_while(|_| pace.try_once(login, from, at).is_ok()).count() as u32
    }

    #[test]
    fn a_login_is_tried_ten_times_and_then_at_the_pace_of_forgetting() {
        let (pace, start) = (Pace::default(), WallTime::from_secs(1_000_000));
        assert_eq!(tries(&pace, "anna", home(), start), BY_LOGIN);
        let Err(Refusal::TooMany(wait)) = pace.try_once("anna", home(), start) else { panic!() };
        assert_eq!(wait, Duration::from_secs(90));
        assert_eq!(tries(&pace, "anna", home(), start + wait), 1);
        assert_eq!(tries(&pace, "anna", home(), start + wait + WINDOW), BY_LOGIN);
        let elsewhere = "192.0.2.2".parse().unwrap();
        assert_eq!(tries(&pace, "anna", elsewhere, start + wait + WINDOW), 0, "wherever from");
        let later = start + wait + WINDOW;
        assert_eq!(tries(&pace, "bram", home(), later), BY_LOGIN, "another login is free");
    }

    #[test]
    fn an_address_is_heard_fifty_times_whatever_login_it_tries() {
        let (pace, at) = (Pace::default(), WallTime::from_secs(5));
        let heard = (0..200).filter(|n| pace.try_once(&n.to_string(), home(), at).is_ok()).count();
        assert_eq!(heard, BY_ADDRESS as usize);
        let neighbour = ["2001:db8::1", "2001:db8::2"].map(|ip| ip.parse().unwrap());
        let heard = (0..200)
            .filter(|n| pace.try_once(&format!("v{n}"), neighbour[n % 2], at).is_ok())
            .count();
        assert_eq!(heard, BY_ADDRESS as usize, "one /64 is one address");
    }

    #[test]
    fn what_is_right_does_not_count() {
        let (pace, at) = (Pace::default(), WallTime::from_secs(5));
        for _ in 0..1000 {
            pace.try_once("anna", home(), at).unwrap();
            pace.forgive("anna", home());
        }
    }

    #[test]
    fn the_table_is_bounded() {
        let (pace, at) = (Pace::default(), WallTime::from_secs(5));
        for n in 0..3 * ROWS_MAX as u32 {
            let from = std::net::Ipv4Addr::from_bits(n).into();
            let _ = pace.try_once(&n.to_string(), from, at);
            assert!(pace.0.lock().unwrap().len() <= ROWS_MAX);
        }
    }
}
