//! One message on its way, whatever carried it.

use ringfence_connect::hep::Captured;
use ringfence_model::WallTime;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// One message on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// When.
    pub at: WallTime,
    /// From.
    pub from: SocketAddr,
    /// To.
    pub to: SocketAddr,
    /// `UDP`, `TCP` or `TLS`.
    pub transport: String,
    /// The message. Base64 in JSON: messages need not be text.
    #[serde(with = "base64_text")]
    pub bytes: Vec<u8>,
}

impl Packet {
    /// The same for a capture server.
    #[must_use]
    pub fn captured(&self) -> Captured<'_> {
        Captured {
            at: self.at,
            from: self.from,
            to: self.to,
            stream: self.transport != "UDP",
            key: None,
            correlation: None,
            payload: &self.bytes,
        }
    }
}

mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}
