//! What every request shares: the store, the node, clock and chance, and the tables that live as long as the program.

use crate::access;
use crate::approve::links::Links;
use crate::backtests::Backtests;
use crate::desk::Desk;
use crate::fetch::Oidc;
use crate::node::Node;
use crate::people::oidc::Provider;
use crate::people::pace::Pace;
use crate::people::password::Passwords;
use crate::refusal::Refusal;
use crate::resource::events::Listeners;
use crate::secret::{Chance, Seal, Token};
use crate::watch::Watch;
use ipnet::IpNet;
use ringfence_model::{Money, WallTime};
use ringfence_store::Store;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

/// The clock: the system's in the program, a virtual one in tests.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> WallTime;
}

/// What the API is made of.
pub struct State {
    /// What people made, see and search.
    pub store: Store,
    /// What only the running node knows.
    pub node: Arc<dyn Node>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// Settings of the boot file.
    pub settings: Settings,
}

/// What the boot file says of the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where browsers find it, such as `https://fw.example.org`. `http` only for a loopback host.
    pub public_url: String,
    /// Who may connect at all; empty for everybody.
    pub allow: Vec<IpNet>,
    /// 32 bytes that stay with the data folder; they seal second factors and kept answers in the store.
    pub secret: [u8; 32],
    /// A session ends when nothing was asked for this long.
    pub session_idle: Duration,
    /// A session ends after this long in any case.
    pub session_life: Duration,
    /// Raising a limit above this needs a second person.
    pub two_person_above: Money,
    /// Where there is no second person, a grave act takes effect after this long.
    pub alone_delay: Duration,
    /// Where people may also log in; none unless set.
    pub oidc: Option<Oidc>,
    /// Who is told of every request; nobody unless set.
    pub watch: Option<Arc<dyn Watch>>,
}

impl Settings {
    /// With the defaults: 30 minutes idle, 12 hours in all, EUR 500, 24 hours.
    #[must_use]
    pub const fn new(public_url: String, secret: [u8; 32]) -> Self {
        Self {
            public_url,
            allow: Vec::new(),
            secret,
            session_idle: Duration::from_secs(30 * 60),
            session_life: Duration::from_secs(12 * 3600),
            two_person_above: Money::units(500),
            alone_delay: Duration::from_secs(24 * 3600),
            oidc: None,
            watch: None,
        }
    }
}

/// Why the API cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The public URL is not one browsers could use.
    #[error("api.public_url {0:?}: {1}")]
    PublicUrl(String, String),
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] ringfence_store::StoreError),
}

/// The API, ready to answer. See [`crate::router`].
pub struct App {
    state: State,
    desk: Desk,
    seal: Seal,
    links: Links,
    webauthn: Webauthn,
    /// Scheme, host and port of the portal.
    origin: String,
    tls: bool,
    pub(crate) pace: Pace,
    pub(crate) passwords: Passwords,
    pub(crate) listeners: Listeners,
    pub(crate) backtests: Backtests,
    pub(crate) oidc: Provider,
    /// Hash of the one-time token for setting up the first person.
    pub(crate) setup: Mutex<Option<([u8; 32], WallTime)>>,
}

impl App {
    /// Of its parts.
    ///
    /// # Errors
    /// When the public URL is none.
    pub fn new(state: State) -> Result<Arc<Self>, StartError> {
        let Site { webauthn, origin, tls } = Site::of(&state.settings.public_url)?;
        Ok(Arc::new(Self {
            desk: Desk::for_store(),
            seal: Seal::new(&state.settings.secret),
            links: Links::new(&state.settings.secret),
            webauthn,
            origin,
            tls,
            pace: Pace::default(),
            passwords: Passwords::new(&*state.chance),
            listeners: Listeners::default(),
            backtests: Backtests::default(),
            oidc: Provider::default(),
            setup: Mutex::default(),
            state,
        }))
    }

    pub(crate) fn now(&self) -> WallTime {
        self.state.clock.now()
    }

    pub(crate) fn chance(&self) -> &dyn Chance {
        &*self.state.chance
    }

    pub(crate) fn node(&self) -> &dyn Node {
        &*self.state.node
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// Makes and reads links for contacts.
    pub(crate) const fn links(&self) -> &Links {
        &self.links
    }

    pub(crate) const fn seal(&self) -> &Seal {
        &self.seal
    }

    pub(crate) const fn webauthn(&self) -> &Webauthn {
        &self.webauthn
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether browsers reach it over TLS.
    pub(crate) const fn tls(&self) -> bool {
        self.tls
    }

    /// Whether this address may connect at all.
    pub(crate) fn admits(&self, from: IpAddr) -> bool {
        access::admits(&self.state.settings.allow, from)
    }

    /// Asks the store, on a thread that may wait.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Store) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store = self.state.store.clone();
        self.desk.work(move || job(&store)).await
    }

    /// A new one-time token with which the first person is set up; earlier ones are void. `None` when there are people.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn setup_link(&self) -> Result<Option<String>, StartError> {
        if !self.state.store.users(None, 1)?.is_empty() {
            return Ok(None);
        }
        let token = Token::of(crate::secret::draw(self.chance()));
        let until = self.now() + SETUP_LIFE;
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.hash(), until));
        Ok(Some(format!("{}/setup#{}", self.origin, token.as_str())))
    }
}

/// Whether browsers could use this as `public_url`.
///
/// # Errors
/// Why not.
pub fn check_public_url(url: &str) -> Result<(), StartError> {
    Site::of(url).map(drop)
}

/// What follows from the public URL.
struct Site {
    webauthn: Webauthn,
    origin: String,
    tls: bool,
}

impl Site {
    fn of(given: &str) -> Result<Self, StartError> {
        let wrong = |why: &str| StartError::PublicUrl(given.to_owned(), why.to_owned());
        let url = Url::parse(given).map_err(|error| wrong(&error.to_string()))?;
        let host = url.host_str().ok_or_else(|| wrong("it names no host"))?;
        let tls = url.scheme() == "https";
        let tried_out = url.scheme() == "http" && is_loopback(host);
        if !tls && !tried_out {
            return Err(wrong("write https://, or http:// with localhost to try it out"));
        }
        let webauthn = WebauthnBuilder::new(host, &url)
            .and_then(|builder| builder.rp_name("Ringfence").build())
            .map_err(|error| wrong(&error.to_string()))?;
        Ok(Self { webauthn, origin: url.origin().ascii_serialization(), tls })
    }
}

/// How long a setup link works.
const SETUP_LIFE: Duration = Duration::from_secs(24 * 3600);

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
