//! What a dialled number is, what it costs, and what would become of a call to it.

use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use crate::inquire::{NumberAsk, NumberView};
use crate::refusal::Refusal;
use crate::rights::Permission;
use ringfence_model::{ExtensionId, Language, TenantId};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Longer than anything that is dialled (E.164: 15 digits) with prefixes and punctuation.
const DIGITS_MAX: usize = 64;

/// The digits.
#[derive(Deserialize, IntoParams)]
pub struct Dialled {
    /// As somebody dials them, or an international number; a `+` is written `%2B`.
    pub number: String,
}

/// Who dials, and how it is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NumberQuery {
    /// With the dial plan, tariff, policy and blocks of this tenant; absent: the default dial plan and tariff.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// From this extension of the tenant.
    #[param(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// Of the verdict: `en` unless said otherwise, `nl`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(en|nl)$")]
    pub lang: Language,
}

/// GET /v1/numbers/{number}
pub async fn inspect(ask: Ask<Dialled, NumberQuery>) -> Outcome<NumberView> {
    let dialled = ask.path.number.trim().to_owned();
    if dialled.is_empty() || dialled.len() > DIGITS_MAX || dialled.chars().any(char::is_control) {
        return Err(Refusal::Malformed(format!("a number has 1 to {DIGITS_MAX} characters")));
    }
    let NumberQuery { tenant, extension, lang } = ask.query;
    if tenant.is_none() && extension.is_some() {
        return Err(Refusal::Invalid("an extension is one of a tenant: say which tenant".into()));
    }
    let app = Arc::clone(&ask.app);
    if let Some(tenant) = tenant.clone() {
        let caller = ask.caller;
        app.work(move |store| caller.may(store, Permission::ReadSettings, &tenant)).await?;
    }
    let ask = NumberAsk { tenant, extension, dialled, language: lang };
    Ok(Reply::new(app.node().number(ask).await?))
}
