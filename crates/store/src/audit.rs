//! Who did what: a chain in which each row's hash covers the one before, so that no row can be changed, dropped or
//! slipped in unseen.
//!
//! A change and its row are one transaction: whatever changes settings, people, keys, blocks or cases takes an [`Act`].

use crate::link::Link;
use crate::sql::Query;
use crate::value::{Row, Value, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{TenantId, WallTime};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Somebody does something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// Who: a login, `key:<id>` for an API key, `ringfence` for ourselves.
    pub who: String,
    /// What, as noun and verb: `trunk.change`, `block.lift`.
    pub what: String,
    /// The reason given; empty where none was asked.
    pub why: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// When.
    pub at: WallTime,
}

/// What an act was about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Whose it is; `None` for the platform's own.
    pub tenant: Option<&'a TenantId>,
    /// The thing: `trunk office/kpn`, `person ada`.
    pub subject: &'a str,
    /// As it was; `None` when it was not there.
    pub before: Option<&'a Json>,
    /// As it is; `None` when it is gone.
    pub after: Option<&'a Json>,
}

/// A row of the chain.
#[derive(Clone, PartialEq, Debug)]
pub struct Audited {
    /// Its place, from 1.
    pub seq: i64,
    /// Who, what, why, from where and when.
    pub act: Act,
    /// Whose it is; `None` for the platform's own.
    pub tenant: Option<TenantId>,
    /// The thing.
    pub subject: String,
    /// As it was.
    pub before: Option<Json>,
    /// As it became.
    pub after: Option<Json>,
    /// The hash of this row and, by the one in it, of all before.
    pub hash: [u8; 32],
}

/// Which rows are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct AuditFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// About this thing.
    pub subject: Option<String>,
    /// By this one.
    pub who: Option<String>,
    /// An act of this name.
    pub what: Option<String>,
    /// Not before.
    pub from: Option<WallTime>,
    /// Before.
    pub until: Option<WallTime>,
    /// Below this place: the last one of the page before.
    pub below: Option<i64>,
}

/// What checking the chain found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chain {
    /// Every row follows from the one before.
    Whole {
        /// How many.
        rows: i64,
        /// The hash of the last: written down elsewhere, it proves later that nothing before it changed.
        head: [u8; 32],
    },
    /// It does not hold from here on.
    Broken {
        /// The first row that is wrong or missing.
        seq: i64,
        /// How.
        how: String,
    },
}

impl Store {
    /// Puts an act on record that changes nothing here: a login, an export, an order to running calls.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, act: &Act, about: About<'_>) -> Result<i64> {
        self.change(|link| append(link, act, about))
    }

    /// Rows, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn audit(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<Audited>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND subject = ?", filter.subject.as_ref());
        query.add_some("AND who = ?", filter.who.as_ref());
        query.add_some("AND what = ?", filter.what.as_ref());
        query.add_some("AND at >= ?", filter.from);
        query.add_some("AND at < ?", filter.until);
        query.add_some("AND seq < ?", filter.below);
        query.add("ORDER BY seq DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(|row| Raw::of(row)?.audited()).collect()
    }

    /// Checks the whole chain.
    ///
    /// # Errors
    /// When it cannot be read; a chain that does not hold is an answer, not an error.
    pub fn verify_audit(&self) -> Result<Chain> {
        self.look_still(|link| {
            let (mut last, mut hash, mut broken) = (0, [0; 32], None);
            link.each(&format!("{SELECT} ORDER BY seq"), &[], |row| {
                if broken.is_some() {
                    return Ok(());
                }
                let raw = Raw::of(row)?;
                if raw.seq != last + 1 {
                    broken = Some((last + 1, "it is missing".to_owned()));
                } else if raw.digest(&hash) != raw.hash {
                    broken = Some((raw.seq, "it, or one before it, was changed".to_owned()));
                }
                (last, hash) = (raw.seq, raw.hash);
                Ok(())
            })?;
            if let Some((seq, how)) = broken {
                return Ok(Chain::Broken { seq, how });
            }
            match head(link)? {
                (seq, of) if (seq, of) == (last, hash) => {
                    Ok(Chain::Whole { rows: last, head: hash })
                }
                (seq, _) if seq > last => {
                    Ok(Chain::Broken { seq: last + 1, how: "the end is cut off".to_owned() })
                }
                _ => Ok(Chain::Broken { seq: last, how: "it is not the last one made".to_owned() }),
            }
        })
    }
}

const SELECT: &str =
    "SELECT seq, at, who, what, why, address, tenant, subject, before, after, hash FROM audit";

fn head(link: &mut Link) -> Result<(i64, [u8; 32])> {
    let row = link.first("SELECT seq, hash FROM audit_head WHERE one = 1", &[])?;
    let Some(row) = row else { return Ok((0, [0; 32])) };
    let mut cells = row.cells();
    Ok((cells.take()?, cells.take()?))
}

/// Adds a row, in the transaction of what it tells of.
pub(crate) fn append(link: &mut Link, act: &Act, about: About<'_>) -> Result<i64> {
    // Counting up first makes others wait for us (PostgreSQL), so that the hash is that of the last row.
    let counted = link.first(
        "INSERT INTO audit_head (one, seq, hash) VALUES (1, 1, $1)
         ON CONFLICT (one) DO UPDATE SET seq = audit_head.seq + 1 RETURNING seq, hash",
        args![[0u8; 32]],
    )?;
    let mut cells = counted.ok_or_else(|| StoreError::Fault("RETURNING".into()))?.cells();
    let (seq, previous): (i64, [u8; 32]) = (cells.take()?, cells.take()?);
    let mut raw = Raw {
        seq,
        at: act.at.0,
        words: [&act.who, &act.what, &act.why].map(|text| stored(text)),
        address: act.address.map(|address| address.to_string()),
        tenant: about.tenant.map_or_else(String::new, |tenant| stored(tenant.as_str())),
        subject: stored(about.subject),
        before: about.before.map(ToString::to_string),
        after: about.after.map(ToString::to_string),
        hash: [0; 32],
    };
    raw.hash = raw.digest(&previous);
    link.execute("UPDATE audit_head SET hash = $1 WHERE one = 1", args![raw.hash])?;
    let [who, what, why] = raw.words;
    let row = args![
        raw.seq,
        raw.at,
        who,
        what,
        why,
        raw.address,
        raw.tenant,
        raw.subject,
        raw.before,
        raw.after,
        raw.hash
    ];
    link.insert(
        "INSERT INTO audit (seq, at, who, what, why, address, tenant, subject, before, after, hash)",
        "",
        &[row.to_vec()],
    )?;
    Ok(seq)
}

/// PostgreSQL's texts have no zero byte; what is hashed must be what is stored.
fn stored(text: &str) -> String {
    text.replace('\0', "")
}

/// A row as it is stored.
struct Raw {
    seq: i64,
    at: i64,
    words: [String; 3],
    address: Option<String>,
    tenant: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    hash: [u8; 32],
}

impl Raw {
    fn of(row: Row) -> Result<Self> {
        let mut cells = row.cells();
        Ok(Self {
            seq: cells.take()?,
            at: cells.take()?,
            words: [cells.take()?, cells.take()?, cells.take()?],
            address: cells.take()?,
            tenant: cells.take()?,
            subject: cells.take()?,
            before: cells.take()?,
            after: cells.take()?,
            hash: cells.take()?,
        })
    }

    /// SHA-256 over the previous hash, then each value with its length, so that no two rows read the same.
    fn digest(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        let [who, what, why] = &self.words;
        let given = [who, what, why, &self.tenant, &self.subject].map(Some);
        let open = [&self.address, &self.before, &self.after].map(Option::as_ref);
        for value in given.into_iter().chain(open) {
            // No text is that long.
            let length = value.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(value.map_or("", String::as_str));
        }
        hash.finalize().into()
    }

    fn audited(self) -> Result<Audited> {
        let json = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
        let [who, what, why] = self.words;
        let address: Option<IpAddr> = match self.address {
            Some(text) => crate::value::Column::of(Value::Text(text))?,
            None => None,
        };
        let act = Act { who, what, why, address, at: WallTime(self.at) };
        Ok(Audited {
            seq: self.seq,
            act,
            tenant: (!self.tenant.is_empty()).then(|| TenantId::new(&self.tenant)),
            subject: self.subject,
            before: json(self.before)?,
            after: json(self.after)?,
            hash: self.hash,
        })
    }
}
