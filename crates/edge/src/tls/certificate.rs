//! What a certificate says of its owner.

use ringfence_model::WallTime;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Names taken from one certificate, at most.
const NAMES_MAX: usize = 100;

/// The SIP domains a certificate stands for (RFC 5922 §7.1): those of its `sip:` URIs when it has any, else its DNS
/// names. In lower case.
pub fn names(certificate: &CertificateDer<'_>) -> Names {
    let mut names = Names::default();
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return names };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else { return names };
    for name in &alternatives.value.general_names {
        match name {
            GeneralName::URI(uri) => names.sip.extend(domain(uri)),
            GeneralName::DNSName(name) => names.dns.push(name.to_ascii_lowercase()),
            _ => {}
        }
    }
    names.sip.truncate(NAMES_MAX);
    names.dns.truncate(NAMES_MAX);
    names
}

/// See [`names`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// Domains of `sip:` URIs without a user part.
    pub sip: Vec<String>,
    /// DNS names.
    pub dns: Vec<String>,
}

impl Names {
    /// Those that count.
    pub fn that_count(self) -> Vec<String> {
        if self.sip.is_empty() { self.dns } else { self.sip }
    }
}

/// The names in what a peer showed and proved; none when it showed nothing.
pub fn names_shown(chain: Option<&[CertificateDer<'_>]>) -> Vec<String> {
    chain.and_then(<[_]>::first).map(names).unwrap_or_default().that_count()
}

/// From when to when a certificate is valid.
pub fn validity(certificate: &CertificateDer<'_>) -> Option<(WallTime, WallTime)> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let time = |at: x509_parser::time::ASN1Time| WallTime::from_secs(at.timestamp());
    Some((time(parsed.validity().not_before), time(parsed.validity().not_after)))
}

/// The domain of `sip:domain`; URIs with a user part name a person, not a domain.
fn domain(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let plain = scheme.eq_ignore_ascii_case("sip") && !rest.contains(['@', ';', '?', ':', '/']);
    (plain && !rest.is_empty()).then(|| rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn certificate(names: &[(&str, bool)]) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|(name, uri)| {
                let name = (*name).try_into().unwrap();
                if *uri { SanType::URI(name) } else { SanType::DnsName(name) }
            })
            .collect();
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn sip_uris_count_before_dns_names() {
        let both = certificate(&[("Sip.Example.com", false), ("sip:Example.com", true)]);
        assert_eq!(names_shown(Some(&[both])), ["example.com"]);
        let dns = certificate(&[("Sip.Example.com", false), ("https://example.com", true)]);
        assert_eq!(names_shown(Some(&[dns])), ["sip.example.com"]);
        let person = certificate(&[("sip:alice@example.com", true)]);
        assert!(names_shown(Some(&[person])).is_empty());
        assert!(names_shown(None).is_empty());
    }

    #[test]
    fn what_is_no_certificate_has_no_names() {
        let junk = CertificateDer::from(vec![0x30, 0x82, 0xff, 0xff, 0]);
        assert_eq!((names(&junk), validity(&junk)), (Names::default(), None));
    }
}
