//! Servers that hear what is sent: mail as RFC 5321 has it, HTTP, and lines.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use ringfence_notify::Security;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// An authority of one test, and what it says is `localhost`.
pub struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&own, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self { pem: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    pub fn pem(&self) -> Vec<u8> {
        self.pem.clone().into_bytes()
    }
}

/// What a server waits for before it answers.
pub enum Hears {
    /// A request of HTTP whose body ends with `}`; it is answered so.
    Request(String),
    /// All until the other end closes.
    Everything,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn opened(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Stream>> {
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => Some(Box::new(tls.accept(stream).await.ok()?)),
    }
}

/// Hears one connection; where, and what it heard.
pub async fn hears_once(authority: Option<&Authority>, hears: Hears) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = authority.map(|authority| authority.acceptor.clone());
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Some(mut stream) = opened(stream, tls).await else { return String::new() };
        let mut got = Vec::new();
        let mut chunk = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut chunk).await {
            got.extend_from_slice(&chunk[..count]);
            if let (Hears::Request(answer), true) = (&hears, got.ends_with(b"}")) {
                stream.write_all(answer.as_bytes()).await.unwrap();
                break;
            }
        }
        String::from_utf8(got).unwrap()
    });
    (port, heard)
}

/// A letter as it came.
#[derive(Clone)]
pub struct Got {
    pub envelope: String,
    pub text: String,
}

/// A mail server that keeps what it takes.
pub struct Mail {
    pub port: u16,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Mail {
    /// After each letter it says `said`; nothing, and closes, when that is empty.
    pub async fn start(
        security: Security,
        authority: Option<&Authority>,
        said: &'static str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let tls = authority.map(|authority| authority.acceptor.clone());
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, kept) = (tls.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    match security {
                        Security::StartTls => starttls(stream, tls.unwrap(), said, kept).await,
                        _ => {
                            if let Some(stream) = opened(stream, tls).await {
                                let mut lines = BufReader::new(stream);
                                lines.write_all(b"220 sink\r\n").await.unwrap();
                                talk(lines, said, &kept).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, got }
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn starttls(stream: TcpStream, tls: TlsAcceptor, said: &str, kept: Arc<Mutex<Vec<Got>>>) {
    let mut lines = BufReader::new(stream);
    lines.write_all(b"220 sink\r\n").await.unwrap();
    let mut line = String::new();
    while let Ok(1..) = lines.read_line(&mut line).await {
        let starts = line.starts_with("STARTTLS");
        let answer: &[u8] = if starts { b"220 go\r\n" } else { b"250-sink\r\n250 STARTTLS\r\n" };
        lines.write_all(answer).await.unwrap();
        line.clear();
        if starts {
            if let Ok(stream) = tls.accept(lines.into_inner()).await {
                talk(BufReader::new(stream), said, &kept).await;
            }
            return;
        }
    }
}

async fn talk(mut lines: BufReader<impl Stream>, said: &str, kept: &Mutex<Vec<Got>>) {
    let (mut envelope, mut text, mut in_text) = (String::new(), String::new(), false);
    let mut line = String::new();
    while let Ok(1..) = lines.read_line(&mut line).await {
        if in_text && line == ".\r\n" {
            in_text = false;
            if said.is_empty() {
                return;
            }
            if said.starts_with("250") {
                let (envelope, text) = (envelope.clone(), text.clone());
                kept.lock().unwrap().push(Got { envelope, text });
            }
            lines.write_all(format!("{said}\r\n").as_bytes()).await.unwrap();
        } else if in_text {
            text.push_str(&line);
        } else {
            envelope.push_str(&line);
            let answer = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-sink\r\n250 AUTH PLAIN LOGIN\r\n",
                "DATA" => "354 go\r\n",
                "AUTH" => "235 welcome\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 fine\r\n",
            };
            in_text = line.starts_with("DATA");
            lines.write_all(answer.as_bytes()).await.unwrap();
        }
        line.clear();
    }
}
