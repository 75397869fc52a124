//! Networks that are not heard, by order.

use super::node::of_platform;
use crate::app::App;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::node::{BanOrder, BanView};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::time::Time;
use ipnet::IpNet;
use ringfence_store::{About, Act};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;

/// A wider network than this is a slip: it would shut out everybody. Of IPv6 the widest that is given out is a /16.
const V4_BITS_MIN: u8 = 8;
const V6_BITS_MIN: u8 = 16;

/// GET /v1/node/bans
pub async fn list(ask: Ask) -> Outcome<Page<BanView>> {
    of_platform(&ask.caller, Permission::ReadNode)?;
    Ok(Reply::new(Page::whole(ask.app.node().bans().await?)))
}

/// Who shall not be heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBan {
    /// An address or a network, such as `192.0.2.7` or `2001:db8::/32`.
    pub net: String,
    /// Until when; absent: until somebody lifts it.
    pub until: Option<Time>,
}

/// POST /v1/node/bans
pub async fn set(ask: Ask<Nothing, Nothing, NewBan>) -> Outcome<Done> {
    of_platform(&ask.caller, Permission::OperateNode)?;
    let net = net(&ask.body.net)?;
    let bits = if net.addr().is_ipv4() { V4_BITS_MIN } else { V6_BITS_MIN };
    if net.prefix_len() < bits {
        return Err(Refusal::Invalid(format!("{net} is too wide: ban /{bits} or narrower")));
    }
    let until = ask.body.until;
    if until.is_some_and(|until| until.0 <= ask.at) {
        return Err(Refusal::Invalid("until is not in the future".into()));
    }
    let order = BanOrder { net, until: until.map(|time| time.0), by: ask.caller.who() };
    // The node first: a ban that is acknowledged holds.
    ask.app.node().ban(order).await?;
    note(&ask.app, ask.act("ban.set"), net, Some(serde_json::json!({ "until": until }))).await
}

/// Who shall be heard again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftedBan {
    /// An address or a network: all bans inside it end, those made by evidence too.
    pub net: String,
}

/// POST /v1/node/bans/lift
pub async fn lift(ask: Ask<Nothing, Nothing, LiftedBan>) -> Outcome<Done> {
    of_platform(&ask.caller, Permission::OperateNode)?;
    let net = net(&ask.body.net)?;
    ask.app.node().lift_ban(net, ask.caller.who()).await?;
    note(&ask.app, ask.act("ban.lift"), net, None).await
}

async fn note(
    app: &Arc<App>,
    act: Act,
    net: IpNet,
    after: Option<serde_json::Value>,
) -> Outcome<Done> {
    app.work(move |store| {
        let subject = format!("net {net}");
        let about = About { tenant: None, subject: &subject, before: None, after: after.as_ref() };
        store.record(&act, about)?;
        Ok(())
    })
    .await?;
    Ok(Reply::new(Done))
}

fn net(text: &str) -> Result<IpNet, Refusal> {
    let text = text.trim();
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| {
        let text: String = text.chars().take(60).collect();
        Refusal::Invalid(format!("{text:?} is no address and no network such as 192.0.2.0/24"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_read_in_one_form() {
        for (text, read) in [
            ("192.0.2.7", "192.0.2.7/32"),
            (" 192.0.2.7/24 ", "192.0.2.0/24"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
        ] {
            assert_eq!(net(text).unwrap().to_string(), read);
        }
        for wrong in ["", "192.0.2", "192.0.2.0/33", "example.org", "::1/200"] {
            assert!(net(wrong).is_err(), "{wrong}");
        }
    }
}
