//! Mail: the server that takes it, and one letter on its way.

use crate::courier::{Undelivered, Unfit};
use crate::letter::Letter;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::fmt;
use std::time::Duration;

/// For each step of an exchange; what RFC 5321 §4.5.3.2 allows is longer, but nobody waits here for minutes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server that takes mail.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether and when the connection is encrypted.
    pub security: Security,
    /// Login and password, where it wants them.
    pub login: Option<(String, String)>,
    /// From whom: `Ringfence <fw@example.org>`.
    pub from: String,
}

impl fmt::Debug for MailServer {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}:{})", self.host, self.port)
    }
}

/// Whether and when a connection is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Security {
    /// With STARTTLS, or not at all used (RFC 3207).
    #[default]
    StartTls,
    /// From the first byte (RFC 8314).
    Tls,
    /// Never: only to this machine.
    None,
}

/// Whether mail can be sent there.
///
/// # Errors
/// Why not.
pub fn check_address(text: &str) -> Result<(), String> {
    text.parse::<Mailbox>().map(drop).map_err(|error| error.to_string())
}

/// Takes letters to the server.
pub struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    domain: String,
}

/// So that no holiday message answers (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Post {
    /// To this server; `authorities` (PEM) are believed besides the public ones.
    pub fn new(server: &MailServer, authorities: &[Vec<u8>]) -> Result<Self, Unfit> {
        let from: Mailbox = server.from.parse().map_err(|_| Unfit::Address(server.from.clone()))?;
        let tls = match server.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(&server.host, authorities)?),
            Security::Tls => Tls::Wrapper(parameters(&server.host, authorities)?),
        };
        let mut to = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &server.login {
            to = to.credentials(Credentials::new(user.clone(), password.clone()));
        }
        let domain = from.email.domain().to_owned();
        Ok(Self { server: to.build(), from, domain })
    }

    /// Delivers one letter.
    pub async fn deliver(&self, letter: &Letter) -> Result<(), Undelivered> {
        let message = self.message(letter).map_err(Undelivered::Never)?;
        match self.server.send(message).await {
            Ok(_) => Ok(()),
            // The server understood and will not have it: not today, and not tomorrow.
            Err(error) if error.is_permanent() => Err(Undelivered::Never(said(&error))),
            // It answered, or was never there: it has nothing.
            Err(error) if error.is_transient() || is_before(&error) => {
                Err(Undelivered::Later(said(&error)))
            }
            Err(error) => Err(Undelivered::Unsure(said(&error))),
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, String> {
        let said = |error: &dyn fmt::Display| format!("{}: {error}", letter.to);
        let address: Address = letter.to.parse().map_err(|error| said(&error))?;
        let body =
            Body::new_with_encoding(letter.text.clone(), ContentTransferEncoding::QuotedPrintable)
                .map_err(|_| said(&"the text cannot be encoded"))?;
        let mut head = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(letter.name.clone()), address))
            .subject(letter.subject.clone())
            .message_id(Some(self.name(&letter.id)))
            .header(AutoSubmitted);
        if let Some(thread) = &letter.thread {
            // So that what belongs together stands together, although the first of it is no mail (RFC 5322 §3.6.4).
            head = head.references(self.name(thread));
        }
        let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body);
        head.singlepart(part).map_err(|error| said(&error))
    }

    fn name(&self, id: &str) -> String {
        format!("<{id}@{}>", self.domain)
    }
}

fn parameters(host: &str, authorities: &[Vec<u8>]) -> Result<TlsParameters, Unfit> {
    let unfit = |error: lettre::transport::smtp::Error| Unfit::Tls(said(&error));
    let mut builder =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::WebpkiRoots);
    for pem in authorities {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(unfit)?);
    }
    builder.build_rustls().map_err(unfit)
}

/// Whether it went wrong before the text could have been taken: a connection that did not come about.
fn is_before(error: &lettre::transport::smtp::Error) -> bool {
    use std::error::Error;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind as K;
            return matches!(
                error.kind(),
                K::ConnectionRefused
                    | K::HostUnreachable
                    | K::NetworkUnreachable
                    | K::AddrNotAvailable
            );
        }
        cause = inner.source();
    }
    error.is_client() || error.is_tls()
}

fn said(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
