//! How long things are kept: raw records for a while, then without whole numbers, then only their sums. What a case
//! holds is kept until it lets go.

use crate::cdr::{COLUMNS, Month, WHOLE};
use crate::link::{Durable, Link};
use crate::value::{Row, Value, args};
use crate::{Result, Store};
use hmac::{Hmac, KeyInit, Mac};
use ringfence_model::WallTime;
use sha2::Sha256;
use std::time::Duration;

const DAY: u64 = 86_400;
/// A case holds the records of its tenant from so long before it began until so long after it last was active.
const BEFORE: Duration = Duration::from_secs(7 * DAY);
const AFTER: Duration = Duration::from_secs(DAY);
/// Rows changed in one transaction, so that nobody waits long for the next.
const SLICE: i64 = 5_000;
/// Digits of a number that are replaced. What is left names a place or an operator, and nobody.
const PERSONAL: usize = 6;

/// How long things are kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Days that a month's records are kept as they are, from its end.
    pub raw_days: u32,
    /// Days that they are kept after that with pseudonyms for numbers; 0: they go at once. Sums stay.
    pub pseudonymous_days: u32,
    /// Days that events are kept, and rate decks that no setting has any more.
    pub event_days: u32,
    /// What pseudonyms are made with. As long as it is the same, so are they; who has it can guess numbers from them.
    pub key: [u8; 32],
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retained {
    /// Months whose records went.
    pub months: u64,
    /// Records that got pseudonyms.
    pub pseudonyms: u64,
    /// Events that went.
    pub events: u64,
    /// Records that a case holds and that were taken out of their month.
    pub held: u64,
    /// Records that were let go.
    pub released: u64,
}

impl Retained {
    /// Whether there is nothing left to do for now.
    #[must_use]
    pub fn is_done(&self) -> bool {
        *self == Self::default()
    }
}

impl Store {
    /// Does some of what is due at `now`. Call it again until [`Retained::is_done`].
    ///
    /// # Errors
    /// When it cannot be read or written; what was done stays done.
    pub fn retain(&self, now: WallTime, retention: &Retention) -> Result<Retained> {
        let days = |count: u32| Duration::from_secs(u64::from(count) * DAY);
        let raw = now - days(retention.raw_days);
        let gone = raw - days(retention.pseudonymous_days);
        let mut done = Retained::default();
        for (month, mark) in self.look(months)? {
            if month.end() > raw || (mark == WHOLE && month.end() > gone) {
                continue;
            }
            self.write(Durable::Now, |link| {
                done.held += hold(link, month)?;
                if month.end() <= gone {
                    done.months += 1;
                    return drop_month(link, month);
                }
                done.pseudonyms += hide(link, month, mark, &retention.key)?;
                Ok(())
            })?;
        }
        let old = now - days(retention.event_days);
        self.write(Durable::Now, |link| {
            done.events = link.execute(
                "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < $1 AND
                   (case_id IS NULL OR case_id NOT IN (SELECT id FROM fraud_case WHERE held = 1))
                 ORDER BY at LIMIT $2)",
                args![old, SLICE],
            )?;
            done.released = release(link)?;
            crate::attachments::let_go(link, old)?;
            link.execute("DELETE FROM notice WHERE made < $1 AND state <> 'waiting'", args![old])?;
            link.execute("DELETE FROM approval WHERE made < $1", args![old])?;
            link.execute("DELETE FROM session WHERE expires <= $1", args![now])?;
            link.execute("DELETE FROM once WHERE expires <= $1", args![now]).map(drop)
        })?;
        Ok(done)
    }
}

/// Months, oldest first, and up to which row they have pseudonyms.
fn months(link: &mut Link) -> Result<Vec<(Month, i64)>> {
    let rows = link.query("SELECT month, pseudonymous FROM cdr_month ORDER BY month", &[])?;
    let month = |row: Row| {
        let mut cells = row.cells();
        Ok((Month::from_number(cells.take()?), cells.take()?))
    };
    rows.into_iter().map(month).collect()
}

/// Takes out of a month what cases hold.
fn hold(link: &mut Link, month: Month) -> Result<u64> {
    let table = month.table();
    let cases = link.query("SELECT tenant, opened, active FROM fraud_case WHERE held = 1", &[])?;
    let mut count = 0;
    for row in cases {
        let mut cells = row.cells();
        let (tenant, opened, active): (String, WallTime, WallTime) =
            (cells.take()?, cells.take()?, cells.take()?);
        let values = args![tenant, opened - BEFORE, active + AFTER];
        let which = "WHERE tenant = $1 AND started >= $2 AND started < $3";
        link.execute(
            &format!(
                "INSERT INTO cdr_held ({COLUMNS}) SELECT {COLUMNS} FROM {table} {which}
                 ON CONFLICT (id) DO NOTHING"
            ),
            values,
        )?;
        count += link.execute(&format!("DELETE FROM {table} {which}"), values)?;
    }
    Ok(count)
}

/// Lets go of what no case holds any more.
fn release(link: &mut Link) -> Result<u64> {
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    link.execute(
        "DELETE FROM cdr_held WHERE NOT EXISTS (SELECT 1 FROM fraud_case WHERE held = 1
           AND fraud_case.tenant = cdr_held.tenant
           AND cdr_held.started >= fraud_case.opened - $1
           AND cdr_held.started < fraud_case.active + $2)",
        args![micros(BEFORE), micros(AFTER)],
    )
}

fn drop_month(link: &mut Link, month: Month) -> Result<()> {
    link.lock_schema()?;
    link.batch(&format!("DROP TABLE IF EXISTS {}", month.table()))?;
    link.execute("DELETE FROM cdr_month WHERE month = $1", args![month.number()]).map(drop)
}

/// Gives pseudonyms to the next rows after `mark`.
fn hide(link: &mut Link, month: Month, mark: i64, key: &[u8; 32]) -> Result<u64> {
    let table = month.table();
    let rows = link.query(
        &format!(
            "SELECT id, a_number, b_number, dialled FROM {table} WHERE id > $1
             ORDER BY id LIMIT $2"
        ),
        args![mark, SLICE],
    )?;
    let (mut last, mut count) = (WHOLE, 0);
    for row in rows {
        let mut cells = row.cells();
        let id: i64 = cells.take()?;
        let (a, b, dialled): (String, Option<String>, String) =
            (cells.take()?, cells.take()?, cells.take()?);
        let b = b.map(|number| pseudonym(key, &number));
        link.execute(
            &format!(
                "UPDATE {table} SET a_number = $1, b_number = $2, dialled = $3, call_id = NULL,
                   call_hash = NULL, more = NULL WHERE id = $4"
            ),
            args![pseudonym(key, &a), b, pseudonym(key, &dialled), id],
        )?;
        (last, count) = (id, count + 1);
    }
    let sql = "UPDATE cdr_month SET pseudonymous = $1 WHERE month = $2";
    link.execute(sql, &[Value::Int(last), month.number().into()])?;
    Ok(count)
}

/// The beginning of a number and a mark that is the same wherever the number is: `+312012x5fe1a09c`. Short numbers are
/// services.
fn pseudonym(key: &[u8; 32], number: &str) -> String {
    let count = number.chars().count();
    // One that is a pseudonym stays it.
    let mark = number.rsplit_once('x').map_or("", |(_, mark)| mark);
    let is_one = mark.len() == 8 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
    if count <= PERSONAL || is_one {
        return number.to_owned();
    }
    let kept: String = number.chars().take(count - PERSONAL).collect();
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return kept };
    let mark = mac.chain_update(number.as_bytes()).finalize().into_bytes();
    format!("{kept}x{}", crate::settings::hex(mark.get(..4).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_keeps_the_place_and_hides_the_person() {
        let of = |number| pseudonym(&[7; 32], number);
        let one = of("+31201234567");
        assert!(one.starts_with("+31201x") && one.len() == 15, "{one}");
        assert_eq!(one, of("+31201234567"));
        assert_ne!(one, of("+31201234568"));
        assert_ne!(one, pseudonym(&[8; 32], "+31201234567"));
        assert_eq!(of(&one), one);
        assert_eq!((of("1850").as_str(), of("").as_str()), ("1850", ""));
    }
}
