//! Asking servers of others over HTTP: the server implements it; tests have a double.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A request to another server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// `https://…`; `http://` only to the own machine.
    pub url: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// A form to be posted; without one it is a GET.
    pub form: Option<String>,
}

/// What came of it.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Response, String>> + Send + 'a>>;

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// Of HTTP.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks other servers. It checks their certificates, follows no redirections, reads at most 1 MiB and waits at most ten
/// seconds.
pub trait Fetch: Send + Sync {
    /// Sends one request; the error says what went wrong.
    fn fetch(&self, request: Request) -> Fetched<'_>;
}

/// A login at somebody else's: an OpenID Connect provider.
#[derive(Clone)]
pub struct Oidc {
    /// As the provider names itself: `https://login.example.org/tenant`.
    pub issuer: String,
    /// As the provider knows us.
    pub client_id: String,
    /// What we show it.
    pub client_secret: String,
    /// What is asked for besides `openid`, such as `email`.
    pub scopes: Vec<String>,
    /// The claim that is the login here. An `email` counts only with `email_verified`.
    pub login_claim: String,
    /// Whether a second factor given there counts here: the claim `amr` must then say so.
    pub trusts_second_factor: bool,
    /// How it is reached.
    pub fetch: Arc<dyn Fetch>,
}

impl fmt::Debug for Oidc {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
