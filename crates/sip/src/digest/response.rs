//! The one formula both sides compute (RFC 7616 §3.4.1, RFC 2617 §3.2.2.1 without `qop`).

use super::algorithm::{Algorithm, Hex};
use super::ha1::Ha1;

/// What goes into a digest, each as it stands on the wire.
pub(super) struct Exchange<'a> {
    pub algorithm: Algorithm,
    pub method: &'a [u8],
    pub uri: &'a [u8],
    pub nonce: &'a [u8],
    /// `None` without `qop`.
    pub auth: Option<Auth<'a>>,
}

/// What `qop=auth` adds: the digits of the nonce count and the client's nonce.
#[derive(Clone, Copy)]
pub(super) struct Auth<'a> {
    pub nc: &'a [u8],
    pub cnonce: &'a [u8],
}

impl Exchange<'_> {
    pub(super) fn response(&self, ha1: &Ha1) -> Hex {
        let ha1 = ha1.hex(self.algorithm);
        let ha2 = self.algorithm.hex(&[self.method, b":", self.uri]);
        let ha2 = ha2.as_bytes();
        match self.auth {
            Some(Auth { nc, cnonce }) => {
                self.algorithm.hex(&[ha1, b":", self.nonce, b":", nc, b":", cnonce, b":auth:", ha2])
            }
            None => self.algorithm.hex(&[ha1, b":", self.nonce, b":", ha2]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Vector<'a> {
        who: [&'a str; 3],
        method: &'a str,
        uri: &'a str,
        nonce: &'a str,
        cnonce: Option<&'a str>,
    }

    impl Vector<'_> {
        fn response(&self, algorithm: Algorithm) -> String {
            let [user, realm, password] = self.who;
            let exchange = Exchange {
                algorithm,
                method: self.method.as_bytes(),
                uri: self.uri.as_bytes(),
                nonce: self.nonce.as_bytes(),
                auth: self.cnonce.map(|cnonce| Auth { nc: b"00000001", cnonce: cnonce.as_bytes() }),
            };
            let hex = exchange.response(&Ha1::new(user, realm, password));
            String::from_utf8(hex.as_bytes().to_vec()).unwrap()
        }
    }

    /// RFC 2617 §3.5.
    #[test]
    fn rfc_2617() {
        let v = Vector {
            who: ["Mufasa", "testrealm@host.com", "Circle Of Life"],
            method: "GET",
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: Some("0a4f113b"),
        };
        assert_eq!(v.response(Algorithm::Md5), "6629fae49393a05397450978507c4ef1");
    }

    /// RFC 7616 §3.9.1.
    #[test]
    fn rfc_7616_md5_and_sha256() {
        let v = Vector {
            who: ["Mufasa", "http-auth@example.org", "Circle of Life"],
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            cnonce: Some("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        };
        assert_eq!(v.response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            v.response(Algorithm::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// RFC 7616 §3.9.2 with the figure of erratum 4897: the printed one is not of FIPS 180-4's function.
    #[test]
    fn rfc_7616_sha512_256() {
        let v = Vector {
            who: ["J\u{e4}s\u{f8}n Doe", "api@example.org", "Secret, or not?"],
            method: "GET",
            uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: Some("NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
        };
        assert_eq!(
            v.response(Algorithm::Sha512_256),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    /// SIP requests: MD5 from draft-smith-sipping-auth-examples-01 §3.1 and §3.2; the SHA figures of the
    /// same exchange by Python's hashlib, since RFC 8760 prints no example with figures.
    #[test]
    fn sip_requests() {
        let mut v = Vector {
            who: ["bob", "biloxi.com", "zanzibar"],
            method: "INVITE",
            uri: "sip:bob@biloxi.com",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: Some("0a4f113b"),
        };
        assert_eq!(v.response(Algorithm::Md5), "89eb0059246c02b2f6ee02c7961d5ea3");
        assert_eq!(
            v.response(Algorithm::Sha256),
            "b3b5a6c69453abafaab9ae4dccdac90a076b6c80615d5f3498e7433b6e93bf4f"
        );
        assert_eq!(
            v.response(Algorithm::Sha512_256),
            "7f1a09de0f19af0a1eac2b28d33e3f2fb89cca1ad8fb01bba5e1883b288bac14"
        );
        v.cnonce = None;
        assert_eq!(v.response(Algorithm::Md5), "bf57e4e0d0bffc0fbaedce64d59add5e");
    }
}
