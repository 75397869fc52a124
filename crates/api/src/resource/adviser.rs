//! What to put into a PBX so that it asks here: the text for its platform, with the tenant's own names and addresses.

use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use ringfence_model::TenantId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What stands where the key goes: keys are shown once, and not here.
const KEY: &str = "RINGFENCE_KEY";

/// Which PBX.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SetupQuery {
    /// Whose.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
    /// `asterisk`, `freepbx`, `freeswitch`, `kamailio`, `opensips`, `3cx` or `swyxware`.
    #[param(inline)]
    pub platform: Platform,
    /// The trunk that is the PBX; absent where the tenant has only one.
    pub trunk: Option<String>,
}

/// What the PBX is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Platform {
    Asterisk,
    FreePbx,
    FreeSwitch,
    Kamailio,
    OpenSips,
    #[serde(rename = "3cx")]
    ThreeCx,
    SwyxWare,
}

impl Platform {
    const fn text(self) -> &'static str {
        match self {
            Self::Asterisk => include_str!("adviser/asterisk.txt"),
            Self::FreePbx => include_str!("adviser/freepbx.txt"),
            Self::FreeSwitch => include_str!("adviser/freeswitch.txt"),
            Self::Kamailio => include_str!("adviser/kamailio.txt"),
            Self::OpenSips => include_str!("adviser/opensips.txt"),
            Self::ThreeCx => include_str!("adviser/3cx.txt"),
            Self::SwyxWare => include_str!("adviser/swyxware.txt"),
        }
    }
}

/// What to put into a PBX.
#[derive(Serialize, ToSchema)]
pub struct AdviserSetup {
    /// What it is.
    pub platform: Platform,
    /// Where it asks over HTTP; absent where nobody can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The text, to be copied; `RINGFENCE_KEY` stands for an API key with the right `decide`.
    pub text: String,
}

/// GET /v1/adviser/setup
pub async fn setup(ask: Ask<Nothing, SetupQuery>) -> Outcome<AdviserSetup> {
    let app = Arc::clone(&ask.app);
    let url = app.node().adviser_url();
    let listens = app.node().status().await?.listens;
    let ask = app
        .work(move |store| {
            ask.caller.may(store, Permission::ReadSettings, &ask.query.tenant)?;
            Ok(ask)
        })
        .await?;
    let SetupQuery { tenant, platform, trunk } = ask.query;
    let trunk = trunk.unwrap_or_else(|| "pbx".to_owned());
    let sane = |text: &str| !text.chars().any(|c| c.is_control() || matches!(c, '"' | '<' | '\\'));
    if !sane(&trunk) || !sane(tenant.as_str()) {
        return Err(Refusal::Invalid("these names cannot stand in a PBX's settings".to_owned()));
    }
    let sip = listens.iter().find_map(|at| at.split_once(' ')).map_or("", |(_, at)| at);
    let text = filled(platform.text(), tenant.as_str(), &trunk, url.as_deref(), sip);
    Ok(Reply::new(AdviserSetup { platform, url, text }))
}

fn filled(text: &str, tenant: &str, trunk: &str, url: Option<&str>, sip: &str) -> String {
    let (host, port) = sip.rsplit_once(':').unwrap_or((sip, "5060"));
    text.replace("{url}", url.unwrap_or("https://ringfence.example:8444"))
        .replace("{tenant}", tenant)
        .replace("{trunk}", trunk)
        .replace("{sip}", sip)
        .replace("{sip_host}", host)
        .replace("{sip_port}", port)
        .replace("{key}", KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_whole() {
        use Platform as P;
        for platform in [
            P::Asterisk,
            P::FreePbx,
            P::FreeSwitch,
            P::Kamailio,
            P::OpenSips,
            P::ThreeCx,
            P::SwyxWare,
        ] {
            let url = Some("https://fw.example:8444");
            let text = filled(platform.text(), "acme", "pbx-1", url, "192.0.2.1:5060");
            for name in ["url", "tenant", "trunk", "sip", "sip_host", "sip_port", "key"] {
                assert!(!text.contains(&format!("{{{name}}}")), "{platform:?} has a hole: {name}");
            }
            let asks = !matches!(platform, P::ThreeCx | P::SwyxWare);
            assert_eq!(asks, text.contains("https://fw.example:8444/v1/decide"), "{platform:?}");
            assert_eq!(asks, text.contains(KEY), "{platform:?}");
            assert!(text.contains("pbx-1"), "{platform:?}");
        }
    }
}
