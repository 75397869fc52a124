//! Everything once more on PostgreSQL: these tests run again, in a process that is told where a database is.

#[path = "../../../store/tests/contract/postgres.rs"]
mod server;

use ringfence_store::Place;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the database is, for the process that runs the tests again.
const AT: &str = "RINGFENCE_TEST_POSTGRESQL";
static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// A store of the test's own: in memory, or where this process was told to make it.
pub fn place() -> Place {
    let Ok(at) = std::env::var(AT) else { return Place::Memory };
    let name = format!("w{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let mut client = postgres::Client::connect(&at, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
    Place::Postgres(format!("{at} options='-c search_path={name}'"))
}

#[test]
fn the_api_is_the_same_on_postgresql() {
    if std::env::var_os(AT).is_some() {
        return;
    }
    let server = server::Server::start();
    let Place::Postgres(first) = server.place("first") else { unreachable!() };
    let at = first.split(" options=").next().unwrap();
    let ran = Command::new(std::env::current_exe().unwrap())
        .env(AT, at)
        // Who may do what, and what is refused unread, is the same whatever the database; it makes many worlds.
        .args(["--skip", "each_route_does_for_each_role", "--skip", "whatever_comes_is_refused"])
        .args(["--test-threads", "2"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    let passed = said.rsplit("ok. ").next().and_then(|rest| rest.split(' ').next());
    assert!(passed.and_then(|count| count.parse().ok()) > Some(50), "{said}");
}
