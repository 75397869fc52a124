//! Large things that go with settings, such as rate decks: each kept once, by what is in it.
//!
//! One that no setting has any more stays for a while, so that a change of settings can be taken back.

use crate::link::Link;
use crate::settings::{hex, key_args};
use crate::value::{Row, args};
use crate::{Result, SettingKey, Store, StoreError};
use ringfence_model::WallTime;
use sha2::{Digest, Sha256};

impl Store {
    /// What goes with a setting, when something does.
    ///
    /// # Errors
    /// When there is no such setting, or it cannot be read.
    pub fn attachment(&self, key: &SettingKey) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT attachment.bytes FROM setting
            LEFT JOIN attachment ON attachment.sha256 = setting.attachment
            WHERE section = $1 AND tenant = $2 AND id = $3";
        let found = self.look(|link| link.first(sql, &key_args(key)))?;
        found.ok_or_else(|| StoreError::NotFound(key.to_string()))?.only()
    }

    /// What has this SHA-256 (64 hex digits), while it is kept: as long as a setting has it, and then as long as events.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn attached(&self, sha256: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM attachment WHERE sha256 = $1";
        self.look(|link| link.first(sql, args![sha256]))?.map(Row::only).transpose()
    }
}

/// What a setting has.
pub(crate) fn of(link: &mut Link, key: &SettingKey) -> Result<Option<String>> {
    let sql = "SELECT attachment FROM setting WHERE section = $1 AND tenant = $2 AND id = $3";
    link.first(sql, &key_args(key))?.map_or(Ok(None), Row::only)
}

/// Keeps it; gives what it is known by.
pub(crate) fn keep(link: &mut Link, bytes: &[u8]) -> Result<String> {
    let sha256 = hex(&Sha256::digest(bytes));
    let there = "UPDATE attachment SET unused_since = NULL WHERE sha256 = $1";
    if link.execute(there, args![&sha256])? == 0 {
        link.execute(
            "INSERT INTO attachment (sha256, bytes) VALUES ($1, $2)
             ON CONFLICT (sha256) DO UPDATE SET unused_since = NULL",
            args![&sha256, bytes.to_vec()],
        )?;
    }
    Ok(sha256)
}

/// A setting has it no more.
pub(crate) fn release(link: &mut Link, sha256: &str, at: WallTime) -> Result<()> {
    link.execute(
        "UPDATE attachment SET unused_since = $1 WHERE sha256 = $2
           AND NOT EXISTS (SELECT 1 FROM setting WHERE setting.attachment = attachment.sha256)",
        args![at, sha256],
    )
    .map(drop)
}

/// Removes those that no setting has had since `old`.
pub(crate) fn let_go(link: &mut Link, old: WallTime) -> Result<()> {
    link.execute("DELETE FROM attachment WHERE unused_since < $1", args![old]).map(drop)
}
