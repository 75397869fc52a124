//! Lists are read by pages: at most `limit` items, and a cursor to where the next page begins.
//!
//! A cursor names the last item given, not a count: rows that come or go meanwhile neither repeat nor skip others.

use crate::refusal::Refusal;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Items of a page when the caller does not say.
const LIMIT: u32 = 100;
/// Most items of a page.
const LIMIT_MAX: u32 = 1000;

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let about = "Give this as `after` for the next page; absent on the last one.";
        ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(Ref::from_schema_name(T::name())))
            .property("next", text.description(Some(about)))
            .required("items")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((T::name().into_owned(), T::schema()));
        T::schemas(all);
    }
}

/// How many items, within bounds.
pub fn limit(asked: Option<u32>) -> Result<usize, Refusal> {
    match asked.unwrap_or(LIMIT) {
        0 => Err(Refusal::Malformed("limit is 0; ask for 1 to 1000 items".into())),
        more if more > LIMIT_MAX => {
            Err(Refusal::Malformed(format!("limit is {more}; ask for 1 to {LIMIT_MAX} items")))
        }
        limit => Ok(limit as usize),
    }
}

/// A cursor: a version, and the key of the last item.
#[derive(Serialize, Deserialize)]
struct Cursor<K>(u8, K);

/// The text of a cursor behind `key`.
pub fn cursor<K: Serialize>(key: K) -> String {
    BASE64.encode(serde_json::to_vec(&Cursor(1, key)).unwrap_or_default())
}

/// Reads a cursor that [`cursor`] made.
pub fn after<K: DeserializeOwned>(text: Option<&str>) -> Result<Option<K>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || Refusal::Invalid("after is no cursor of this list; begin without".into());
    let bytes = BASE64.decode(text).map_err(|_| wrong())?;
    match serde_json::from_slice(&bytes) {
        Ok(Cursor(1, key)) => Ok(Some(key)),
        Ok(_) | Err(_) => Err(wrong()),
    }
}

impl<T> Page<T> {
    /// Of `rows`, of which one more than `limit` was asked for; `key` names a row, `show` tells it.
    pub fn of<R, K: Serialize>(
        mut rows: Vec<R>,
        limit: usize,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|row| cursor(key(row))) } else { None };
        Self { items: rows.into_iter().map(show).collect(), next }
    }

    /// Everything on one page.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_meet_without_gap_and_overlap() {
        let all: Vec<u32> = (0..25).collect();
        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let behind: Option<u32> = after(from.as_deref()).unwrap();
            let rows =
                all.iter().copied().filter(|n| behind.is_none_or(|b| *n > b)).take(11).collect();
            let page = Page::of(rows, 10, |n| *n, |n| n);
            assert!(page.items.len() <= 10);
            seen.extend(page.items);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn strange_cursors_and_limits_are_refused() {
        for wrong in ["", "x", "bm9uZQ", &cursor("text")] {
            assert!(after::<u32>(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(1001)).is_err());
        assert_eq!(limit(Some(1000)).unwrap(), 1000);
    }
}
