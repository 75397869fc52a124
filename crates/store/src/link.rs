//! A connection to a database: the one place that knows that there are two.
//!
//! Above it everything is SQL that both take: `$1 …` numbered in the order of their first appearance, `BIGINT`, `TEXT`
//! and `BYTEA`, `ON CONFLICT … DO UPDATE`, `RETURNING`. Texts sort by their bytes on both.

use crate::Result;
use crate::value::{Row, Value};
use postgres::Statement;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use rusqlite::params_from_iter;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Statements kept ready per connection. Queries are made of few parts, so that there are not many.
const STATEMENTS_MAX: usize = 256;
/// Rows sent to PostgreSQL in one statement.
const ROWS_AT_ONCE: usize = 128;

/// What SQLite may keep of the file in memory for who writes; and while a large turn of the feeder is written, which
/// touches pages all over the indexes: those that many records share are then written once for all of them.
const CACHE_KIB: u32 = 16 << 10;
const BULK_CACHE_KIB: u32 = 128 << 10;

/// When a change is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Durable {
    /// Before it is acknowledged: what people order.
    Now,
    /// Soon, and in order: what can be read again from the spool.
    Soon,
    /// The same, and there is much of it: with memory that it fits into.
    Bulk,
}

/// A connection.
pub(crate) enum Link {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(Box<Postgres>),
}

pub(crate) struct Postgres {
    pub client: postgres::Client,
    statements: HashMap<String, Statement>,
}

impl Link {
    pub fn sqlite(connection: rusqlite::Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        Self::Sqlite(Box::new(connection))
    }

    pub fn postgres(client: postgres::Client) -> Self {
        Self::Postgres(Box::new(Postgres { client, statements: HashMap::new() }))
    }

    /// Begins a change; nobody else changes anything until it ends (SQLite), or anything we touched (PostgreSQL).
    pub fn begin(&mut self, durable: Durable) -> Result<()> {
        if let Self::Sqlite(_) = self {
            let (synchronous, kib) = match durable {
                Durable::Now => ("FULL", CACHE_KIB),
                Durable::Soon => ("NORMAL", CACHE_KIB),
                Durable::Bulk => ("NORMAL", BULK_CACHE_KIB),
            };
            // A smaller cache than before gives its memory back at once.
            return self.batch(&format!(
                "PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -{kib}; BEGIN IMMEDIATE"
            ));
        }
        self.batch(match durable {
            Durable::Now => "BEGIN",
            Durable::Soon | Durable::Bulk => "BEGIN; SET LOCAL synchronous_commit = off",
        })
    }

    /// Begins to look: what is seen until the end is of one moment.
    pub fn begin_look(&mut self) -> Result<()> {
        self.batch(match self {
            Self::Sqlite(_) => "BEGIN",
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
    }

    /// Lets one at a time make or drop tables, until the end of the transaction.
    pub fn lock_schema(&mut self) -> Result<()> {
        match self {
            // Who writes is alone.
            Self::Sqlite(_) => Ok(()),
            // Any number will do, as long as it is always the same.
            Self::Postgres(_) => self.batch("SELECT pg_advisory_xact_lock(74644632)"),
        }
    }

    /// The types of a migration in the words of this database.
    pub fn dialect(&self, sql: &str) -> String {
        match self {
            Self::Sqlite(_) => sql
                .replace("BIGINT", "INTEGER")
                .replace("BYTEA", "BLOB")
                .replace("\n); -- clustered", "\n) STRICT, WITHOUT ROWID;")
                .replace("\n);", "\n) STRICT;"),
            Self::Postgres(_) => sql.replace(" TEXT", " TEXT COLLATE \"C\""),
        }
    }

    /// Statements without values or answers.
    pub fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql)?,
            Self::Postgres(on) => on.client.batch_execute(sql)?,
        }
        Ok(())
    }

    /// Changes something; how many rows.
    pub fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                debug_assert!(in_order(&statement), "{sql}");
                let count = statement.execute(params_from_iter(args))?;
                Ok(u64::try_from(count).unwrap_or(0))
            }
            Self::Postgres(on) => {
                let statement = on.prepared(sql)?;
                Ok(on.client.execute(&statement, &refs(args))?)
            }
        }
    }

    /// Rows that are found.
    pub fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.each(sql, args, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row that is found.
    pub fn first(&mut self, sql: &str, args: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, args)?.into_iter().next())
    }

    /// Hands over each row that is found, without keeping all.
    pub fn each(
        &mut self,
        sql: &str,
        args: &[Value],
        mut take: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                debug_assert!(in_order(&statement), "{sql}");
                let columns = statement.column_count();
                let mut rows = statement.query(params_from_iter(args))?;
                while let Some(row) = rows.next()? {
                    let values = (0..columns).map(|at| Ok(row.get_ref(at)?.into()));
                    take(Row(values.collect::<Result<_>>()?))?;
                }
            }
            Self::Postgres(on) => {
                let statement = on.prepared(sql)?;
                let mut rows = on.client.query_raw(&statement, args)?;
                while let Some(row) = rows.next()? {
                    let values = (0..row.len()).map(|at| Ok(row.try_get(at)?));
                    take(Row(values.collect::<Result<_>>()?))?;
                }
            }
        }
        Ok(())
    }

    /// Adds many rows: `<head> VALUES ($1, …) <tail>` for each. Who needs the processor more, such as a call, has it in
    /// between.
    pub fn insert(&mut self, head: &str, tail: &str, rows: &[Vec<Value>]) -> Result<()> {
        let Some(width) = rows.first().map(Vec::len) else { return Ok(()) };
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&values(head, tail, width, 1))?;
                for row in rows {
                    statement.execute(params_from_iter(row))?;
                    std::thread::yield_now();
                }
            }
            Self::Postgres(on) => {
                let mut chunks = rows.chunks_exact(ROWS_AT_ONCE);
                for chunk in chunks.by_ref() {
                    let statement = on.prepared(&values(head, tail, width, ROWS_AT_ONCE))?;
                    on.client.execute(&statement, &refs(chunk.iter().flatten()))?;
                }
                let rest = chunks.remainder();
                if !rest.is_empty() {
                    let sql = values(head, tail, width, rest.len());
                    on.client.execute(sql.as_str(), &refs(rest.iter().flatten()))?;
                }
            }
        }
        Ok(())
    }
}

impl Postgres {
    fn prepared(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn refs<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<&'a (dyn ToSql + Sync)> {
    values.into_iter().map(|value| value as _).collect()
}

fn values(head: &str, tail: &str, width: usize, rows: usize) -> String {
    let mut sql = format!("{head} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = write!(sql, "{comma}${}", row * width + column + 1);
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// SQLite takes `$1` for a name and numbers it by its first appearance: the two must agree.
fn in_order(statement: &rusqlite::Statement<'_>) -> bool {
    (1..=statement.parameter_count())
        .all(|at| statement.parameter_name(at) == Some(&format!("${at}")))
}
