//! Takes one text to one place, and says whether it arrived.

use crate::hook::{Hook, signature};
use crate::letter::Letter;
use crate::mail::{MailServer, Post};
use crate::reach::may_be_reached;
use crate::syslog::Syslog;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use ringfence_model::WallTime;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// For a webhook or a line, from the name to the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// For a letter, whose server may look at it for a while.
const MAIL_PATIENCE: Duration = Duration::from_secs(90);
/// How long a collector may take to close after us. One that stays silent has got the line as far as anybody can know.
const CLOSING: Duration = Duration::from_secs(2);

/// Why it did not arrive.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undelivered {
    /// It surely did not; it may another time.
    #[error("{0}")]
    Later(String),
    /// It may have arrived all the same.
    #[error("{0}; whether it arrived is not known")]
    Unsure(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

/// Why nothing can be delivered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// The sender's address.
    #[error("\"{0}\" is no mail address; write such as \"Ringfence <fw@example.org>\"")]
    Address(String),
    /// Authorities, or TLS itself.
    #[error("TLS cannot be set up: {0}; correct the file of authorities")]
    Tls(String),
}

/// Takes texts to where they shall go.
pub struct Courier {
    mail: Option<Post>,
    tls: TlsConnector,
    inside: Vec<IpNet>,
}

impl Courier {
    /// With this mail server; webhooks and collectors may be on the internet and in the networks `inside`. `authorities`
    /// (PEM) are believed besides the public ones.
    ///
    /// # Errors
    /// When an address or an authority is none.
    pub fn new(
        mail: Option<&MailServer>,
        inside: &[IpNet],
        authorities: &[Vec<u8>],
    ) -> Result<Self, Unfit> {
        let tls = TlsConnector::from(Arc::new(client(authorities)?));
        let mail = mail.map(|server| Post::new(server, authorities)).transpose()?;
        Ok(Self { mail, tls, inside: inside.to_vec() })
    }

    /// Delivers a letter to the mail server.
    ///
    /// # Errors
    /// When it did not take it, or did not say so.
    pub async fn letter(&self, letter: &Letter) -> Result<(), Undelivered> {
        let Some(post) = &self.mail else {
            return Err(Undelivered::Later("no mail server is set".to_owned()));
        };
        let sent = tokio::time::timeout(MAIL_PATIENCE, post.deliver(letter)).await;
        sent.unwrap_or_else(|_| Err(Undelivered::Unsure("the mail server is too slow".to_owned())))
    }

    /// Posts `body`, whose id is `id`, to a program.
    ///
    /// # Errors
    /// When it did not say that it has it.
    pub async fn hook(
        &self,
        hook: &Hook,
        id: &str,
        body: Vec<u8>,
        now: WallTime,
    ) -> Result<(), Undelivered> {
        let posted = tokio::time::timeout(PATIENCE, self.post(hook, id, body, now)).await;
        posted.unwrap_or_else(|_| Err(Undelivered::Unsure("it does not answer".to_owned())))
    }

    async fn post(
        &self,
        hook: &Hook,
        id: &str,
        body: Vec<u8>,
        now: WallTime,
    ) -> Result<(), Undelivered> {
        let uri: Uri = hook.url.parse().map_err(|_| never("its address is none"))?;
        let host = uri.host().ok_or_else(|| never("its address names no host"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let tls = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let stream = self.connect(&host, port).await?;
        let request =
            written(&uri, id, body, &hook.secret, now).map_err(|_| never("its address is none"))?;
        let status = if tls {
            exchange(self.encrypt(&host, stream).await?, request).await
        } else if is_own(&stream) {
            exchange(stream, request).await
        } else {
            return Err(never("only https goes over a network"));
        }?;
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(never("it says that it is gone")),
            status => Err(Undelivered::Later(format!("it answers {status}"))),
        }
    }

    /// Sends one line to a collector.
    ///
    /// # Errors
    /// When it could not be sent.
    pub async fn line(&self, log: &Syslog, line: &str) -> Result<(), Undelivered> {
        let sent = tokio::time::timeout(PATIENCE, self.send(log, line)).await;
        sent.unwrap_or_else(|_| Err(Undelivered::Unsure("it is too slow".to_owned())))
    }

    async fn send(&self, log: &Syslog, line: &str) -> Result<(), Undelivered> {
        let (host, port) = log.server.rsplit_once(':').ok_or_else(|| never("it names no port"))?;
        let port = port.parse().map_err(|_| never("it names no port"))?;
        let host = host.trim_matches(['[', ']']);
        let stream = self.connect(host, port).await?;
        // Each line with its length before it (RFC 5425 §4.3.1, RFC 6587 §3.4.1).
        let framed = format!("{} {line}", line.len());
        let sent = if log.tls {
            handed_over(self.encrypt(host, stream).await?, framed.as_bytes()).await
        } else if is_own(&stream) {
            handed_over(stream, framed.as_bytes()).await
        } else {
            return Err(never("only TLS goes over a network"));
        };
        sent.map_err(|error| Undelivered::Unsure(error.to_string()))
    }

    /// Connects to the first address of `host` that may be reached and answers. What was looked at is what is
    /// connected to: a name that changes its mind in between gains nothing.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Undelivered> {
        let later =
            |error: &dyn std::fmt::Display| Undelivered::Later(format!("{host}:{port}: {error}"));
        let found = tokio::net::lookup_host((host, port)).await.map_err(|error| later(&error))?;
        let all: Vec<SocketAddr> = found.collect();
        let may: Vec<&SocketAddr> =
            all.iter().filter(|at| may_be_reached(at.ip(), &self.inside)).collect();
        if may.is_empty() {
            let why = "is not on the internet, nor in a network that notices may go to";
            return Err(later(&why));
        }
        let mut last = None;
        for at in may {
            match TcpStream::connect(at).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| later(&"it has no address"), |error| later(&error)))
    }

    async fn encrypt(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Undelivered> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| never("its name is none"))?;
        let encrypted = self.tls.connect(name, stream).await;
        encrypted.map_err(|error| Undelivered::Later(format!("{host}: {error}")))
    }
}

fn never(why: &str) -> Undelivered {
    Undelivered::Never(why.to_owned())
}

fn client(authorities: &[Vec<u8>]) -> Result<ClientConfig, Unfit> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for pem in authorities {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| Unfit::Tls(error.to_string()))?;
            roots.add(certificate).map_err(|error| Unfit::Tls(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Unfit::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Whether the other end is this machine.
fn is_own(stream: &TcpStream) -> bool {
    stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
}

fn written(
    uri: &Uri,
    id: &str,
    body: Vec<u8>,
    secret: &str,
    now: WallTime,
) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
    hyper::Request::builder()
        .method(Method::POST)
        .uri(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(USER_AGENT, concat!("ringfence/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("X-Ringfence-Id", id)
        .header("X-Ringfence-Signature", signature(secret, now, &body))
        .body(Full::from(body))
}

/// The status of the answer; redirections are not followed and bodies not read.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: hyper::Request<Full<Bytes>>,
) -> Result<StatusCode, Undelivered> {
    let unsure = |error: hyper::Error| Undelivered::Unsure(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unsure)?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    // The connection does the work; it may end before the answer is put together.
    let answered = tokio::select! {
        answered = &mut answer => answered,
        _ = connection => answer.await,
    };
    answered.map(|answer| answer.status()).map_err(unsure)
}

/// Writes it and closes. A collector acknowledges nothing; that it closes in turn is the most it can say.
async fn handed_over(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    stream.shutdown().await?;
    let mut rest = [0; 64];
    match tokio::time::timeout(CLOSING, stream.read(&mut rest)).await {
        Ok(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(()),
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
