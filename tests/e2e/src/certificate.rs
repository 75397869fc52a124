//! Certificates of an authority that exists for one test.

use crate::place::Place;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use std::net::IpAddr;
use std::path::PathBuf;

/// An authority.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub file: PathBuf,
}

/// A certificate with its key, as files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    pub fn new(place: &Place) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of one test");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let file = place.file("authority.pem", &issuer.pem());
        Self { issuer, file }
    }

    /// A certificate for an address, valid now.
    pub fn certify(&self, place: &Place, ip: IpAddr) -> Certificate {
        self.issue(place, ip, 2100)
    }

    /// One that was valid years ago.
    pub fn certify_for_the_past(&self, place: &Place, ip: IpAddr) -> Certificate {
        self.issue(place, ip, 2021)
    }

    fn issue(&self, place: &Place, ip: IpAddr, until: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![ip.to_string()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, ip.to_string());
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate {
            certificate: place.file(&format!("{ip}-{until}.pem"), &certificate.pem()),
            key: place.file(&format!("{ip}-{until}-key.pem"), &key.serialize_pem()),
        }
    }
}
