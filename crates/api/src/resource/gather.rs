//! One list of the things of several tenants.

use crate::caller::Whose;
use crate::refusal::Refusal;
use ringfence_model::TenantId;
use std::cmp::Reverse;

/// Most tenants that are asked one by one; a reseller with more names one.
const TENANTS_MAX: usize = 200;

/// The newest `limit` and one more of what `ask` finds for each of `whose`; `key` is the order, newest the largest.
pub fn newest<R, K: Ord>(
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
