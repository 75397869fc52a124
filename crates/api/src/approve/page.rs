//! The page a link leads to: no script, nothing from elsewhere, in the contact's language. Looking at it does nothing,
//! since mail programs look at links by themselves; only its buttons do.

use super::answer::settle;
use super::links::Named;
use super::words::Words;
use crate::app::App;
use crate::http::frame::From;
use crate::node::Approver;
use crate::refusal::Refusal;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use ringfence_model::{Language, WallTime};
use ringfence_store::{Act, Answer, Approval};
use serde::Deserialize;
use std::sync::Arc;

/// `answer=number` and little more.
const BODY_BYTES_MAX: usize = 256;

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;\
color:#16202c;background:#fff}dt{color:#4a5868}dd{margin:0 0 .6rem;font-weight:600}\
button{display:block;width:100%;margin:.6rem 0;padding:.8rem;font:inherit;border:1px solid #16202c;border-radius:.4rem;\
background:#fff;color:#16202c}button.yes{background:#0b6b3a;color:#fff;border-color:#0b6b3a}\
button.stop{background:#a3161f;color:#fff;border-color:#a3161f}\
@media(prefers-color-scheme:dark){body{color:#e6ebf0;background:#10161d}dt{color:#a8b4c0}\
button{background:#10161d;color:#e6ebf0;border-color:#a8b4c0}}";

/// GET /approve/{token}
pub async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    match asked(&app, &token).await {
        Ok(Some((_, approver, of))) => {
            let page = question(&approver, &of, app.now(), None);
            answer_with(StatusCode::OK, &page)
        }
        Ok(None) => void(&headers),
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    answer: String,
}

/// POST /approve/{token}
pub async fn answer(
    State(app): State<Arc<App>>,
    Extension(From(from)): Extension<From>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let (named, approver, of) = match asked(&app, &token).await {
        Ok(Some(asked)) => asked,
        Ok(None) => return void(&head.headers),
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return Refusal::TooLarge(BODY_BYTES_MAX).into_response();
    };
    let form = serde_urlencoded::from_bytes::<Form>(&body).ok();
    let Some(answer) = form.and_then(|form| Answer::of(&form.answer)) else {
        return Refusal::Malformed("the form".to_owned()).into_response();
    };
    let act = Act {
        who: format!("contact:{}", named.contact),
        what: "approval.answer".to_owned(),
        why: String::new(),
        address: Some(from),
        at: app.now(),
    };
    // A task of its own: who goes away does not end it halfway.
    let work = {
        let (app, of) = (Arc::clone(&app), of.clone());
        tokio::spawn(async move { settle(&app, act, of, (answer, approver.approves)).await })
    };
    let failed = match work.await {
        Ok(Ok(())) | Ok(Err(Refusal::Conflict { .. })) => None,
        Ok(Err(refusal)) => {
            tracing::warn!("an approval was not carried out: {refusal}");
            Some(())
        }
        Err(died) => {
            tracing::error!("an approval was not carried out: {died}");
            Some(())
        }
    };
    // As it stands now, whoever answered.
    let (status, of) = match asked(&app, &token).await {
        Ok(Some((_, _, now))) if failed.is_none() => (StatusCode::OK, now),
        _ => (StatusCode::SERVICE_UNAVAILABLE, of),
    };
    let said = failed.map(|()| Words::of(approver.language).failed);
    answer_with(status, &question(&approver, &of, app.now(), said))
}

/// Who asks about what; `None` where the link is not ours, or its contact no longer one who may answer.
async fn asked(
    app: &Arc<App>,
    token: &str,
) -> Result<Option<(Named, Approver, Approval)>, Refusal> {
    let Some(named) = app.links().read(token) else { return Ok(None) };
    let approver = app.node().approver(named.tenant.clone(), named.contact.clone()).await?;
    let Some(approver) = approver else { return Ok(None) };
    let id = named.approval.clone();
    let found = app
        .work(move |store| match store.approval(&id) {
            Ok(of) => Ok(Some(of)),
            Err(ringfence_store::StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
        .await?;
    let own = found.filter(|of| of.tenant == named.tenant);
    Ok(own.map(|of| (named, approver, of)))
}

fn question(approver: &Approver, of: &Approval, now: WallTime, said: Option<&str>) -> Markup {
    let words = Words::of(approver.language);
    let extension = of.extension.as_deref();
    let inner = html! {
        h1 { (words.title) }
        @if let Some(said) = said { p role="alert" { strong { (said) } } }
        dl {
            dt { (words.number) } dd { (of.number) }
            dt { (words.place) } dd { (of.country) " · " (of.kind) }
            dt { (words.price) } dd { (format!("{:.3}", of.per_minute.as_f64())) " " (words.a_minute) }
            @if let Some(extension) = extension { dt { (words.who) } dd { (extension) } }
        }
        @if let Some((answer, _, who)) = &of.answer {
            p role="status" { (words.answered) " " (words.by) " " (who) ": " strong { (words.answer(*answer)) } }
        } @else if of.expires <= now {
            p role="status" { (words.over) }
        } @else {
            p { (words.asked) }
            p { (words.bound) " " strong { (format!("{:.2}", approver.approves.as_f64())) } "." }
            form method="post" {
                @for answer in Answer::ALL {
                    @if answer != Answer::Block || extension.is_some() {
                        button name="answer" value=(answer.as_str()) class=(class(answer)) { (words.answer(answer)) }
                    }
                }
            }
        }
    };
    page(words, &inner)
}

const fn class(answer: Answer) -> &'static str {
    match answer {
        Answer::Number | Answer::Country => "yes",
        Answer::No => "no",
        Answer::Block => "stop",
    }
}

fn page(words: &Words, inner: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { "Ringfence: " (words.title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { main { (inner) } }
        }
    }
}

/// The same for a link that never was and one that is no longer somebody's.
fn void(headers: &HeaderMap) -> Response {
    let wants = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let dutch =
        wants.is_some_and(|wants| wants.trim_start().to_ascii_lowercase().starts_with("nl"));
    let words = Words::of(if dutch { Language::Nl } else { Language::En });
    let inner = html! { h1 { (words.void) } p { (words.void_more) } };
    answer_with(StatusCode::NOT_FOUND, &page(words, &inner))
}

fn answer_with(status: StatusCode, page: &Markup) -> Response {
    let mut response = Response::new(Body::from(page.0.clone()));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    fields.insert(header::CONTENT_TYPE, html);
    if let Ok(policy) = HeaderValue::from_str(&policy()) {
        fields.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Nothing is loaded, nothing runs, and only this page's own style is one (CSP level 3).
fn policy() -> String {
    use base64::Engine;
    use sha2::Digest;
    let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}
