//! Live data: server-sent events (WHATWG HTML §9.2), resumed with `Last-Event-ID`.
//!
//! A client has no queue here but a short one to its socket: its place is a number, and it reads the store from there. One
//! that is slow is late and loses nothing, until rows it has not read are deleted; then it is told of the gap.

use super::alerts::EventView;
use crate::app::App;
use crate::caller::{self, Caller, Whose};
use crate::http::ask::{Ask, Nothing};
use crate::http::document::Parts;
use crate::http::reply::Answer;
use crate::http::route::Needs;
use crate::refusal::Refusal;
use crate::resource::live::TenantQuery;
use crate::rights::Permission;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_core::Stream;
use ringfence_model::TenantId;
use ringfence_store::Event;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use utoipa::openapi::{ContentBuilder, ResponseBuilder};

/// How often it is looked whether something happened.
const LOOK: Duration = Duration::from_millis(500);
/// After so long without an event a comment is sent, and it is looked whether the caller may still listen.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Who does not read for so long is gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events read at once.
const STEP: u32 = 200;
/// Pieces between here and the socket.
const PIECES: usize = 16;
/// Most clients at once.
const CLIENTS_MAX: usize = 256;

/// Clients that listen now.
#[derive(Default)]
pub struct Listeners(Arc<AtomicUsize>);

/// A client's place among them, given up when dropped.
struct Seat(Arc<AtomicUsize>);

impl Listeners {
    fn enter(&self) -> Result<Seat, Refusal> {
        let seat = Seat(Arc::clone(&self.0));
        if self.0.fetch_add(1, Ordering::Relaxed) >= CLIENTS_MAX {
            Err(Refusal::Busy)
        } else {
            Ok(seat)
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream of events.
pub struct Events(mpsc::Receiver<Bytes>);

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|piece| piece.map(Ok))
    }
}

impl Answer for Events {
    fn respond(self, status: StatusCode) -> Response {
        let mut response = Response::new(Body::from_stream(self));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        // Proxies that gather would hold alerts back.
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }

    fn document(parts: &mut Parts) -> ResponseBuilder {
        let content = ContentBuilder::new().schema(Some(parts.schema::<EventView>())).build();
        ResponseBuilder::new()
            .description(
                "A stream. `event` is the kind, `data` an event as JSON, `id` its number. `event: gap` says that \
                 events between the last one and now are no longer kept.",
            )
            .content("text/event-stream", content)
    }
}

/// GET /v1/events
pub async fn listen(ask: Ask<Nothing, TenantQuery>) -> Result<Events, Refusal> {
    let seat = ask.app.listeners.enter()?;
    let app = Arc::clone(&ask.app);
    let given = ask.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let given = given.map(|id| {
        let wrong = || Refusal::Malformed("Last-Event-ID is no number of an event".into());
        id.parse::<i64>().map_err(|_| wrong())
    });
    let given = given.transpose()?;
    let listener = app
        .work(move |store| {
            let whose = whose(store, &ask.caller, ask.query.tenant.as_ref())?;
            // Numbers begin at 0.
            let (oldest, newest) = store.event_bounds()?.unwrap_or((0, -1));
            let gap = given.is_some_and(|id| id + 1 < oldest);
            let place = given.unwrap_or(newest);
            let Ask { app, from, headers, query, .. } = ask;
            Ok((gap, Listener { app, headers, from, tenant: query.tenant, whose, place }))
        })
        .await?;
    let (send, pieces) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let (gap, listener) = listener;
        listener.serve(gap, send).await;
        drop(seat);
    });
    Ok(Events(pieces))
}

fn whose(
    store: &ringfence_store::Store,
    caller: &Caller,
    tenant: Option<&TenantId>,
) -> Result<Whose, Refusal> {
    caller.whose(store, Permission::ReadCases, tenant)
}

struct Listener {
    app: Arc<App>,
    headers: HeaderMap,
    from: IpAddr,
    tenant: Option<TenantId>,
    whose: Whose,
    place: i64,
}

/// Why a stream ends.
struct Over;

impl Listener {
    async fn serve(mut self, gap: bool, send: mpsc::Sender<Bytes>) {
        let begin = if gap { "retry: 2000\nevent: gap\ndata: {}\n\n" } else { "retry: 2000\n\n" };
        if give(&send, begin.into()).await.is_err() {
            return;
        }
        let mut quiet = Duration::ZERO;
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let Ok(told) = self.tell(&send).await else { return };
            if told {
                quiet = Duration::ZERO;
                continue;
            }
            tokio::select! {
                _ = look.tick() => quiet += LOOK,
                () = send.closed() => return,
            }
            if quiet >= HEARTBEAT {
                quiet = Duration::ZERO;
                // Who logs out or loses a right hears no more.
                if self.ask_again().await.is_err() || give(&send, ":\n\n".into()).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Tells what happened since; whether there may be more at once.
    async fn tell(&mut self, send: &mpsc::Sender<Bytes>) -> Result<bool, Over> {
        let place = self.place;
        let events = match self.app.work(move |store| Ok(store.events_since(place, STEP)?)).await {
            Ok(events) => events,
            // The store is away for a while: the place is kept.
            Err(_) => return Ok(false),
        };
        let more = events.len() >= STEP as usize;
        for event in events {
            self.place = event.id;
            if self.is_seen(&event) {
                give(send, piece(event)).await?;
            }
        }
        Ok(more)
    }

    fn is_seen(&self, event: &Event) -> bool {
        match &self.whose {
            Whose::All => true,
            Whose::These(tenants) => {
                event.tenant.as_ref().is_some_and(|of| tenants.binary_search(of).is_ok())
            }
        }
    }

    async fn ask_again(&mut self) -> Result<(), Over> {
        let needs = Needs::Right(Permission::ReadCases);
        let at = self.app.now();
        let identified = caller::identify(&self.app, &self.headers, self.from, at, needs).await;
        let caller = match identified {
            Ok(caller) => caller,
            Err(Refusal::Busy | Refusal::StoreGone(_)) => return Ok(()),
            Err(_) => return Err(Over),
        };
        let tenant = self.tenant.clone();
        let whose = self.app.work(move |store| whose(store, &caller, tenant.as_ref())).await;
        match whose {
            Ok(whose) => self.whose = whose,
            Err(Refusal::Busy | Refusal::StoreGone(_)) => {}
            Err(_) => return Err(Over),
        }
        Ok(())
    }
}

async fn give(send: &mpsc::Sender<Bytes>, text: String) -> Result<(), Over> {
    match tokio::time::timeout(PATIENCE, send.send(text.into())).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over),
    }
}

/// One event. JSON has no line ends, so it is one line of data.
fn piece(event: Event) -> String {
    let (id, kind) = (event.id, event.kind.clone());
    let kind: String = kind.chars().filter(char::is_ascii_graphic).collect();
    let data = serde_json::to_string(&EventView::from(event)).unwrap_or_default();
    format!("id: {id}\nevent: {kind}\ndata: {data}\n\n")
}
