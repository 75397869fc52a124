//! One look at every trunk from here: does its name lead somewhere, does somebody answer there. For people who ask
//! what is wrong; the gates probe on their own.

use hickory_resolver::TokioResolver;
use ringfence_call::{Directory, Hop, Target, Trunk};
use ringfence_model::TrunkId;
use ringfence_sip::Transport;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::StartError;
use crate::resolve::{Search, Ways, ways};
use crate::tls::{Keys, Tls};

/// Targets looked at side by side.
const AT_ONCE: usize = 32;
/// RFC 3261 T1: when an unanswered request goes out again.
const AGAIN: Duration = Duration::from_millis(500);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 4_096;

/// What was found of one target of a trunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Whose.
    pub trunk: TrunkId,
    /// As settings call it.
    pub target: String,
    /// Its addresses, best first, and what each did; or why there are none.
    pub found: Result<Vec<Answered>, String>,
}

/// What an address did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// Which.
    pub hop: Hop,
    /// In words, what it answered.
    pub answer: Result<String, Silence>,
}

/// Why there was no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Silence {
    /// Nothing came back over UDP, which may be meant: some answer only requests of calls.
    Quiet,
    /// It cannot be reached, or is not who it should be.
    Failed(String),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quiet => f.write_str("no answer to OPTIONS"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// Looks up every target of every trunk, and asks each address: OPTIONS over UDP, a connection over TCP, a handshake
/// with the right certificate over TLS. Takes up to `patience` for each step of a target.
///
/// # Errors
/// When certificates or the system's name servers cannot be used at all.
pub fn visit(
    directory: &Arc<Directory>,
    tls: &Tls,
    patience: Duration,
) -> Result<Vec<Seen>, StartError> {
    let what = "a look at the trunks";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| StartError::Thread { what: what.into(), source })?;
    let keys = Arc::new(Keys::load(tls)?);
    runtime.block_on(async {
        let names = |error: hickory_resolver::net::NetError| StartError::Names(error.to_string());
        let dns = TokioResolver::builder_tokio().map_err(names)?.build().map_err(names)?;
        let visitor = Arc::new(Visitor {
            directory: Arc::clone(directory),
            dns,
            keys,
            patience,
            turns: Semaphore::new(AT_ONCE),
        });
        Ok(visitor.all().await)
    })
}

struct Visitor {
    directory: Arc<Directory>,
    dns: TokioResolver,
    keys: Arc<Keys>,
    patience: Duration,
    turns: Semaphore,
}

impl Visitor {
    /// In the order of the settings.
    async fn all(self: Arc<Self>) -> Vec<Seen> {
        let mut visits = JoinSet::new();
        let trunks = self.directory.parts().trunks.iter();
        let targets = trunks.flat_map(|trunk| trunk.targets.iter().map(move |of| (trunk, of)));
        for (place, (trunk, target)) in targets.enumerate() {
            let (visitor, trunk, target) = (Arc::clone(&self), trunk.clone(), target.clone());
            visits.spawn(async move { (place, visitor.one(&trunk, &target).await) });
        }
        let mut seen: Vec<_> = visits.join_all().await;
        seen.sort_by_key(|(place, _)| *place);
        seen.into_iter().map(|(_, seen)| seen).collect()
    }

    async fn one(&self, trunk: &Trunk, target: &Target) -> Seen {
        let _turn = self.turns.acquire().await;
        let ways: Ways = ways(&self.directory, trunk);
        let search = timeout(self.patience, Search::new(&self.dns, &ways).find(target)).await;
        let found = match search {
            Ok(Ok(answer)) if answer.hops.is_empty() => {
                Err("no listener of ours can send there".to_owned())
            }
            Ok(Ok(answer)) => {
                let mut all = Vec::with_capacity(answer.hops.len());
                for hop in answer.hops {
                    all.push(Answered { hop, answer: self.ask(trunk, target, hop).await });
                }
                Ok(all)
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the name servers do not answer".to_owned()),
        };
        Seen { trunk: trunk.id.clone(), target: target.host.clone(), found }
    }

    async fn ask(&self, trunk: &Trunk, target: &Target, hop: Hop) -> Result<String, Silence> {
        let failed = |error: std::io::Error| Silence::Failed(error.to_string());
        let at = self.directory.listener_for(Some(trunk), hop.transport, hop.remote.ip());
        // Peers know us by the address we listen at.
        let from = at.map(|at| SocketAddr::new(at.local.ip(), 0));
        let from = from.ok_or_else(|| Silence::Failed("no listener of ours fits".to_owned()))?;
        match hop.transport {
            Transport::Udp => {
                let asked = timeout(self.patience, options(from, hop.remote, &target.host)).await;
                asked.map_err(|_| Silence::Quiet)?.map_err(failed)
            }
            Transport::Tcp => {
                self.connect(from, hop.remote).await?;
                Ok("connects".to_owned())
            }
            Transport::Tls => {
                let stream = self.connect(from, hop.remote).await?;
                self.shake(trunk.certificate.as_ref().unwrap_or(&target.host), stream).await
            }
        }
    }

    async fn connect(&self, from: SocketAddr, to: SocketAddr) -> Result<TcpStream, Silence> {
        let connecting = async {
            let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(from)?;
            socket.connect(to).await
        };
        let connected = timeout(self.patience, connecting).await;
        let connected = connected.map_err(|_| Silence::Failed("does not answer".to_owned()))?;
        connected.map_err(|error| Silence::Failed(error.to_string()))
    }

    async fn shake(&self, name: &str, stream: TcpStream) -> Result<String, Silence> {
        let plain = name.trim_start_matches('[').trim_end_matches([']', '.']);
        let wrong = || Silence::Failed(format!("\"{name}\" is no name a certificate can have"));
        let name = ServerName::try_from(plain.to_owned()).map_err(|_| wrong())?;
        let connector = self.keys.connector(std::slice::from_ref(&name)).ok_or_else(wrong)?;
        let shaken = timeout(self.patience, connector.connect(name, stream)).await;
        let shaken = shaken.map_err(|_| Silence::Failed("no TLS is spoken there".to_owned()))?;
        shaken.map_err(|error| Silence::Failed(format!("TLS: {error}")))?;
        Ok("TLS with the right certificate".to_owned())
    }
}

/// Asks until something answers.
async fn options(from: SocketAddr, to: SocketAddr, host: &str) -> std::io::Result<String> {
    let socket = UdpSocket::bind(from).await?;
    // A port nobody listens at is then an error at once (ICMP).
    socket.connect(to).await?;
    let local = socket.local_addr()?;
    let token = format!("{:016x}", fastrand::u64(..));
    let request = format!(
        "OPTIONS sip:{host} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {local};branch=z9hG4bK{token};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{local}>;tag={token}\r\n\
         To: <sip:{host}>\r\n\
         Call-ID: {token}\r\n\
         CSeq: 1 OPTIONS\r\n\
         Accept: application/sdp\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let mut heard = vec![0; ANSWER_BYTES_MAX];
    loop {
        socket.send(request.as_bytes()).await?;
        let again = Instant::now() + AGAIN;
        while let Ok(received) = timeout_at(again, socket.recv(&mut heard)).await {
            let text = String::from_utf8_lossy(heard.get(..received?).unwrap_or_default());
            let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.lines().next());
            // The token is in what is ours: its Via, tag and Call-ID come back.
            if let Some(status) = status.filter(|_| text.contains(&token)) {
                return Ok(format!("answers {}", status.trim()));
            }
        }
    }
}
