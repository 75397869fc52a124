//! The way into a demo: a link that works once and opens a session for its one person. It is part of this program only, and
//! is served where nobody but this machine comes.

use crate::error::DemoError;
use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ringfence_api::{Chance, within};
use ringfence_store::{Store, User};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a session of a demo lasts.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3_600);
const USED: &str =
    "This link was used. Press l in the terminal where the demo runs: it shows another one.\n";

/// The machine's chance.
struct Machine;

impl Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        // A secret that can be guessed would be worse than one that is late.
        while getrandom::fill(bytes).is_err() {
            std::thread::yield_now();
        }
    }
}

/// Who everybody is that comes in.
const LOGIN: &str = "demo";

/// Makes the one person of a world that has nobody yet.
///
/// # Errors
/// When the store does not take them.
pub fn make_person(store: &Store) -> ringfence_store::Result<()> {
    within::first_person(store, &Machine, (LOGIN, "Demo"), crate::wall()).map(drop)
}

/// Who may come in.
pub struct Door {
    origin: String,
    tokens: Mutex<HashSet<String>>,
    inside: Mutex<Option<(Store, User)>>,
}

impl Door {
    /// Of the portal at `origin`. Nobody comes in before it is opened.
    #[must_use]
    pub fn new(origin: String) -> Arc<Self> {
        Arc::new(Self { origin, tokens: Mutex::default(), inside: Mutex::default() })
    }

    /// Lets people in as the person of this world.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn open(&self, store: &Store) -> Result<(), DemoError> {
        let user = store.user_by_login(LOGIN)?;
        let inside = user.map(|user| (store.clone(), user));
        *self.inside.lock().unwrap_or_else(PoisonError::into_inner) = inside;
        Ok(())
    }

    /// Nobody comes in any more, and the store is let go.
    pub fn close(&self) {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Where the portal is.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A new link, which works once.
    #[must_use]
    pub fn link(&self) -> String {
        let mut bytes = [0; 16];
        Machine.fill(&mut bytes);
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let link = format!("{}/demo/{token}", self.origin);
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
        link
    }

    /// The pages it is.
    pub fn pages(self: Arc<Self>) -> Router {
        Router::new().route("/demo/{token}", get(enter)).with_state(self)
    }

    /// A session for whoever has a token that was not used.
    fn admit(&self, token: &str, from: IpAddr) -> Option<HeaderValue> {
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (store, user) = inside.filter(|_| known && from.is_loopback())?;
        let times = (crate::wall(), LASTS);
        within::session(&store, &Machine, (&user, from), times).ok().flatten()
    }
}

async fn enter(
    State(door): State<Arc<Door>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
) -> Response {
    let from = from.ip().to_canonical();
    // The store waits for the disk.
    let admitted = tokio::task::spawn_blocking(move || door.admit(&token, from)).await;
    match admitted.ok().flatten() {
        Some(cookie) => {
            let here = HeaderValue::from_static("/");
            let fields = [(header::SET_COOKIE, cookie), (header::LOCATION, here)];
            (StatusCode::SEE_OTHER, fields).into_response()
        }
        None => (StatusCode::GONE, USED).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_store::Place;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_link_works_once_from_here_and_after_the_door_is_open() {
        let door = Door::new("http://localhost:1".to_owned());
        let token = |link: String| link.rsplit('/').next().unwrap().to_owned();
        let early = token(door.link());
        assert!(door.admit(&early, HERE).is_none(), "nothing is there yet");
        let store = Store::open(Place::Memory, crate::wall()).unwrap();
        make_person(&store).unwrap();
        door.open(&store).unwrap();
        assert!(door.admit(&early, HERE).is_none(), "it was used");
        let link = token(door.link());
        assert!(door.admit(&link, IpAddr::from([192, 0, 2, 1])).is_none(), "not from elsewhere");
        let link = token(door.link());
        assert!(door.admit(&link, HERE).is_some());
        assert!(door.admit(&link, HERE).is_none() && door.admit("", HERE).is_none());
        door.close();
        assert!(door.admit(&token(door.link()), HERE).is_none());
    }
}
