//! One list of the things of several tenants.

use crate::caller::Whose;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use ringfence_model::TenantId;
use ringfence_store::{Store, StoreError};
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;

/// Most tenants that are asked one by one; a reseller with more names one.
const TENANTS_MAX: usize = 200;

/// A page of what the caller may see with a permission, of one tenant when one is named: what `find` gives for each
/// tenant, newest first. `key` is the order and names a row, `show` tells it.
pub async fn page<Q: Send + 'static, R: Send + 'static, K: Ord + Serialize, V>(
    ask: Ask<Nothing, Q>,
    (permission, tenant): (Permission, Option<TenantId>),
    limit: usize,
    find: impl Fn(&Store, &Q, Option<TenantId>, u32) -> Result<Vec<R>, StoreError> + Send + 'static,
    key: impl Fn(&R) -> K + Copy + Send + 'static,
    show: impl FnMut(R) -> V,
) -> Outcome<Page<V>> {
    let app = Arc::clone(&ask.app);
    let rows = app
        .work(move |store| {
            let whose = ask.caller.whose(store, permission, tenant.as_ref())?;
            let rows = |tenant, wanted| Ok(find(store, &ask.query, tenant, wanted)?);
            newest(&whose, limit, rows, key)
        })
        .await?;
    Ok(Reply::new(Page::of(rows, limit, key, show)))
}

/// The newest `limit` and one more of what `ask` finds for each of `whose`; `key` is the order, newest the largest.
fn newest<R, K: Ord>(
    whose: &Whose,
    limit: usize,
    ask: impl Fn(Option<TenantId>, u32) -> Result<Vec<R>, Refusal>,
    key: impl Fn(&R) -> K,
) -> Result<Vec<R>, Refusal> {
    let wanted = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    match whose {
        Whose::All => ask(None, wanted),
        Whose::These(tenants) => {
            if tenants.len() > TENANTS_MAX {
                let what = format!("{} tenants are yours: say which, with tenant=", tenants.len());
                return Err(Refusal::Invalid(what));
            }
            let mut all = Vec::new();
            for tenant in tenants {
                all.extend(ask(Some(tenant.clone()), wanted)?);
                all.sort_by_key(|row| Reverse(key(row)));
                all.truncate(limit + 1);
            }
            Ok(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_merged_in_order_and_cut() {
        let rows = |tenant: Option<TenantId>, wanted: u32| {
            let rows: &[u32] = match tenant.as_ref().map(TenantId::as_str) {
                Some("a") => &[9, 5, 1],
                Some("b") => &[8, 7],
                None => &[9, 8, 7, 6, 5, 1],
                _ => &[],
            };
            Ok(rows.iter().copied().take(wanted as usize).collect())
        };
        let these = Whose::These(vec!["a".into(), "b".into(), "c".into()]);
        assert_eq!(newest(&these, 3, rows, |n| *n).unwrap(), [9, 8, 7, 5]);
        assert_eq!(newest(&Whose::All, 2, rows, |n| *n).unwrap(), [9, 8, 7]);
        assert_eq!(newest(&Whose::These(vec![]), 2, rows, |n| *n).unwrap(), [0; 0]);
        let many = Whose::These(vec!["a".into(); TENANTS_MAX + 1]);
        assert!(newest(&many, 2, rows, |n| *n).is_err());
    }
}
