//! Sums of a batch of records, ready to be added to what is there.

use super::Outcome;
use super::line::{Line, clean};
use super::usage::{ALL, SUMS, Table};
use crate::Result;
use crate::link::Link;
use crate::value::{Value, row};
use std::collections::HashMap;

/// Sums of a batch of records.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    names: Names,
    all: HashMap<Key, [i64; 7]>,
}

/// What is summed up, with texts as numbers: each record is counted in seven places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    table: Table,
    tenant: u32,
    start: i64,
    extension: u32,
    direction: &'static str,
    kind: u32,
    country: u32,
}

/// Texts that come again and again, by number.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(clean(text));
        self.numbers.insert(text.to_owned(), number);
        number
    }

    fn text(&self, number: u32) -> &str {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.texts.get(at)).map_or("", String::as_str)
    }
}

impl Sums {
    pub fn add(&mut self, line: &Line) {
        let refused = matches!(line.outcome, Outcome::Refused | Outcome::WouldRefuse);
        let figures = [
            1,
            line.answered.is_some().into(),
            refused.into(),
            (line.outcome == Outcome::Cut).into(),
            i64::try_from(line.billable_ms).unwrap_or(i64::MAX),
            line.cost.0,
            line.prevented.0,
        ];
        let mut number = |text: &Option<String>| self.names.number(text.as_deref().unwrap_or(""));
        let (tenant, extension) = (number(&line.tenant), number(&line.extension));
        let (kind, country) = (number(&line.kind), number(&line.country));
        let (everybody, nobody) = (self.names.number(ALL), self.names.number(""));
        for table in Table::ALL {
            let start = table.grain().start(line.started);
            for all in [false, true] {
                if all && table == Table::Tenant {
                    continue;
                }
                // One row per extension of all tenants would be as many as the records.
                let extensions = table.has_extensions() && !all;
                let key = Key {
                    table,
                    tenant: if all { everybody } else { tenant },
                    start,
                    extension: if extensions { extension } else { nobody },
                    direction: line.direction(),
                    kind,
                    country,
                };
                let sum = self.all.entry(key).or_default();
                for (sum, figure) in sum.iter_mut().zip(figures) {
                    *sum = sum.saturating_add(figure);
                }
            }
        }
    }

    /// In the order of the keys, so that two nodes cannot wait for each other.
    pub fn write(self, link: &mut Link) -> Result<()> {
        let Self { names, all } = self;
        let text = |number: u32| names.text(number);
        let mut all: Vec<(Key, [i64; 7])> = all.into_iter().collect();
        all.sort_unstable_by(|(a, _), (b, _)| {
            let of = |key: &Key| {
                let (tenant, extension) = (text(key.tenant), text(key.extension));
                (
                    key.table,
                    tenant,
                    key.start,
                    extension,
                    key.direction,
                    text(key.kind),
                    text(key.country),
                )
            };
            of(a).cmp(&of(b))
        });
        for sums in all.chunk_by(|(a, _), (b, _)| a.table == b.table) {
            let Some((Key { table, .. }, _)) = sums.first() else { continue };
            let rows: Vec<Vec<Value>> = sums
                .iter()
                .map(|(key, sums)| {
                    let (tenant, extension) = (text(key.tenant), text(key.extension));
                    let (kind, country) = (text(key.kind), text(key.country));
                    let mut row = row![tenant, key.start, extension, key.direction, kind, country];
                    row.extend(sums.map(Value::Int));
                    row
                })
                .collect();
            add_to(link, *table, &rows)?;
        }
        Ok(())
    }
}

fn add_to(link: &mut Link, table: Table, rows: &[Vec<Value>]) -> Result<()> {
    let table = table.name();
    let sums = SUMS.map(|column| format!("{column} = {table}.{column} + excluded.{column}"));
    let tail = format!(
        "ON CONFLICT (tenant, start, extension, direction, kind, country) DO UPDATE SET {}",
        sums.join(", ")
    );
    let head = format!(
        "INSERT INTO {table} (tenant, start, extension, direction, kind, country, {})",
        SUMS.join(", ")
    );
    link.insert(&head, &tail, rows)
}
