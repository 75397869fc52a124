//! A software authenticator: ES256, attestation "none", counters, and credentials that know whose they are.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ORIGIN: &str = "https://fw.example";
const HOST: &str = "fw.example";
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    handle: String,
    counter: u32,
    pub origin: &'static str,
    pub verifies: bool,
    /// Whether one bit of its signatures is wrong.
    pub bends: bool,
}

impl Authenticator {
    /// Number `seed`.
    pub fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        Self {
            key,
            id: vec![seed; 16],
            handle: String::new(),
            counter: 0,
            origin: ORIGIN,
            verifies: true,
            bends: false,
        }
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let flags = flags | PRESENT | if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(HOST).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    /// As `navigator.credentials.create`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(ATTESTED);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.push(0xa0);
        object.push(0x68);
        object.extend(b"authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(&data);
        let client = self.client_data("webauthn.create", &options["challenge"]);
        json!({"id": BASE64.encode(&self.id), "rawId": BASE64.encode(&self.id), "type": "public-key",
            "extensions": {}, "response": {"attestationObject": BASE64.encode(object),
            "clientDataJSON": BASE64.encode(client)}})
    }

    /// The public key (RFC 9053 §7.1.1): kty EC2, alg ES256, crv P-256, x, y.
    fn cose(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(point.x().unwrap());
        key.extend([0x22, 0x58, 0x20]);
        key.extend(point.y().unwrap());
        key
    }

    /// As `navigator.credentials.get`.
    pub fn get(&mut self, options: &Value) -> Value {
        let data = self.data(0);
        let client = self.client_data("webauthn.get", &options["challenge"]);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature: Signature = self.key.sign(&signed);
        let mut signature = signature.to_der().as_bytes().to_vec();
        *signature.last_mut().unwrap() ^= u8::from(self.bends);
        json!({"id": BASE64.encode(&self.id), "rawId": BASE64.encode(&self.id), "type": "public-key",
            "extensions": {}, "response": {"authenticatorData": BASE64.encode(data),
            "clientDataJSON": BASE64.encode(client),
            "signature": BASE64.encode(signature), "userHandle": self.handle}})
    }

    /// A copy that has been used less.
    pub fn copy(&self) -> Self {
        Self {
            key: self.key.clone(),
            id: self.id.clone(),
            handle: self.handle.clone(),
            counter: 0,
            ..Self::new(1)
        }
    }
}
