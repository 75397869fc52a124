//! Reads the spool into the database, each line once, whatever dies in between.
//!
//! The spool is the server's daily files `cdr-DATE.jsonl` and `events-DATE.jsonl`. How far each is read is kept in the
//! transaction that adds its rows. What is read is made safe from a loss of power before it is believed, so the
//! database never knows of a line that the file has lost.

mod events;
mod spool;

use crate::cdr::{COLUMNS, Line, Month, Sums, lay};
use crate::link::{Durable, Link};
use crate::value::{Value, args};
use crate::{Result, Store, StoreError};
use spool::{Piece, Sort, Spool};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes read in one turn. A turn is one transaction, of 30,000 records and about a second at most: each touches pages
/// all over the indexes, and the more records share a transaction, the fewer pages are written for each.
const TURN_BYTES: u64 = 16 << 20;
/// A turn that has so much is one of many: of a backlog, or of thousands of calls a second.
const BULK_BYTES: u64 = 4 << 20;
/// Rows of a node are numbered from here on times its number.
const NODE_SHIFT: u32 = 48;

/// Feeds one node's spool into the store.
#[derive(Debug)]
pub struct Feeder {
    store: Store,
    spool: Spool,
    node: u16,
    /// How much the next turn reads: less after a batch the database refused, down to one line.
    bytes: u64,
}

/// What a turn did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fed {
    /// Call records added.
    pub cdrs: u64,
    /// Events added.
    pub events: u64,
    /// Lines that made no sense, or that the database would not take.
    pub refused: u64,
    /// Bytes of the spool that are not read yet.
    pub behind: u64,
}

impl Feeder {
    /// Feeds the files in `folder`. `node` tells machines apart that share a database; alone it is 0. It must be
    /// below 32,768 and always the same for the same folder.
    #[must_use]
    pub fn new(store: Store, folder: &Path, node: u16) -> Self {
        let spool = Spool::new(folder);
        Self { store, spool, node: node & 0x7fff, bytes: TURN_BYTES }
    }

    /// Takes what is there, at most 16 MiB. Call it again at once while [`Fed::behind`] is above 0, else after a while.
    ///
    /// # Errors
    /// When the files or the database cannot be used; nothing is lost, the next turn takes the same.
    pub fn turn(&mut self) -> Result<Fed> {
        let node = i64::from(self.node);
        let place = self.store.look_still(|link| Place::of(link, node))?;
        let read = self.spool.read(&place.positions, self.bytes);
        let (pieces, behind) = read.map_err(|error| {
            StoreError::Gone(format!("the records in {}: {error}", self.spool.folder().display()))
        })?;
        if pieces.is_empty() {
            self.forget(&place)?;
            return Ok(Fed { behind, ..Fed::default() });
        }
        let bytes: u64 = pieces.iter().map(|piece| piece.until - piece.from).sum();
        let durable = if bytes >= BULK_BYTES { Durable::Bulk } else { Durable::Soon };
        let fed = self.store.write(durable, |link| add(link, node, &place, &pieces));
        match fed {
            Ok(fed) => {
                self.bytes = (self.bytes * 4).min(TURN_BYTES);
                Ok(Fed { behind, ..fed })
            }
            Err(StoreError::Refused(_) | StoreError::Fault(_)) if self.bytes > 1 => {
                // One line of these it will not have: the others first.
                self.bytes /= 4;
                Ok(Fed { behind: behind.max(1), ..Fed::default() })
            }
            Err(StoreError::Refused(_) | StoreError::Fault(_)) => {
                self.store.write(Durable::Soon, |link| skip(link, node, &place, &pieces))?;
                Ok(Fed { refused: 1, behind: behind.max(1), ..Fed::default() })
            }
            Err(error) => Err(error),
        }
    }

    /// Lines refused since the beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn refused(&self) -> Result<u64> {
        let node = i64::from(self.node);
        self.store.look(|link| Place::of(link, node)).map(|place| place.refused)
    }

    /// Forgets how far files were read that are gone.
    fn forget(&self, place: &Place) -> Result<()> {
        let gone = |file: &&String| !self.spool.has(file);
        let gone: Vec<&String> = place.positions.keys().filter(gone).collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.store.write(Durable::Soon, |link| {
            for file in gone {
                let values = args![i64::from(self.node), file];
                link.execute("DELETE FROM spool WHERE node = $1 AND file = $2", values)?;
            }
            Ok(())
        })
    }
}

/// How far a node's spool is read.
#[derive(Debug, Default)]
struct Place {
    positions: BTreeMap<String, u64>,
    next: i64,
    refused: u64,
}

impl Place {
    fn of(link: &mut Link, node: i64) -> Result<Self> {
        let mut place = Self::default();
        for row in link.query("SELECT file, position FROM spool WHERE node = $1", args![node])? {
            let mut cells = row.cells();
            place.positions.insert(cells.take()?, cells.take()?);
        }
        let count = "SELECT next, refused FROM spool_count WHERE node = $1";
        if let Some(row) = link.first(count, args![node])? {
            let mut cells = row.cells();
            (place.next, place.refused) = (cells.take()?, cells.take()?);
        }
        Ok(place)
    }

    /// Moves on to behind `pieces`; fails when somebody else did meanwhile.
    fn advance(&self, link: &mut Link, node: i64, pieces: &[Piece], fed: (u64, u64)) -> Result<()> {
        let (rows, refused) = fed;
        let busy = || StoreError::Busy("two feed the same spool".to_owned());
        for piece in pieces {
            let moved = if self.positions.contains_key(&piece.file) {
                link.execute(
                    "UPDATE spool SET position = $1 WHERE node = $2 AND file = $3 AND position = $4",
                    args![piece.until, node, &piece.file, piece.from],
                )?
            } else {
                link.execute(
                    "INSERT INTO spool (node, file, position) VALUES ($1, $2, $3)
                     ON CONFLICT (node, file) DO NOTHING",
                    args![node, &piece.file, piece.until],
                )?
            };
            if moved == 0 {
                return Err(busy());
            }
        }
        let next = self.next.saturating_add_unsigned(rows);
        let counted = link.execute(
            "INSERT INTO spool_count (node, next, refused) VALUES ($1, $2, $3)
             ON CONFLICT (node) DO UPDATE SET next = excluded.next,
               refused = spool_count.refused + excluded.refused WHERE spool_count.next = $4",
            args![node, next, refused, self.next],
        )?;
        if counted == 0 { Err(busy()) } else { Ok(()) }
    }
}

fn add(link: &mut Link, node: i64, place: &Place, pieces: &[Piece]) -> Result<Fed> {
    let mut fed = Fed::default();
    let mut id = (node << NODE_SHIFT) + place.next;
    let mut months: BTreeMap<Month, Vec<Vec<Value>>> = BTreeMap::new();
    let mut sums = Sums::default();
    let mut told = events::Telling::new(node);
    for piece in pieces {
        for text in piece.lines() {
            match piece.sort {
                Sort::Cdrs => {
                    match Line::read(text).and_then(|line| Some((Month::of(line.started)?, line))) {
                        Some((month, line)) => {
                            months.entry(month).or_default().push(line.row(id));
                            sums.add(&line);
                            fed.cdrs += 1;
                        }
                        None => fed.refused += 1,
                    }
                }
                Sort::Events => match told.take(link, id, text)? {
                    true => fed.events += 1,
                    false => fed.refused += 1,
                },
            }
            id += 1;
            // Reading is work for milliseconds, and calls may wait for this processor.
            std::thread::yield_now();
        }
    }
    for (month, rows) in months {
        lay(link, month)?;
        link.insert(&format!("INSERT INTO {} ({COLUMNS})", month.table()), "", &rows)?;
    }
    sums.write(link)?;
    told.write(link)?;
    place.advance(link, node, pieces, (fed.cdrs + fed.events + fed.refused, fed.refused))?;
    Ok(fed)
}

/// Passes over one line that the database will not take.
fn skip(link: &mut Link, node: i64, place: &Place, pieces: &[Piece]) -> Result<()> {
    let lines = pieces.iter().map(|piece| piece.lines().count() as u64).sum();
    place.advance(link, node, pieces, (lines, lines))
}
