//! Brings the schema of a database up to date, forward only.

use crate::link::Link;
use crate::value::args;
use crate::{Result, StoreError};
use ringfence_model::WallTime;
use sha2::{Digest, Sha256};

/// A step from one version of the schema to the next; the first makes version 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub name: &'static str,
    pub sql: &'static str,
}

/// All of them. One that was ever released is never edited: databases know its checksum.
pub(crate) const STEPS: &[Step] =
    &[Step { name: "begin", sql: include_str!("../migrations/0001_begin.sql") }];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum BYTEA NOT NULL,
    made BIGINT NOT NULL
);";

/// Takes the steps that are missing, all or none.
pub(crate) fn bring_up(link: &mut Link, steps: &[Step], now: WallTime) -> Result<()> {
    link.begin(crate::link::Durable::Now)?;
    let outcome = steps_missing(link, steps, now);
    match &outcome {
        Ok(()) => link.batch("COMMIT")?,
        // The error matters more than whether this works.
        Err(_) => drop(link.batch("ROLLBACK")),
    }
    outcome
}

fn steps_missing(link: &mut Link, steps: &[Step], now: WallTime) -> Result<()> {
    link.lock_schema()?;
    link.batch(&link.dialect(TABLE))?;
    let taken = link.query("SELECT version, checksum FROM migration ORDER BY version", &[])?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    for row in &taken {
        let mut cells = row.clone().cells();
        let (version, checksum): (i64, [u8; 32]) = (cells.take()?, cells.take()?);
        let Some(step) = step(steps, version) else {
            return Err(StoreError::Newer { found: newest(&taken)?, known });
        };
        if checksum != sum(step) {
            return Err(StoreError::Corrupt(format!(
                "its schema {version} ({}) is not the one this Ringfence makes",
                step.name
            )));
        }
    }
    for (version, step) in (1i64..).zip(steps).skip(taken.len()) {
        link.batch(&link.dialect(step.sql))?;
        link.execute(
            "INSERT INTO migration (version, name, checksum, made) VALUES ($1, $2, $3, $4)",
            args![version, step.name, sum(step), now],
        )?;
    }
    Ok(())
}

fn newest(taken: &[crate::value::Row]) -> Result<i64> {
    taken.last().map_or(Ok(0), |row| row.clone().cells().take())
}

fn step(steps: &[Step], version: i64) -> Option<&Step> {
    steps.get(usize::try_from(version).ok()?.checked_sub(1)?)
}

fn sum(step: &Step) -> [u8; 32] {
    Sha256::digest(step.sql.as_bytes()).into()
}
