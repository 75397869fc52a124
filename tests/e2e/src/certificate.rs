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
        let file = (1..)
            .map(|n| format!("authority-{n}.pem"))
            .find(|name| !place.folder().join(name).exists())
            .map(|name| place.file(&name, &issuer.pem()))
            .expect("a free name");
        Self { issuer, file }
    }

    /// A certificate for an address, valid now.
    pub fn certify(&self, place: &Place, ip: IpAddr) -> Certificate {
        self.issue(place, &ip.to_string(), 2100)
    }

    /// One that was valid years ago.
    pub fn certify_for_the_past(&self, place: &Place, ip: IpAddr) -> Certificate {
        self.issue(place, &ip.to_string(), 2021)
    }

    /// A certificate for a name, valid now.
    pub fn certify_name(&self, place: &Place, name: &str) -> Certificate {
        self.issue(place, name, 2100)
    }

    fn issue(&self, place: &Place, name: &str, until: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate {
            certificate: self.file_of(place, name, until, "", &certificate.pem()),
            key: self.file_of(place, name, until, "-key", &key.serialize_pem()),
        }
    }

    /// Authorities of one place may certify the same name.
    fn file_of(&self, place: &Place, name: &str, until: i32, sort: &str, pem: &str) -> PathBuf {
        let authority = self.file.file_stem().expect("its name").to_string_lossy();
        place.file(&format!("{authority}-{name}-{until}{sort}.pem"), pem)
    }
}
