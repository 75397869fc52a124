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
pub(crate) const STEPS: &[Step] = &[
    Step { name: "begin", sql: include_str!("../migrations/0001_begin.sql") },
    Step { name: "notices", sql: include_str!("../migrations/0002_notices.sql") },
];

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Place, Store};

    const NEXT: Step = Step {
        name: "next",
        sql: "CREATE TABLE next (
    id BIGINT PRIMARY KEY,
    words TEXT NOT NULL
);
INSERT INTO next (id, words) SELECT one, 'kept' FROM revision;",
    };
    const BROKEN: Step = Step {
        name: "broken",
        sql: "CREATE TABLE half (id BIGINT); CREATE TABLE next (id BIGINT);",
    };

    fn open(path: &std::path::Path, steps: &[Step]) -> Result<Store> {
        Store::open_with(Place::File(path.to_owned()), WallTime(5), steps)
    }

    fn tables(store: &Store) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let rows = store.look(|link| link.query(sql, &[])).unwrap();
        rows.into_iter().map(|row| row.only().unwrap()).collect()
    }

    /// Each released schema has its steps in `STEPS`: a database made with the first of them is taken to the newest.
    #[test]
    fn a_database_of_every_earlier_schema_comes_up_to_date() {
        let steps: Vec<Step> = STEPS.iter().copied().chain([NEXT]).collect();
        for made_with in 0..=steps.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.db");
            drop(open(&path, &steps[..made_with]).unwrap());
            let store = open(&path, &steps).unwrap();
            let words = store.look(|link| link.query("SELECT words FROM next", &[])).unwrap();
            assert_eq!(words.len(), 1, "made with {made_with}");
            drop(store);
            drop(open(&path, &steps).unwrap());
        }
    }

    #[test]
    fn a_step_that_fails_leaves_what_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let before = tables(&open(&path, STEPS).unwrap());
        let steps: Vec<Step> = STEPS.iter().copied().chain([NEXT, BROKEN]).collect();
        assert!(open(&path, &steps).is_err());
        assert_eq!(tables(&open(&path, STEPS).unwrap()), before);
    }

    #[test]
    fn a_database_of_a_newer_or_another_ringfence_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let steps: Vec<Step> = STEPS.iter().copied().chain([NEXT]).collect();
        drop(open(&path, &steps).unwrap());
        let newer = open(&path, STEPS).unwrap_err();
        let told = newer.to_string();
        let (found, known) = (steps.len(), STEPS.len());
        assert!(told.contains(&format!("schema {found} and this Ringfence knows up to {known}")));
        let edited = Step { sql: "SELECT 1", ..NEXT };
        let steps: Vec<Step> = STEPS.iter().copied().chain([edited]).collect();
        assert!(matches!(open(&path, &steps), Err(StoreError::Corrupt(_))));
    }
}
