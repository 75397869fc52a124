//! Whose key a PBX shows. A key that was seen is believed for some seconds without asking the store again: a question
//! costs a hash, and a store that is slow stops no call.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ipnet::IpNet;
use ringfence_model::TenantId;
use ringfence_store::{ApiKey, Store};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The right such a key must have.
const RIGHT: &str = "decide";
/// How long a key is believed, and one that is none is known to be none.
const BELIEVED: Duration = Duration::from_secs(3);
/// How long a key that was right is believed while the store cannot be asked.
const WITHOUT_STORE: Duration = Duration::from_secs(3_600);
/// Keys remembered.
const KEYS_MAX: usize = 10_000;
/// Questions to the store at once; strangers with wrong keys get no more of it.
const LOOKS_MAX: usize = 4;
/// A key that is used is noted so often.
const NOTE_EACH: Duration = Duration::from_secs(60);

/// What a key is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// Whose calls; `None`: everybody's.
    pub tenant: Option<TenantId>,
    nets: Arc<[IpNet]>,
}

/// Why a key is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Unknown {
    /// There is none, or none with the right.
    #[error("show a key with the right \"{RIGHT}\" as X-API-Key")]
    Key,
    /// It is not taken from there.
    #[error("this key is not taken from this address")]
    Address,
    /// The store cannot be asked.
    #[error("the key cannot be looked up now")]
    Store,
}

type Hash = [u8; 32];
type Seen = HashMap<Hash, (Instant, Option<Known>)>;

/// The keys that were shown.
pub(super) struct Keys {
    store: Store,
    seen: Mutex<Seen>,
    looks: Semaphore,
}

impl Keys {
    pub fn new(store: Store) -> Self {
        Self { store, seen: Mutex::default(), looks: Semaphore::new(LOOKS_MAX) }
    }

    /// Whose key this is.
    pub async fn of(&self, headers: &HeaderMap, from: IpAddr) -> Result<Known, Unknown> {
        // What is compared is a hash of the whole secret, so how long that takes tells nothing.
        let hash = shown(headers).map(|key| Sha256::digest(key.as_bytes()).into());
        let hash: Hash = hash.ok_or(Unknown::Key)?;
        let known = match self.remembered(&hash, BELIEVED) {
            Some(known) => known,
            None => self.look(hash).await?,
        };
        let known = known.ok_or(Unknown::Key)?;
        let from = from.to_canonical();
        let admitted = known.nets.is_empty() || known.nets.iter().any(|net| net.contains(&from));
        if admitted { Ok(known) } else { Err(Unknown::Address) }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, hash: &Hash, within: Duration) -> Option<Option<Known>> {
        let seen = self.seen();
        seen.get(hash).filter(|(at, _)| at.elapsed() < within).map(|(_, known)| known.clone())
    }

    async fn look(&self, hash: Hash) -> Result<Option<Known>, Unknown> {
        let Ok(_turn) = self.looks.acquire().await else { return Err(Unknown::Store) };
        // Somebody else may have looked while we waited.
        if let Some(known) = self.remembered(&hash, BELIEVED) {
            return Ok(known);
        }
        let store = self.store.clone();
        let looked = tokio::task::spawn_blocking(move || find(&store, &hash)).await;
        match looked {
            Ok(Ok(known)) => {
                let mut seen = self.seen();
                if seen.len() >= KEYS_MAX {
                    seen.retain(|_, (at, known)| known.is_some() && at.elapsed() < WITHOUT_STORE);
                }
                if seen.len() < KEYS_MAX {
                    seen.insert(hash, (Instant::now(), known.clone()));
                }
                Ok(known)
            }
            _ => self.remembered(&hash, WITHOUT_STORE).ok_or(Unknown::Store),
        }
    }
}

fn find(store: &Store, hash: &Hash) -> ringfence_store::Result<Option<Known>> {
    let now = crate::wall();
    let Some(key) = store.key(hash, now)? else { return Ok(None) };
    if key.used.is_none_or(|used| now - used > NOTE_EACH) {
        store.note_key_used(&key.id, now)?;
    }
    Ok(known(&key))
}

fn known(key: &ApiKey) -> Option<Known> {
    let nets: Option<Vec<IpNet>> = key.nets.iter().map(|net| net.parse().ok()).collect();
    // A net that cannot be read shuts the key out rather than open it.
    let nets = nets?.into();
    let has_right = key.scopes.iter().any(|scope| scope == RIGHT);
    has_right.then(|| Known { tenant: key.tenant.clone(), nets })
}

/// The secret in a request: `X-API-Key`, `Bearer`, or the password of `Basic`; without what keys begin with.
fn shown(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = match text("x-api-key") {
        Some(key) => key.trim().to_owned(),
        None => {
            let (scheme, rest) = text(header::AUTHORIZATION.as_str())?.split_once(' ')?;
            let rest = rest.trim();
            if scheme.eq_ignore_ascii_case("bearer") {
                rest.to_owned()
            } else if scheme.eq_ignore_ascii_case("basic") {
                let pair = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
                pair.split_once(':')?.1.to_owned()
            } else {
                return None;
            }
        }
    };
    key.strip_prefix(ringfence_api::KEY_PREFIX).filter(|key| key.len() <= 64).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::WallTime;
    use ringfence_store::{Act, Place};

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn keys(scopes: &[&str], nets: &[&str]) -> Keys {
        let store = Store::open(Place::Memory, WallTime(1)).unwrap();
        let act = Act {
            who: "anna".into(),
            what: "key.make".into(),
            why: String::new(),
            address: None,
            at: WallTime(1),
        };
        let key = ApiKey {
            id: "k".into(),
            name: "pbx".into(),
            hash: Sha256::digest(SECRET.as_bytes()).into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            tenant: Some("acme".into()),
            nets: nets.iter().map(ToString::to_string).collect(),
            made_by: "anna".into(),
            created: WallTime(1),
            expires: None,
            used: None,
            revoked: None,
        };
        store.make_key(&act, &key).unwrap();
        Keys::new(store)
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_key_is_taken_in_each_way_that_platforms_can_send_one() {
        let keys = keys(&["decide"], &[]);
        let basic = BASE64_STANDARD.encode(format!("pbx:rf_{SECRET}"));
        for (name, value) in [
            ("x-api-key", format!("rf_{SECRET}")),
            ("authorization", format!("Bearer rf_{SECRET}")),
            ("authorization", format!("Basic {basic}")),
        ] {
            let known = keys.of(&headers(name, &value), HERE).await.unwrap();
            assert_eq!(known.tenant, Some("acme".into()), "{value}");
        }
        for (name, value) in [
            ("x-api-key", format!("rf_{SECRET}x")),
            ("x-api-key", SECRET.to_owned()),
            ("x-api-key", "rf_".to_owned()),
            ("authorization", "Basic ?".to_owned()),
            ("authorization", format!("Digest rf_{SECRET}")),
        ] {
            assert_eq!(keys.of(&headers(name, &value), HERE).await, Err(Unknown::Key), "{value}");
        }
        assert_eq!(keys.of(&HeaderMap::new(), HERE).await, Err(Unknown::Key));
    }

    #[tokio::test]
    async fn only_with_the_right_and_from_its_nets() {
        let shown = headers("x-api-key", &format!("rf_{SECRET}"));
        assert_eq!(keys(&["read_calls"], &[]).of(&shown, HERE).await, Err(Unknown::Key));
        let keys = keys(&["decide"], &["192.0.2.0/24"]);
        assert_eq!(keys.of(&shown, HERE).await, Err(Unknown::Address));
        assert!(keys.of(&shown, "::ffff:192.0.2.9".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn strangers_do_not_fill_the_table() {
        let keys = keys(&["decide"], &[]);
        {
            let mut seen = keys.seen();
            for n in 0..KEYS_MAX as u64 {
                let hash: Hash = Sha256::digest(n.to_le_bytes()).into();
                seen.insert(hash, (Instant::now(), None));
            }
        }
        let shown = headers("x-api-key", &format!("rf_{SECRET}"));
        assert!(keys.of(&shown, HERE).await.is_ok());
        assert_eq!(keys.seen().len(), 1);
    }
}
