//! The adviser's routes. Everything is answered with a body: 200 where it was understood, also when it is repeated.

use super::fields::{Fields, Unreadable};
use super::keys::{Known, Unknown};
use super::party::{Asker, handle};
use super::reply::{Advice, Form, json};
use super::{Adviser, PATIENCE, records};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use ringfence_gate::Gate;
use ringfence_gate::advised::{Answer, Full, Happened, Heard, Told};
use ringfence_model::{Now, Target, TenantId};
use ringfence_numbering::Numbering;
use serde_json::{Value, json as value};
use std::net::SocketAddr;
use std::sync::Arc;

/// Longest body of a question or a word about a call, and of call records, in bytes.
const BYTES_MAX: usize = 16 << 10;
const RECORDS_BYTES_MAX: usize = 1 << 20;

type This = State<Arc<Adviser>>;

/// All routes.
pub(super) fn router(adviser: Arc<Adviser>) -> Router {
    Router::new()
        .route("/v1/decide", get(decide_json).post(decide_json))
        .route("/v1/decide.form", get(decide_form).post(decide_form))
        .route("/v1/decide.txt", get(decide_text).post(decide_text))
        .route("/v1/calls/{what}", get(call).post(call))
        .route("/v1/cdr/{format}", post(cdr))
        .fallback(|| async { nothing() })
        .with_state(adviser)
}

async fn decide_json(State(adviser): This, request: Request<Body>) -> Response {
    decide(&adviser, request, Form::Json).await
}

async fn decide_form(State(adviser): This, request: Request<Body>) -> Response {
    decide(&adviser, request, Form::Urlencoded).await
}

async fn decide_text(State(adviser): This, request: Request<Body>) -> Response {
    decide(&adviser, request, Form::Text).await
}

/// What came: who sent it, and what it says.
struct Letter {
    uri: Uri,
    headers: HeaderMap,
    key: Result<Known, Unknown>,
    body: Option<Vec<u8>>,
}

impl Letter {
    async fn open(adviser: &Adviser, request: Request<Body>, most: usize) -> Self {
        let (head, body) = request.into_parts();
        let from = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip());
        let key = match from {
            Some(from) => adviser.keys.of(&head.headers, from).await,
            None => Err(Unknown::Address),
        };
        // Strangers are not read.
        let body = match &key {
            Ok(_) => to_bytes(body, most).await.ok().map(Vec::from),
            Err(_) => Some(Vec::new()),
        };
        if key.is_err() {
            adviser.running.advice.strangers.up();
        }
        Self { uri: head.uri, headers: head.headers, key, body }
    }

    fn fields(&self) -> Result<Fields, Unreadable> {
        let body = self.body.as_deref().ok_or(Unreadable::TooMuch)?;
        Fields::read(&self.uri, &self.headers, body)
    }
}

const fn status(unknown: Unknown) -> StatusCode {
    match unknown {
        Unknown::Key => StatusCode::UNAUTHORIZED,
        Unknown::Address => StatusCode::FORBIDDEN,
        Unknown::Store => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn decide(adviser: &Adviser, request: Request<Body>, form: Form) -> Response {
    let letter = Letter::open(adviser, request, BYTES_MAX).await;
    let known = match &letter.key {
        Ok(known) => known,
        // Who is not known gets the answer that stops no call: a key that ran out is no reason for silence.
        Err(unknown) => {
            return Advice::failed(true, unknown.to_string()).respond(form, status(*unknown));
        }
    };
    let config = adviser.running.config();
    let counters = &adviser.running.advice;
    let fields = letter.fields();
    let asker = fields.as_ref().map_err(Clone::clone).and_then(|fields| {
        Asker::find(&config, known.tenant.as_ref(), fields).map(|asker| (asker, fields))
    });
    let (asker, fields) = match asker {
        Ok(found) => found,
        Err(unreadable) => {
            counters.failed.up();
            let advice = Advice::failed(true, unreadable.to_string());
            return advice.respond(form, StatusCode::BAD_REQUEST);
        }
    };
    let setup = config.snapshot.setup(&asker.tenant);
    let question = match asker.question(fields) {
        Ok(question) => question,
        Err(unreadable) => {
            counters.failed.up();
            let open = asker.asking().fails_open;
            // No mistake of a PBX: somebody dialled it.
            let stopped = unreadable == Unreadable::Smuggled && setup.settings.enforces();
            let advice = Advice::failed(open && !stopped, unreadable.to_string());
            return advice.respond(form, StatusCode::BAD_REQUEST);
        }
    };
    let target = Numbering::embedded().classify(&question.attempt.dialled, &setup.dial_plan);
    let asked = if adviser.has_room(&asker.tenant) {
        adviser.judge(&asker.tenant, move |gate, now| gate.advise(now, question)).await
    } else {
        Err("more questions than this tenant may ask in a second".to_owned())
    };
    match asked {
        Ok(answer) => {
            counters.judged.up();
            let enforces = setup.settings.enforces();
            Advice::of(&answer, enforces).respond(form, StatusCode::OK)
        }
        Err(why) => {
            counters.failed.up();
            // Emergency calls are let through whatever is wrong here.
            let open = asker.asking().fails_open || matches!(target, Target::Protected(_));
            Advice::failed(open, why).respond(form, StatusCode::OK)
        }
    }
}

impl Adviser {
    /// Asks the tenant's shard, for as long as a PBX would wait.
    pub(super) async fn judge<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        ask: impl FnOnce(&mut Gate, Now) -> Result<T, Full> + Send + 'static,
    ) -> Result<T, String> {
        let Ok(_room) = self.waiting.try_acquire() else {
            return Err("too many questions wait".to_owned());
        };
        let shard = self.running.config().snapshot.directory.shard_of(tenant);
        let asked = self.running.shards.ask(shard, ask);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(full))) => Err(full.to_string()),
            Ok(Err(fault)) => Err(fault.what),
            Err(_) => Err("the answer took too long".to_owned()),
        }
    }
}

/// `/v1/calls/start`, `answer`, `running`, `end`.
async fn call(State(adviser): This, Path(what): Path<String>, request: Request<Body>) -> Response {
    let letter = Letter::open(&adviser, request, BYTES_MAX).await;
    let known = match &letter.key {
        Ok(known) => known,
        Err(unknown) => return refusal(status(*unknown), &unknown.to_string()),
    };
    adviser.running.advice.told.up();
    let config = adviser.running.config();
    let told = letter.fields().and_then(|fields| {
        let asker = Asker::find(&config, known.tenant.as_ref(), &fields)?;
        Ok((told(&asker, &what, &fields)?, asker.tenant))
    });
    let (told, tenant) = match told {
        Ok(told) => told,
        Err(unreadable) => return refusal(StatusCode::BAD_REQUEST, &unreadable.to_string()),
    };
    match adviser.judge(&tenant, move |gate, now| gate.told(now, told)).await {
        Ok(heard) => json(StatusCode::OK, &said(&heard)),
        // It may be told again.
        Err(why) => refusal(StatusCode::TOO_MANY_REQUESTS, &why),
    }
}

fn told(asker: &Asker<'_>, what: &str, fields: &Fields) -> Result<Told, Unreadable> {
    let what = match what {
        "start" => Happened::Began,
        "answer" => Happened::Answered,
        "running" => Happened::Runs,
        "end" => {
            let secs = fields.number("billsec")?.map(|secs| secs * 1_000.0);
            let billable = fields.number("billmsec")?.or(secs).map(|ms| ms as u64);
            let code = fields.number("sip_code")?.map(|code| code as u16);
            let code = code.filter(|code| (200..700).contains(code));
            Happened::Ended { billable_ms: billable, code }
        }
        other => {
            let what = format!("{other:?} is not start, answer, running or end");
            return Err(Unreadable::Wrong { name: "the path", what });
        }
    };
    let name = asker.name(fields.need("call_id")?)?;
    // Enough to judge the call when nobody asked about it. A call that was never asked about and is over is a record.
    let ended = matches!(what, Happened::Ended { .. });
    let question = (!ended && fields.get("to").is_some()).then(|| asker.question(fields));
    let question = question.transpose()?.map(Box::new);
    Ok(Told { name, what, handle: handle(fields)?, question })
}

/// What telling led to, in words.
pub(super) fn said(heard: &Heard) -> Value {
    let judged = |answer: &Answer| {
        value!({
            "heard": "judged", "decision_id": answer.call.to_string(),
            "action": if answer.refused { "reject" } else { "allow" }, "reason": answer.why,
        })
    };
    match heard {
        Heard::Noted(call) => value!({"heard": "noted", "decision_id": call.to_string()}),
        Heard::Judged(answer) => judged(answer),
        Heard::Over => value!({"heard": "over"}),
        Heard::Unknown => value!({"heard": "unknown"}),
    }
}

/// `/v1/cdr/{format}`: call records as platforms post them.
async fn cdr(State(adviser): This, Path(format): Path<String>, request: Request<Body>) -> Response {
    let letter = Letter::open(&adviser, request, RECORDS_BYTES_MAX).await;
    let known = match &letter.key {
        Ok(known) => known,
        Err(unknown) => return refusal(status(*unknown), &unknown.to_string()),
    };
    let Some(body) = &letter.body else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "at most 1 MiB of records at once");
    };
    let config = adviser.running.config();
    let fields = Fields::read(&letter.uri, &HeaderMap::new(), b"");
    let asker = fields.and_then(|fields| Asker::find(&config, known.tenant.as_ref(), &fields));
    let asker = match asker {
        Ok(asker) => asker,
        Err(unreadable) => return refusal(StatusCode::BAD_REQUEST, &unreadable.to_string()),
    };
    let records = match records::read(&asker, &format, body) {
        Ok(records) => records,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, &why),
    };
    let mut heard = Vec::with_capacity(records.len());
    for record in records {
        adviser.running.advice.records.up();
        let told = adviser.judge(&asker.tenant, move |gate, now| record.tell(gate, now)).await;
        match told {
            Ok(told) => heard.push(said(&told)),
            // All of them may be posted again: those that were taken are over by then.
            Err(why) => return refusal(StatusCode::TOO_MANY_REQUESTS, &why),
        }
    }
    json(StatusCode::OK, &value!({"records": heard}))
}

fn refusal(status: StatusCode, why: &str) -> Response {
    json(status, &value!({"error": why}))
}

fn nothing() -> Response {
    refusal(StatusCode::NOT_FOUND, "there is /v1/decide, /v1/calls/{what} and /v1/cdr/{format}")
}
