//! Server-sent events.

use crate::world::{Client, World};
use axum::body::Body;
use axum::http::Request;
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

struct Listening(axum::body::BodyDataStream);

impl Listening {
    /// The next piece; `None` when the stream ends.
    async fn next(&mut self) -> Option<String> {
        let piece = poll_fn(|context| Pin::new(&mut self.0).poll_next(context)).await?;
        Some(String::from_utf8(piece.unwrap().to_vec()).unwrap())
    }
}

async fn listen(client: &Client<'_>, last: Option<&str>) -> Listening {
    let mut request = Request::get("/v1/events").header("cookie", client.cookie.as_ref().unwrap());
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = client.world.answer(request.body(Body::empty()).unwrap(), client.from).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut listening = Listening(response.into_body().into_data_stream());
    assert!(listening.next().await.unwrap().starts_with("retry: 2000\n"));
    listening
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_to_who_may_see_it() {
    let world = World::peopled();
    let (anna, root) = (world.client("anna"), world.client("root"));
    let (mut annas, mut roots) = (listen(&anna, None).await, listen(&root, None).await);
    world.history();
    let first = annas.next().await.unwrap();
    assert!(
        first.starts_with("id: ")
            && first.contains("\nevent: alerted\ndata: {")
            && first.ends_with("}\n\n"),
        "{first}"
    );
    assert!(annas.next().await.unwrap().contains("event: blocked"));
    // What is told next is a sign of life: nothing of the other tenant.
    assert_eq!(annas.next().await.unwrap(), ":\n\n");
    for _ in 0..4 {
        assert!(roots.next().await.unwrap().starts_with("id: "));
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_gets_what_was_missed() {
    let world = World::peopled();
    world.history();
    let root = world.client("root");
    let mut all = listen(&root, Some("0")).await;
    let first = all.next().await.unwrap();
    let id = first.lines().next().unwrap().strip_prefix("id: ").unwrap().to_owned();
    let mut rest = listen(&root, Some(&id)).await;
    assert_eq!(rest.next().await, all.next().await);
    let request = Request::get("/v1/events").header("cookie", root.cookie.as_ref().unwrap());
    let request = request.header("last-event-id", "x").body(Body::empty()).unwrap();
    world.raw(request, root.from).await.refused(400, "malformed");
}

#[tokio::test(start_paused = true)]
async fn who_logs_out_hears_no_more() {
    let world = World::peopled();
    let anna = world.client("anna");
    let mut listening = listen(&anna, None).await;
    assert_eq!(listening.next().await.unwrap(), ":\n\n");
    world.ask(|store| store.close_sessions(&crate::world::id_of("anna"), None)).unwrap();
    world.forward(Duration::from_secs(15));
    assert_eq!(listening.next().await, None);
}
