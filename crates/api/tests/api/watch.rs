//! What is told of requests for traces.

use crate::world::World;
use ringfence_api::{Seen, Watch};
use std::sync::{Arc, Mutex};

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Watch for Notes {
    fn saw(&self, seen: &Seen<'_>) {
        let Seen { method, route, status, role, traceparent, .. } = seen;
        assert!(!seen.request_id.is_empty() && seen.began <= seen.ended);
        let note = format!("{method} {route} {status} {role} {traceparent:?}");
        self.0.lock().unwrap().push(note);
    }
}

#[tokio::test]
async fn each_request_is_told_of_by_its_route_and_role() {
    let notes = Arc::<Notes>::default();
    let world =
        World::peopled_with(|settings| settings.watch = Some(Arc::clone(&notes) as Arc<dyn Watch>));
    world.client("anna").with("traceparent", "00-x").get("/v1/trunks/secret-name").await.is(404);
    world.client("otto").delete("/v1/trunks/kpn").await.is(403);
    world.stranger().get("/v1/numbers/0031612345678").await.is(401);
    world.stranger().get("/v1/0031612345678").await.is(404);
    let told = notes.0.lock().unwrap();
    let wanted = [
        "GET /v1/trunks/{id} 404 tenant_admin Some(\"00-x\")",
        "DELETE /v1/trunks/{id} 403 nobody None",
        "GET /v1/numbers/{number} 401 nobody None",
        "GET /v1/{*path} 404 nobody None",
    ];
    assert_eq!(*told, wanted);
}
