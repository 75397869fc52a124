//! What programs are sent over HTTP: JSON, signed so that they know it is ours and fresh.

use crate::courier::hex;
use crate::{News, What};
use hmac::{Hmac, KeyInit, Mac};
use ringfence_fraud::explain::Voice;
use ringfence_model::WallTime;
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;
use std::fmt;

/// Where a program hears.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// `https://…`; `http` to this machine alone.
    pub url: String,
    /// What its messages are signed with.
    pub secret: String,
}

impl fmt::Debug for Hook {
    /// Without the secret; addresses often hold one too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

/// The value of `X-Ringfence-Signature` for `body` sent at `at`: `t=<seconds>,v1=<HMAC-SHA256 in hex>` over the seconds,
/// a dot and the body. Who checks it refuses what is older than a few minutes.
#[must_use]
pub fn signature(secret: &str, at: WallTime, body: &[u8]) -> String {
    let secs = at.as_secs();
    // HMAC takes keys of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let mac = mac.chain_update(format!("{secs}.")).chain_update(body).finalize().into_bytes();
    format!("t={secs},v1={}", hex(&mac))
}

/// The body: the news, with times in RFC 3339, and reasons also in words.
#[must_use]
pub fn hook_body(news: &News, voice: &Voice) -> Vec<u8> {
    serde_json::to_vec(&told(news, voice)).unwrap_or_default()
}

/// The news as one flat table.
pub fn told(news: &News, voice: &Voice) -> Json {
    let Ok(Json::Object(mut fields)) = serde_json::to_value(news) else { return Json::Null };
    // Who gets this has no right to what is only for a contact's own eyes.
    if matches!(news.what, What::Held { .. }) {
        fields.remove("approval");
    }
    times(&mut fields);
    fields.insert("urgent".to_owned(), json!(news.is_urgent()));
    if !news.reasons().is_empty() {
        fields.insert("why".to_owned(), json!(voice.reasons(news.reasons())));
    }
    Json::Object(fields)
}

fn times(fields: &mut Map<String, Json>) {
    for name in ["at", "until", "expires", "from", "not_before"] {
        let Some(micros) = fields.get(name).and_then(Json::as_i64) else { continue };
        if let Ok(stamp) = jiff::Timestamp::from_microsecond(micros) {
            fields.insert(name.to_owned(), json!(stamp.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenSSL's figure: `printf '1795348800.hello' | openssl dgst -sha256 -hmac Jefe`.
    #[test]
    fn a_body_is_signed_with_its_time() {
        let at = WallTime::from_secs(1_795_348_800);
        let signed = signature("Jefe", at, b"hello");
        assert!(signed.starts_with("t=1795348800,v1=") && signed.len() == 16 + 64, "{signed}");
        assert_ne!(signed, signature("jefe", at, b"hello"));
        assert_ne!(signed, signature("Jefe", at, b"hello "));
        assert_eq!(signed.rsplit_once('=').unwrap().1, OPENSSL);
    }

    const OPENSSL: &str = "b24fd9fcdd32d9906924c6282fbd1959757504ff9af56505397bcce61fd77f91";

    #[test]
    fn times_are_readable_and_the_name_of_an_approval_is_not_there() {
        let news = crate::letter::tests::held();
        let told = told(&news, &Voice::english());
        assert_eq!(told["at"], "2026-11-22T12:00:00Z");
        assert_eq!(told["expires"], "2026-11-22T14:00:00Z");
        assert_eq!((&told["kind"], &told["number"]), (&json!("held"), &json!("+23276123456")));
        assert!(told["why"].as_str().unwrap().contains("international"), "{told}");
        assert!(told.get("approval").is_none() && told["urgent"] == true);
    }
}
