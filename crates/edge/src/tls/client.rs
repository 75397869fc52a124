//! Whom we believe to be the peer we connect to.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

use super::certificate;

/// Believes a certificate that stands for every name configured for its address: whoever talks to one of them must
/// not be able to stand for another.
#[derive(Debug)]
pub struct Hosts {
    pub provider: Arc<CryptoProvider>,
    pub roots: Arc<RootCertStore>,
    pub names: Vec<ServerName<'static>>,
}

impl Hosts {
    /// By its `sip:` URIs, else by its DNS names (RFC 5922 §7.2). Wildcards are taken as in HTTPS, though RFC 5922
    /// does not: carriers use them.
    fn is(&self, of: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        let sip = certificate::names(of).sip;
        if sip.is_empty() || !matches!(name, ServerName::DnsName(_)) {
            return verify_server_name(&ParsedCertificate::try_from(of)?, name);
        }
        match sip.iter().any(|sip| sip.eq_ignore_ascii_case(&name.to_str())) {
            true => Ok(()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }
}

impl ServerCertVerifier for Hosts {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let roots = &self.roots;
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        for name in &self.names {
            self.is(end_entity, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
