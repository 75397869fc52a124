//! Asking servers of others over HTTP/1.1: one connection for one request.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Uri};
use hyper_util::rt::TokioIo;
use ringfence_api::{Fetch, Fetched, Request, Response};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Most that is read of an answer.
const BYTES_MAX: usize = 1 << 20;
/// For all of it, from the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks other servers, believing the authorities that browsers believe.
pub(crate) struct Outside {
    tls: TlsConnector,
}

impl Outside {
    /// Ready to ask.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, rustls::Error> {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn ask(&self, request: Request) -> Result<Response, String> {
        let uri: Uri = request.url.parse().map_err(|error| format!("{}: {error}", request.url))?;
        let written = written(&uri, request).map_err(|error| format!("{uri}: {error}"))?;
        self.exchange(&uri, false, written).await
    }

    /// Gives JSON to a server that the boot file names, which is believed without TLS too; the status of its answer.
    ///
    /// # Errors
    /// Why there is none within this time.
    pub async fn give(&self, uri: &Uri, json: Vec<u8>, within: Duration) -> Result<u16, String> {
        let head = head(uri).method(Method::POST).header(CONTENT_TYPE, "application/json");
        let request = head.body(Full::from(json)).map_err(|error| format!("{uri}: {error}"))?;
        let answered = tokio::time::timeout(within, self.exchange(uri, true, request)).await;
        let answered = answered.unwrap_or_else(|_| Err(format!("{uri}: it does not answer")));
        answered.map(|answer| answer.status)
    }

    async fn exchange(
        &self,
        uri: &Uri,
        in_clear: bool,
        request: hyper::Request<Full<Bytes>>,
    ) -> Result<Response, String> {
        let host = uri.host().ok_or_else(|| format!("{uri} names no host"))?.to_owned();
        let bare = host.trim_matches(['[', ']']).to_owned();
        let plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") if in_clear || is_own(&bare) => true,
            _ => return Err(format!("{uri}: only https is asked")),
        };
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let said = |error: std::io::Error| format!("{host}:{port}: {error}");
        let stream = TcpStream::connect((bare.as_str(), port)).await.map_err(said)?;
        if plain {
            return send(stream, uri, request).await;
        }
        let name = ServerName::try_from(bare).map_err(|error| format!("{host}: {error}"))?;
        let stream = self.tls.connect(name, stream).await.map_err(said)?;
        send(stream, uri, request).await
    }
}

impl Fetch for Outside {
    fn fetch(&self, request: Request) -> Fetched<'_> {
        Box::pin(async move {
            let answered = tokio::time::timeout(PATIENCE, self.ask(request)).await;
            answered.unwrap_or_else(|_| Err("it does not answer".to_owned()))
        })
    }
}

fn is_own(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    request: hyper::Request<Full<Bytes>>,
) -> Result<Response, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{uri}: {error}");
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| failed(&error))?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BYTES_MAX).collect().await;
        let body = body.map_err(|error| failed(&error))?.to_bytes().to_vec();
        Ok(Response { status, body })
    };
    // The connection does the work; it may end before the answer is put together.
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    }
}

fn head(uri: &Uri) -> hyper::http::request::Builder {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    hyper::Request::builder()
        .uri(path)
        .header(HOST, host)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("ringfence/", env!("CARGO_PKG_VERSION")))
}

fn written(uri: &Uri, request: Request) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
    let mut head = head(uri);
    if let Some(authorization) = &request.authorization {
        head = head.header(AUTHORIZATION, authorization);
    }
    match request.form {
        Some(form) => head
            .method(Method::POST)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form)),
        None => head.body(Full::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn get(url: String) -> Request {
        Request { url, authorization: None, form: None }
    }

    /// Answers one request with `answer`; gives where it is and, afterwards, what it was sent.
    async fn server(answer: String) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut got = vec![0; 4096];
            let count = stream.read(&mut got).await.unwrap();
            // Who has heard enough may hang up first.
            let _ = stream.write_all(answer.as_bytes()).await;
            String::from_utf8_lossy(&got[..count]).into_owned()
        });
        (url, served)
    }

    #[tokio::test]
    async fn a_form_is_posted_and_the_answer_read() {
        let answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi";
        let (url, served) = server(answer.to_owned()).await;
        let outside = Outside::new().unwrap();
        let form = Some("x=1".to_owned());
        let request = Request { url, authorization: Some("Basic abc".to_owned()), form };
        let got = outside.fetch(request).await.unwrap();
        assert_eq!(got, Response { status: 201, body: b"hi".to_vec() });
        let sent = served.await.unwrap().to_lowercase();
        for part in
            ["post /a?b=c http/1.1", "authorization: basic abc", "host: 127.0.0.1:", "\r\n\r\nx=1"]
        {
            assert!(sent.contains(part), "{part} is not in {sent}");
        }
    }

    #[tokio::test]
    async fn a_redirection_is_an_answer_like_any() {
        let away =
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let (url, _served) = server(away.to_owned()).await;
        assert_eq!(Outside::new().unwrap().fetch(get(url)).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_read_to_its_end() {
        let long = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(2 << 20));
        let (url, _served) = server(long).await;
        let why = Outside::new().unwrap().fetch(get(url)).await.unwrap_err();
        assert!(why.contains("limit"), "{why}");
    }

    #[tokio::test]
    async fn only_the_own_machine_is_asked_without_tls() {
        let outside = Outside::new().unwrap();
        for url in ["http://192.0.2.1/", "ftp://localhost/", "/path", "http:///", "nonsense"] {
            assert!(outside.fetch(get(url.to_owned())).await.is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_who_it_says_is_not_asked() {
        let (url, _served) = server("HTTP/1.1 200 OK\r\n\r\n".to_owned()).await;
        let url = url.replace("http://", "https://");
        assert!(Outside::new().unwrap().fetch(get(url)).await.is_err());
    }
}
