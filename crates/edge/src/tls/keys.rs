//! The keys and trust in force, replaced without touching connections that stand.

use arc_swap::ArcSwap;
use ringfence_model::WallTime;
use rustls::RootCertStore;
use rustls::client::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ProducesTickets, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificate;
use super::client::Hosts;
use super::error::TlsError;
use super::server::Visitors;
use crate::clock;

/// Configurations kept for peers we connect to; beyond it they are made anew, and sessions with them are not resumed.
const CONNECTORS_MAX: usize = 1_024;

/// Where keys and trust are: PEM files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// Our certificate with those between it and its authority, and its key; shown to whoever connects, and to peers
    /// that ask for it when we connect. Needed to listen.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Authorities of certificates that peers who connect may show. Without any, none is asked for.
    pub visitors: Vec<PathBuf>,
    /// Authorities of peers we connect to, instead of the public ones.
    pub hosts: Vec<PathBuf>,
}

impl Tls {
    /// Reads everything as a start would; gives when our certificate ends.
    ///
    /// # Errors
    /// What does not work.
    pub fn check(&self) -> Result<Option<WallTime>, TlsError> {
        Keys::load(self).map(|keys| keys.expires())
    }

    /// The SIP domains our certificate stands for (RFC 5922 §7.1); none without one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn names(&self) -> Result<Vec<String>, TlsError> {
        let Some((chain, _)) = &self.identity else { return Ok(Vec::new()) };
        certificates(chain).map(|chain| certificate::names_shown(Some(&chain)))
    }
}

/// The keys and trust in force.
pub struct Keys {
    /// One for all reloads, so that they end no session.
    tickets: Arc<dyn ProducesTickets>,
    now: ArcSwap<InForce>,
}

struct InForce {
    server: Option<Arc<ServerConfig>>,
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    expires: Option<WallTime>,
    connectors: Mutex<HashMap<Vec<ServerName<'static>>, TlsConnector>>,
}

impl Keys {
    /// Reads everything.
    ///
    /// # Errors
    /// What does not work.
    pub fn load(tls: &Tls) -> Result<Self, TlsError> {
        let tickets = ring::Ticketer::new().map_err(setup)?;
        let now = InForce::load(tls, &tickets)?;
        Ok(Self { tickets, now: ArcSwap::from_pointee(now) })
    }

    /// Reads everything again.
    ///
    /// # Errors
    /// What does not work; all stays as it was.
    pub fn reload(&self, tls: &Tls) -> Result<(), TlsError> {
        self.now.store(Arc::new(InForce::load(tls, &self.tickets)?));
        Ok(())
    }

    /// For a connection that came; `None` without an identity.
    #[must_use]
    pub fn acceptor(&self) -> Option<TlsAcceptor> {
        self.now.load().server.clone().map(TlsAcceptor::from)
    }

    /// For a connection to a peer that must be all of these; `None` when nobody is expected there.
    #[must_use]
    pub fn connector(&self, names: &[ServerName<'static>]) -> Option<TlsConnector> {
        if names.is_empty() { None } else { self.now.load().connector(names).ok() }
    }

    /// When our certificate ends.
    #[must_use]
    pub fn expires(&self) -> Option<WallTime> {
        self.now.load().expires
    }
}

impl InForce {
    fn load(tls: &Tls, tickets: &Arc<dyn ProducesTickets>) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let roots = match tls.hosts.as_slice() {
            [] => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            own => authorities(own)?,
        };
        let mut new = Self {
            server: None,
            provider,
            roots: Arc::new(roots),
            identity: None,
            expires: None,
            connectors: Mutex::default(),
        };
        if let Some((chain, key)) = &tls.identity {
            let (certificates, secret, expires) = identity(chain, key, &new.provider)?;
            new.server = Some(Arc::new(new.server_config(
                tls,
                certificates.clone(),
                secret.clone_key(),
                tickets,
            )?));
            new.identity = Some((certificates, secret));
            new.expires = Some(expires);
        }
        Ok(new)
    }

    fn server_config(
        &self,
        tls: &Tls,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        tickets: &Arc<dyn ProducesTickets>,
    ) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(setup)?;
        let builder = if tls.visitors.is_empty() {
            builder.with_no_client_auth()
        } else {
            let roots = Arc::new(authorities(&tls.visitors)?);
            let visitors = Visitors::of(roots, Arc::clone(&self.provider)).map_err(setup)?;
            builder.with_client_cert_verifier(visitors)
        };
        let mut config = builder.with_single_cert(chain, key).map_err(setup)?;
        config.ticketer = Arc::clone(tickets);
        Ok(config)
    }

    fn connector(&self, names: &[ServerName<'static>]) -> Result<TlsConnector, TlsError> {
        let mut kept = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = kept.get(names) {
            return Ok(connector.clone());
        }
        // Kept, because sessions are resumed only with the very same configuration.
        let connector = TlsConnector::from(Arc::new(self.client_config(names)?));
        if kept.len() < CONNECTORS_MAX {
            kept.insert(names.to_vec(), connector.clone());
        }
        Ok(connector)
    }

    fn client_config(&self, names: &[ServerName<'static>]) -> Result<ClientConfig, TlsError> {
        let hosts = Hosts {
            provider: Arc::clone(&self.provider),
            roots: Arc::clone(&self.roots),
            names: names.to_vec(),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(setup)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(hosts));
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(setup)
            }
        }
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, WallTime);

fn identity(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<Identity, TlsError> {
    let certificates = certificates(chain)?;
    let first = certificates.first().ok_or_else(|| no_certificate(chain))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let path = || chain.to_path_buf();
    let (from, until) = certificate::validity(first).ok_or_else(|| TlsError::Unusable {
        path: path(),
        reason: "it is not in the form of X.509".into(),
    })?;
    let now = clock::wall();
    if now > until {
        return Err(TlsError::Expired { path: path(), at: until });
    }
    if now < from {
        return Err(TlsError::TooEarly { path: path(), at: from });
    }
    match CertifiedKey::from_der(certificates.clone(), secret.clone_key(), provider) {
        Ok(_) => Ok((certificates, secret, until)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::OtherKey { key: key.to_path_buf(), chain: path() })
        }
        Err(error) => Err(TlsError::Unusable { path: path(), reason: error.to_string() }),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(path, &error))?;
    if found.is_empty() { Err(no_certificate(path)) } else { Ok(found) }
}

fn authorities(paths: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for path in paths {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| TlsError::Unusable {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        }
    }
    Ok(roots)
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> TlsError {
    TlsError::Unreadable { path: path.to_path_buf(), reason: error.to_string() }
}

fn no_certificate(path: &Path) -> TlsError {
    TlsError::NoCertificate { path: path.to_path_buf() }
}

fn setup(error: rustls::Error) -> TlsError {
    TlsError::Setup(error.to_string())
}
