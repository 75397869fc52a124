//! `[api.provider]`: where people may also log in (OpenID Connect).

use super::section::Section;
use std::fmt;

/// What the boot file says of an OpenID Connect provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// As it names itself.
    pub issuer: String,
    /// As it knows us.
    pub client_id: String,
    /// What we show it.
    pub client_secret: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that is the login.
    pub login_claim: String,
    /// Whether a second factor given there counts.
    pub trusts_second_factor: bool,
}

impl fmt::Debug for Provider {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The section; `None`: people log in here only.
pub(super) fn read(api: &mut Section<'_>) -> Option<Provider> {
    let mut section = api.section("provider")?;
    let issuer = section.required("issuer", "https://login.example.org/realm");
    let client_id = section.required("client_id", "ringfence");
    let client_secret = section.secret("client_secret");
    let scopes = section.or("scopes", vec!["email".to_owned()]);
    let login_claim = section.or("login_claim", "email".to_owned());
    let trusts_second_factor = section.or("trusts_second_factor", false);
    let (span, desk) = (section.span.clone(), section.desk());
    section.finish();
    let issuer = issuer?;
    if !issuer.value.starts_with("https://") && !issuer.value.starts_with("http://localhost") {
        let what = format!("issuer: {:?} does not begin with https://", issuer.value);
        desk.wrong(&issuer.span, what, "write it as the provider shows it");
    }
    if client_secret.is_none() && desk.is_clean() {
        let mend = "write client_secret = { file = \"provider.secret\" }";
        desk.wrong(&span, "[api.provider] has no client_secret", mend);
    }
    Some(Provider {
        issuer: issuer.value,
        client_id: client_id?.value,
        client_secret: client_secret?.value,
        scopes,
        login_claim,
        trusts_second_factor,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Source, parse};

    fn told(provider: &str) -> Result<Option<super::Provider>, String> {
        let text = format!(
            "[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"t\"\ncountry = \"NL\"\n[api]\nlisten = \"127.0.0.1:8443\"\n[api.provider]\n{provider}"
        );
        let config = parse(Source::new("/nowhere/r.toml".into(), text));
        config.map(|config| config.api.unwrap().provider).map_err(|told| told.to_string())
    }

    const WHOLE: &str =
        "issuer = \"https://id.example\"\nclient_id = \"fw\"\nclient_secret = \"s3cret\"\n";

    #[test]
    fn a_provider_is_read_and_its_secret_not_shown() {
        let provider = told(WHOLE).unwrap().unwrap();
        assert_eq!(
            (&*provider.login_claim, &*provider.scopes),
            ("email", &["email".to_owned()][..])
        );
        assert!(!provider.trusts_second_factor);
        assert!(!format!("{provider:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_missing_or_strange_is_told() {
        for (text, word) in [
            ("issuer = \"https://id.example\"\nclient_id = \"fw\"\n", "client_secret"),
            (&*WHOLE.replace("https", "http"), "https://"),
            (&*format!("{WHOLE}colour = 1\n"), "colour"),
            ("", "issuer"),
        ] {
            let told = told(text).unwrap_err();
            assert!(told.contains(word), "{told}");
        }
    }
}
