//! Who is logged in, from where.

use crate::link::Durable;
use crate::value::{Row, args};
use crate::{Result, Store};
use ringfence_model::WallTime;
use std::net::IpAddr;

/// Somebody who is logged in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The hash of the token; the token itself is only with its owner.
    pub token: [u8; 32],
    /// The user's id.
    pub user: String,
    /// When they logged in.
    pub created: WallTime,
    /// When they were last seen.
    pub seen: WallTime,
    /// When it ends by itself.
    pub expires: WallTime,
    /// From where.
    pub address: Option<IpAddr>,
    /// With which program.
    pub agent: String,
    /// How they proved who they are: `password`, `totp`, `passkey`.
    pub strength: String,
}

impl Store {
    /// Somebody logged in.
    ///
    /// # Errors
    /// When there is no such user, or it cannot be written.
    pub fn open_session(&self, session: &Session) -> Result<()> {
        let row = args![
            session.token,
            &session.user,
            session.created,
            session.seen,
            session.expires,
            session.address,
            &session.agent,
            &session.strength,
        ];
        self.change(|link| {
            link.insert(
                "INSERT INTO session
                   (token, person, created, seen, expires, address, agent, strength)",
                "",
                &[row.to_vec()],
            )
        })
    }

    /// The session of a token, if it has not ended.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn session(&self, token: &[u8; 32], now: WallTime) -> Result<Option<Session>> {
        let sql = format!("{SELECT} WHERE token = $1 AND expires > $2");
        self.look(|link| link.first(&sql, args![token, now]))?.map(session).transpose()
    }

    /// Sessions of a user that have not ended, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn sessions(&self, user: &str, now: WallTime) -> Result<Vec<Session>> {
        let sql = format!("{SELECT} WHERE person = $1 AND expires > $2 ORDER BY created DESC");
        let rows = self.look(|link| link.query(&sql, args![user, now]))?;
        rows.into_iter().map(session).collect()
    }

    /// The owner was seen; the session ends then. Call it every minute or so, not for each request.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn touch_session(&self, token: &[u8; 32], now: WallTime, expires: WallTime) -> Result<()> {
        let sql = "UPDATE session SET seen = $1, expires = $2 WHERE token = $3";
        self.write(Durable::Soon, |link| link.execute(sql, args![now, expires, token])).map(drop)
    }

    /// Raises how its owner is proven, after a second factor.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn strengthen_session(&self, token: &[u8; 32], strength: &str) -> Result<()> {
        let sql = "UPDATE session SET strength = $1 WHERE token = $2";
        self.change(|link| link.execute(sql, args![strength, token])).map(drop)
    }

    /// Ends a session; whether there was one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close_session(&self, token: &[u8; 32]) -> Result<bool> {
        let sql = "DELETE FROM session WHERE token = $1";
        self.change(|link| link.execute(sql, args![token])).map(|count| count > 0)
    }

    /// Ends all sessions of a user but one; how many.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close_sessions(&self, user: &str, but: Option<&[u8; 32]>) -> Result<u64> {
        let sql = "DELETE FROM session WHERE person = $1 AND token <> $2";
        let but = but.copied().unwrap_or_default();
        self.change(|link| link.execute(sql, args![user, but]))
    }
}

const SELECT: &str =
    "SELECT token, person, created, seen, expires, address, agent, strength FROM session";

fn session(row: Row) -> Result<Session> {
    let mut cells = row.cells();
    Ok(Session {
        token: cells.take()?,
        user: cells.take()?,
        created: cells.take()?,
        seen: cells.take()?,
        expires: cells.take()?,
        address: cells.take()?,
        agent: cells.take()?,
        strength: cells.take()?,
    })
}
