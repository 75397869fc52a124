//! People and sessions that the program makes by itself, for a world it made up (`ringfence demo`). No route leads here and
//! no setting does: whoever calls this holds the store.

use super::factors::strength;
use crate::http::cookie;
use crate::rights::{Grant, Reach, Role};
use crate::secret::{Chance, Token, draw, new_id};
use crate::stored;
use axum::http::HeaderValue;
use ringfence_model::WallTime;
use ringfence_store::{About, Act, Result, Session, Store, User};
use std::net::IpAddr;
use std::time::Duration;

/// The first person of a made-up world, over all of it. They have neither password nor second factor: nobody can log in as
/// them.
///
/// # Errors
/// When the store does not take them.
pub fn first_person(
    store: &Store,
    chance: &dyn Chance,
    (login, name): (&str, &str),
    at: WallTime,
) -> Result<User> {
    let mut user = User {
        id: new_id(chance),
        login: login.to_owned(),
        name: name.to_owned(),
        password: None,
        totp: None,
        passkeys: serde_json::json!([]),
        recovery: Vec::new(),
        grants: stored::to_store(&[Grant { role: Role::PlatformAdmin, reach: Reach::Platform }]),
        disabled: false,
        version: 0,
    };
    user.version = store.put_user(&act(login, "setup", None, at), &user)?;
    Ok(user)
}

/// Opens a full session for them, which lasts so long: the cookie that holds it, for plain HTTP on this machine.
///
/// # Errors
/// When the store does not take it.
pub fn session(
    store: &Store,
    chance: &dyn Chance,
    (user, from): (&User, IpAddr),
    (at, lasts): (WallTime, Duration),
) -> Result<Option<HeaderValue>> {
    let token = Token::of(draw(chance));
    store.open_session(&Session {
        token: token.hash(),
        user: user.id.clone(),
        created: at,
        seen: at,
        expires: at + lasts,
        address: Some(from),
        agent: String::new(),
        strength: strength::PROGRAM.to_owned(),
    })?;
    let after = serde_json::json!({ "strength": strength::PROGRAM });
    let subject = format!("user {}", user.login);
    let about = About { tenant: None, subject: &subject, before: None, after: Some(&after) };
    store.record(&act(&user.login, "session.begin", Some(from), at), about)?;
    store.note_login(&user.id, true, at)?;
    Ok(cookie::set(&token, false))
}

fn act(who: &str, what: &str, address: Option<IpAddr>, at: WallTime) -> Act {
    let (who, what, why) = (who.to_owned(), what.to_owned(), String::new());
    Act { who, what, why, address, at }
}

#[cfg(test)]
mod tests {
    use super::super::factors;
    use super::*;
    use crate::secret::tests::Counted;
    use ringfence_store::Place;

    #[test]
    fn the_session_is_full_and_nobody_can_log_in() {
        let (at, chance) = (WallTime::from_secs(1_795_334_400), Counted::default());
        let store = Store::open(Place::Memory, at).unwrap();
        let user = first_person(&store, &chance, ("demo", "Demo"), at).unwrap();
        assert!(user.password.is_none() && factors::of(&user).is_empty());
        let from = IpAddr::from([127, 0, 0, 1]);
        let lasts = Duration::from_secs(60);
        let line = session(&store, &chance, (&user, from), (at, lasts)).unwrap().unwrap();
        let value = line.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
        let session = store.session(&Token::parse(&value).unwrap().hash(), at).unwrap().unwrap();
        assert!(factors::is_full(&session.strength, &user));
        assert_eq!((session.user, session.expires), (user.id, at + lasts));
        let whats: Vec<_> = store.audit(&Default::default(), 9).unwrap();
        assert!(["setup", "session.begin"].iter().all(|w| whats.iter().any(|r| r.act.what == *w)));
    }
}
