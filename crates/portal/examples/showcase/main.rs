//! The portal with a made-up world: six customers, two weeks of calls, an attack last night, calls that run now. For
//! looking at the portal, for its tests in a browser and for its pictures. Nothing of it is kept.
//!
//! `cargo run -p ringfence-portal --example showcase -- 8899`, then open the link that it prints. `-- 8899 300 500` has
//! 300 times the records (a million) and 500 running calls. `-- write FOLDER` (and 300) only writes its calls and events
//! there, as the server would have: in the data folder of a program they are its past.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example says what is wrong by ending"
)]

mod history;
mod node;
mod told;

use axum::Router;
use ringfence_api::{App, Chance, Clock, Settings, State};
use ringfence_model::WallTime;
use ringfence_store::{Feeder, Place, Store};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The machine's clock and chance.
struct Machine;

impl Clock for Machine {
    fn now(&self) -> WallTime {
        now()
    }
}

impl Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    WallTime(i64::try_from(since.as_micros()).unwrap())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1);
    let first = args.next();
    if first.as_deref() == Some("write") {
        let folder = args.next().unwrap();
        let times = args.next().map_or(1, |times| times.parse().unwrap());
        return history::write(folder.as_ref(), now(), times);
    }
    let port: u16 = first.map_or(8899, |port| port.parse().unwrap());
    let mut many = args.map(|count| count.parse().unwrap());
    let (times, calls) = (many.next().unwrap_or(1), many.next().unwrap_or(9));
    let spool = tempfile::tempdir().unwrap();
    // A million records are not for the memory.
    let place =
        if times > 1 { Place::File(spool.path().join("showcase.db")) } else { Place::Memory };
    let store = Store::open(place, now()).unwrap();
    let feeder = Mutex::new(Feeder::new(store.clone(), spool.path(), 0));
    let feed = move || while feeder.lock().unwrap().turn().unwrap().behind > 0 {};
    history::write(spool.path(), now(), times);
    feed();
    told::put(&store, now());
    let node = Arc::new(node::Double::new(spool.path().to_owned(), Box::new(feed), calls));
    let app = App::new(State {
        store,
        node: Arc::clone(&node) as Arc<dyn ringfence_api::Node>,
        clock: Arc::new(Machine),
        chance: Arc::new(Machine),
        settings: Settings::new(format!("http://localhost:{port}"), [7; 32]),
    })
    .unwrap();
    println!("{}", app.setup_link().unwrap().unwrap());
    let api = ringfence_api::router_with(Arc::clone(&app), ringfence_portal::router());
    let tend = tokio::spawn(async move {
        let mut looks = tokio::time::interval(Duration::from_secs(30));
        loop {
            looks.tick().await;
            let _ = ringfence_api::tend(&app).await;
        }
    });
    serve(api, port).await;
    tend.abort();
}

async fn serve(router: Router, port: u16) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await
        .unwrap();
}
