//! Requests that are made once and may come twice: the second is answered as the first was.

use crate::value::args;
use crate::{Result, Store, StoreError};
use ringfence_model::WallTime;

/// What is known of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Once {
    /// It is new; finish it with [`Store::finish_once`] or [`Store::abandon_once`].
    New,
    /// It came before and is not finished.
    Running,
    /// It came before and this was the answer.
    Answered(String),
    /// Another request had that name.
    Another,
}

impl Store {
    /// A request of `scope` (who makes it, and to what) calls itself `name`; `request` is the hash of all it says.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn begin_once(
        &self,
        (scope, name): (&str, &str),
        request: &[u8; 32],
        (now, expires): (WallTime, WallTime),
    ) -> Result<Once> {
        self.change(|link| {
            link.execute("DELETE FROM once WHERE expires <= $1", args![now])?;
            let made = link.execute(
                "INSERT INTO once (scope, name, request, expires) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (scope, name) DO NOTHING",
                args![scope, name, request, expires],
            )?;
            if made > 0 {
                return Ok(Once::New);
            }
            let row = link.first(
                "SELECT request, response FROM once WHERE scope = $1 AND name = $2",
                args![scope, name],
            )?;
            let Some(row) = row else { return Err(StoreError::Busy("it just ended".into())) };
            let mut cells = row.cells();
            let (before, response): ([u8; 32], Option<String>) = (cells.take()?, cells.take()?);
            Ok(match response {
                _ if before != *request => Once::Another,
                Some(response) => Once::Answered(response),
                None => Once::Running,
            })
        })
    }

    /// This was the answer.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish_once(&self, (scope, name): (&str, &str), response: &str) -> Result<()> {
        let sql = "UPDATE once SET response = $1 WHERE scope = $2 AND name = $3";
        self.change(|link| link.execute(sql, args![response, scope, name])).map(drop)
    }

    /// It came to nothing: it may be made again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn abandon_once(&self, (scope, name): (&str, &str)) -> Result<()> {
        let sql = "DELETE FROM once WHERE scope = $1 AND name = $2 AND response IS NULL";
        self.change(|link| link.execute(sql, args![scope, name])).map(drop)
    }
}
