//! Makes a message of a batch, in the words of who gets it, and has it delivered.

use super::plan;
use crate::config::{Contact, Program, Telling, Way};
use crate::inquire::voice;
use crate::running::Running;
use ringfence_model::{Language, TenantId, WallTime};
use ringfence_notify::{Courier, Letter, News, Page, Undelivered, hook_body, letter};
use ringfence_store::Batch;

/// Whether it arrived.
pub(super) type Delivered = Result<(), Undelivered>;

/// Delivers a message.
pub(super) async fn deliver(
    courier: &Courier,
    running: &Running,
    telling: &Telling,
    batch: &Batch,
    now: WallTime,
) -> Delivered {
    let unreadable = |error: serde_json::Error| Undelivered::Never(error.to_string());
    let news: Vec<News> = batch
        .notices
        .iter()
        .map(|of| serde_json::from_value(of.body.clone()).map_err(unreadable))
        .collect::<Result<_, _>>()?;
    let gone =
        || Undelivered::Never("there is no such contact or notification any more".to_owned());
    let first = batch.notices.first().ok_or_else(gone)?;
    let owner = first.tenant.as_ref();
    match first.channel.split_once(':') {
        Some(("contact", id)) => {
            let own = |of: &&Contact| of.id == id && of.tenant.as_ref() == owner;
            let contact = telling.contacts.iter().find(own).ok_or_else(gone)?;
            to_person(courier, running, telling, (contact, &batch.letter), &news).await
        }
        Some(("notification", id)) => {
            let own = |of: &&Program| of.id == id && of.tenant.as_ref() == owner;
            let program = telling.programs.iter().find(own).ok_or_else(gone)?;
            to_program(courier, running, program, &news, now).await
        }
        _ => Err(gone()),
    }
}

async fn to_person(
    courier: &Courier,
    running: &Running,
    telling: &Telling,
    (contact, id): (&Contact, &str),
    news: &[News],
) -> Delivered {
    let letter = written(running, telling, (contact, id), news);
    let gone = "this contact has no mail address any more";
    courier.letter(&letter.ok_or_else(|| Undelivered::Never(gone.to_owned()))?).await
}

fn written(
    running: &Running,
    telling: &Telling,
    (contact, id): (&Contact, &str),
    news: &[News],
) -> Option<Letter> {
    let to = contact.mail.as_deref()?;
    let about = news.iter().find_map(|of| of.tenant.as_ref());
    let voice = speaking(running, about, contact.language);
    let config = running.config();
    let site = config.api.as_ref().map(|api| api.public_url.trim_end_matches('/'));
    let links = running.links.as_ref();
    let answer = |approval: &str| {
        let (links, site, tenant) = (links?, site?, contact.tenant.as_ref()?);
        Some(format!("{site}{}", links.path(approval, tenant, &contact.id)))
    };
    let steps = plan(telling, about, contact.language);
    let page = Page { voice: &voice, to, name: &contact.name, site, plan: &steps, answer: &answer };
    Some(letter(id.to_owned(), &page, news))
}

async fn to_program(
    courier: &Courier,
    running: &Running,
    program: &Program,
    news: &[News],
    now: WallTime,
) -> Delivered {
    for of in news {
        let voice = speaking(running, of.tenant.as_ref(), Language::En);
        match &program.way {
            Way::Hook(hook) => {
                courier.hook(hook, &of.id, hook_body(of, &voice), now).await?;
            }
            Way::Syslog(log) => {
                courier.line(log, &log.line(of, &host(running), &voice)).await?;
            }
        }
    }
    Ok(())
}

/// As the tenant is spoken to, in this language.
fn speaking(
    running: &Running,
    tenant: Option<&TenantId>,
    language: Language,
) -> ringfence_fraud::explain::Voice {
    voice(&running.setup_or_default(tenant), language)
}

/// What we call ourselves in a log: where browsers find us, or nothing.
fn host(running: &Running) -> String {
    let config = running.config();
    let url = config.api.as_ref().map(|api| api.public_url.as_str()).unwrap_or_default();
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    host.split(['/', ':']).next().unwrap_or_default().to_owned()
}
