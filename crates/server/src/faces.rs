//! What operators, monitoring, people and the system talk to.

use crate::adviser::Entrance;
use crate::config::{self, Api, Config};
use crate::control::serve as control;
use crate::error::ServeError;
use crate::running::Running;
use crate::web::Web;
use axum::Router;
use ringfence_edge::{Keys, StartError};
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// What operators and monitoring talk to.
pub(crate) struct Faces {
    pub control: UnixListener,
    pub metrics: Option<TcpListener>,
    api: Option<std::net::TcpListener>,
    pub adviser: Option<Entrance>,
    /// What the API shows, where it is encrypted.
    pub keys: Option<Arc<Keys>>,
    pub hangup: Signal,
    pub terminate: Signal,
    pub interrupt: Signal,
}

fn entrance(adviser: &config::Adviser) -> Result<Entrance, ServeError> {
    let address = adviser.listen;
    let listener = std::net::TcpListener::bind(address)
        .map_err(|source| ServeError::Adviser { address, source })?;
    let keys = adviser.tls.as_ref().map(Keys::load).transpose().map_err(StartError::from)?;
    info!(%address, "answers PBXs");
    Ok(Entrance { listener, settings: adviser.clone(), certificates: keys.map(Arc::new) })
}

impl Faces {
    /// Opens all of them, and begins to hear signals.
    pub async fn open(config: &Config) -> Result<Self, ServeError> {
        let path = &config.control;
        let control = control::open(path)
            .map_err(|source| ServeError::Control { path: path.clone(), source })?;
        let metrics = match config.metrics {
            Some(address) => Some(
                TcpListener::bind(address)
                    .await
                    .map_err(|source| ServeError::Metrics { address, source })?,
            ),
            None => None,
        };
        let bind = |api: &Api| {
            let address = api.listen;
            std::net::TcpListener::bind(address)
                .map_err(|source| ServeError::ApiAddress { address, source })
        };
        let tls = config.api.as_ref().and_then(|api| api.tls.as_ref());
        let keys = tls.map(Keys::load).transpose().map_err(StartError::from)?;
        let listen =
            |kind| signal(kind).map_err(|source| ServeError::System { what: "signals", source });
        Ok(Self {
            control,
            metrics,
            api: config.api.as_ref().map(bind).transpose()?,
            adviser: config.adviser.as_ref().map(entrance).transpose()?,
            keys: keys.map(Arc::new),
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Lets people and their programs in; `pages` are beside the portal's.
    pub fn open_api(
        &mut self,
        running: &Arc<Running>,
        secret: [u8; 32],
        pages: Router,
    ) -> Result<Option<Web>, ServeError> {
        let config = running.config();
        let Some((listener, api)) = self.api.take().zip(config.api.as_ref()) else {
            return Ok(None);
        };
        info!(address = %api.listen, "serves the API");
        Ok(Some(Web::start(listener, api, (secret, pages), Arc::clone(running))?))
    }
}
