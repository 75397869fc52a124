//! What operators, monitoring, people and the system talk to.

use crate::adviser::Entrance;
use crate::config::{self, Api, Config};
use crate::control::serve as control;
use crate::error::ServeError;
use crate::overheard::{self, Ear};
use crate::running::Running;
use crate::web::Web;
use axum::Router;
use ringfence_edge::{Keys, StartError, Tls, TlsError};
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// What is shown where people and PBXs come in over TLS; read anew with the settings.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub api: Option<Arc<Keys>>,
    pub adviser: Option<Arc<Keys>>,
}

impl Shown {
    fn load(config: &Config) -> Result<Self, StartError> {
        let load = |tls: Option<&Tls>| tls.map(Keys::load).transpose();
        Ok(Self {
            api: load(api_tls(config))?.map(Arc::new),
            adviser: load(adviser_tls(config))?.map(Arc::new),
        })
    }

    /// Reads everything again that is shown.
    ///
    /// # Errors
    /// What does not work; that stays as it was.
    pub fn reload(&self, new: &Config) -> Result<(), TlsError> {
        let shown = [(&self.api, api_tls(new)), (&self.adviser, adviser_tls(new))];
        shown.into_iter().try_for_each(|(keys, tls)| match (keys, tls) {
            (Some(keys), Some(tls)) => keys.reload(tls),
            _ => Ok(()),
        })
    }
}

fn api_tls(config: &Config) -> Option<&Tls> {
    config.api.as_ref().and_then(|api| api.tls.as_ref())
}

fn adviser_tls(config: &Config) -> Option<&Tls> {
    config.adviser.as_ref().and_then(|adviser| adviser.tls.as_ref())
}

/// What operators and monitoring talk to.
pub(crate) struct Faces {
    pub control: UnixListener,
    pub metrics: Option<TcpListener>,
    api: Option<std::net::TcpListener>,
    pub adviser: Option<Entrance>,
    /// What PBXs let us see, and where.
    pub ears: Vec<Ear>,
    pub shown: Shown,
    pub hangup: Signal,
    pub terminate: Signal,
    pub interrupt: Signal,
}

fn entrance(
    adviser: &config::Adviser,
    certificates: Option<Arc<Keys>>,
) -> Result<Entrance, ServeError> {
    let address = adviser.listen;
    let listener = std::net::TcpListener::bind(address)
        .map_err(|source| ServeError::Adviser { address, source })?;
    info!(%address, "answers PBXs");
    Ok(Entrance { listener, settings: adviser.clone(), certificates })
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
        let shown = Shown::load(config)?;
        let entrance = |adviser| entrance(adviser, shown.adviser.clone());
        let listen =
            |kind| signal(kind).map_err(|source| ServeError::System { what: "signals", source });
        Ok(Self {
            control,
            metrics,
            api: config.api.as_ref().map(bind).transpose()?,
            adviser: config.adviser.as_ref().map(entrance).transpose()?,
            ears: overheard::open(config)?,
            shown,
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
