//! What all nodes of one database make keys from: drawn once, by the first of them.

use crate::value::{Row, args};
use crate::{Result, Store, StoreError};

impl Store {
    /// The secret of that name. Where there is none yet, `drawn` is it from now on, for everybody.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn secret(&self, name: &str, drawn: &[u8; 32]) -> Result<[u8; 32]> {
        let sql = "SELECT value FROM secret WHERE name = $1";
        if let Some(row) = self.look(|link| link.first(sql, args![name]))? {
            return row.only();
        }
        self.change(|link| {
            link.execute(
                "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                args![name, drawn],
            )?;
            let row = link.first(sql, args![name])?;
            row.map_or_else(|| Err(StoreError::Busy("it just went".to_owned())), Row::only)
        })
    }
}
