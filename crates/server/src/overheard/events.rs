//! Events of Asterisk's manager interface.

use super::{Out, PAUSE, PAUSE_MAX};
use crate::ami::Manager;
use crate::config;
use ringfence_connect::control::ami;
use ringfence_connect::feed::events::Watcher;
use ringfence_edge::Keys;
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long connecting and logging in may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A silent PBX is asked whether it is there; one that does not say so by the second time is not.
const SILENCE: Duration = Duration::from_secs(30);
/// The classes of events.
const EVENTS: &str = "call,cdr,security";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

type Talk = Manager<Box<dyn Stream>>;

/// Hears, for good.
pub(super) async fn hear(settings: &config::Manager, out: &Out) {
    let mut watcher = Watcher::new(&settings.carrier);
    let mut pause = PAUSE;
    loop {
        let connected = tokio::time::timeout(PATIENCE, connect(settings)).await;
        let connected = connected.unwrap_or_else(|_| Err("it does not answer".to_owned()));
        let why = match connected {
            Ok(talk) => {
                out.well();
                pause = PAUSE;
                watcher.connected();
                listen(talk, &mut watcher, out).await
            }
            Err(why) => why,
        };
        out.fails(&format!("{}:{}: {why}", settings.host, settings.port));
        super::pause(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn connect(settings: &config::Manager) -> Result<Talk, String> {
    let bare = settings.host.trim_matches(['[', ']']).to_owned();
    let said = |error: std::io::Error| error.to_string();
    let stream = TcpStream::connect((bare.as_str(), settings.port)).await.map_err(said)?;
    let stream: Box<dyn Stream> = match &settings.tls {
        None => Box::new(stream),
        Some(tls) => {
            let keys = Keys::load(tls).map_err(|error| error.to_string())?;
            let name = ServerName::try_from(bare).map_err(|error| error.to_string())?;
            let connector = keys.connector(std::slice::from_ref(&name));
            let connector = connector.ok_or("no certificate can be right for it")?;
            Box::new(connector.connect(name, stream).await.map_err(said)?)
        }
    };
    Manager::login(stream, (&settings.user, &settings.password), EVENTS).await
}

/// Listens until that ends; why it did.
async fn listen(mut talk: Talk, watcher: &mut Watcher, out: &Out) -> String {
    // What ended, and what began, while nobody listened.
    if let Err(why) = talk.say(&ami::channels()).await {
        return why;
    }
    let mut seen = Vec::new();
    let mut was_asked = false;
    loop {
        match tokio::time::timeout(SILENCE, talk.next()).await {
            Ok(Ok(packet)) => {
                was_asked = false;
                out.running.overheard.read.up();
                watcher.observe(&packet, &mut seen);
                out.put(&mut seen);
            }
            Ok(Err(why)) => return why,
            Err(_) if was_asked => return "it went silent".to_owned(),
            Err(_) => {
                was_asked = true;
                if let Err(why) = talk.say(&ami::ping()).await {
                    return why;
                }
            }
        }
    }
}
