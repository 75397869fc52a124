//! Settings in the store as operators meet them: a plan applied while calls run, taken back, copied and put back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may

mod firewall;

use firewall::{Firewall, call, contact, field};
use std::process::Output;

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

/// What may be in the store is in a plan; what must be in the boot file, in that. The API has an address of its own: without
/// tenants in the boot file it is served at the usual port otherwise, where another test or program may be.
fn split(it: &Firewall) {
    let whole = it.settings("");
    let (boot, plan) = whole.split_once("[[trunk]]").unwrap();
    let api = format!("[api]\nlisten = \"{}.1:28443\"\n", it.net);
    it.write("ringfence.toml", &format!("{boot}{api}"));
    it.write("plan.toml", &format!("[[trunk]]{plan}"));
}

#[test]
fn a_plan_comes_into_force_while_calls_run_and_is_taken_back() {
    let mut it = Firewall::new(9, "");
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    split(&it);
    it.start();
    assert!(it.log().contains("there are no tenants yet"), "{}", it.log());
    let alone = it.tell(&["apply", "plan.toml"]);
    assert!(said(&alone).contains("--yes"), "nobody is there to agree: {}", said(&alone));
    assert_eq!(it.json(&["trunks", "list"]).as_array().unwrap().len(), 0);
    let made = it.tell(&["apply", "--yes", "--reason", "first", "plan.toml"]);
    assert!(
        made.status.success() && said(&made).contains("+ tenant \"office\""),
        "{}",
        said(&made)
    );
    let again = it.tell(&["apply", "--yes", "plan.toml"]);
    assert!(again.status.success() && said(&again).contains("Nothing to do"), "{}", said(&again));
    let answered = call(&pbx, &carrier, "+4915112345678", "one");
    let closed = "policy = { classes = [{ class = \"mobile\", allow = false }, { class = \"international\", allow = false }] }";
    it.write("closed.toml", &format!("[[tenant]]\nid = \"office\"\n{closed}\n"));
    let shown = it.tell(&["apply", "--dry-run", "closed.toml"]);
    assert!(said(&shown).contains("+ policy of office"), "{}", said(&shown));
    assert!(it.tell(&["apply", "--yes", "closed.toml"]).status.success());
    pbx.invite("+4915112345679", "two");
    pbx.hear("SIP/2.0 486");
    assert_eq!(it.json(&["calls", "list"])[0]["known_as"], "one@pbx", "the running call goes on");
    let rows = it.json(&["audit", "list"]);
    let who = rows[0]["who"].as_str().unwrap();
    assert!(who.starts_with("os:") && rows[0]["subject"] == "policy office/policy", "{rows}");
    // What was acknowledged holds after a crash.
    it.kill();
    it.start();
    assert!(it.tell(&["apply", "--yes", "closed.toml"]).status.success());
    let verified = it.tell(&["audit", "verify"]);
    assert!(said(&verified).contains("whole: 4 rows"), "{}", said(&verified));
    let row = rows[0]["seq"].to_string();
    let back = it.tell(&["audit", "revert", &row, "--yes"]);
    assert!(back.status.success() && said(&back).contains("- policy of office"), "{}", said(&back));
    let twice = it.tell(&["audit", "revert", &row, "--yes"]);
    assert_eq!(twice.status.code(), Some(1), "{}", said(&twice));
    let wrong = it.tell(&["reload"]);
    assert!(wrong.status.success(), "{}", said(&wrong));
    pbx.request("BYE", &contact(&answered), &field(&answered, "To"), "one", 2);
    carrier.hear("BYE");
}

#[test]
fn mistakes_in_a_plan_are_told_and_change_nothing() {
    let mut it = Firewall::new(10, "");
    it.start();
    it.write("plan.toml", "[[tenant]]\nid = \"other\"\n");
    let refused = it.tell(&["apply", "--yes", "plan.toml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("the settings are in the boot file"), "{}", said(&refused));
    it.kill();
    split(&it);
    it.start();
    it.write("plan.toml", "[[tenant]]\nid = \"a\"\ncarriers = [\"x\"]\nbogus = 1\n");
    let refused = it.tell(&["apply", "--yes", "plan.toml"]);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text.contains("tenant \"a\": carriers: there is no trunk \"x\""), "{text}");
    assert!(text.contains("tenant \"a\": bogus") && text.contains("2 to mend"), "{text}");
    assert!(said(&it.tell(&["export"])).lines().count() == 1, "nothing was changed");
}

#[test]
fn a_copy_is_made_while_it_runs_and_put_back_when_it_does_not() {
    let mut it = Firewall::new(11, "");
    split(&it);
    it.start();
    assert!(it.tell(&["apply", "--yes", "plan.toml"]).status.success());
    let exported = said(&it.tell(&["export"]));
    let copy = it.run(&["backup", "copy.db", "--config", "ringfence.toml"]);
    assert!(copy.status.success() && said(&copy).contains("3 rows"), "{}", said(&copy));
    it.write("empty.toml", "");
    assert!(it.tell(&["apply", "--yes", "--prune", "empty.toml"]).status.success());
    let running = it.run(&["restore", "copy.db", "--config", "ringfence.toml"]);
    assert_eq!(running.status.code(), Some(1));
    assert!(said(&running).contains("stop"), "{}", said(&running));
    it.kill();
    let restored = it.run(&["restore", "copy.db", "--config", "ringfence.toml"]);
    assert!(restored.status.success(), "{}", said(&restored));
    it.start();
    assert_eq!(said(&it.tell(&["export"])), exported);
}

/// Orders over the control socket need no second person: the file system says who may give them (security-model.md).
#[test]
fn other_users_of_the_machine_give_no_orders() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let mut it = Firewall::new(14, "");
    it.start();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&it.path("data")), mode(&it.path("data/control.sock"))), (0o700, 0o600));
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return eprintln!("not tested: only root can be somebody else");
    }
    // Even with the folders open to all, the socket is not.
    for folder in [it.folder.path().to_owned(), it.path("data")] {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let connect = "socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; \
                   connect($s, sockaddr_un($ARGV[0])) ? print('let in') : print($!)";
    let knock = |user: u32| {
        let socket = it.path("data/control.sock");
        let mut perl = std::process::Command::new("perl");
        perl.args(["-MSocket", "-e", connect]).arg(socket).uid(user).gid(user);
        said(&perl.output().unwrap())
    };
    assert_eq!((knock(65_534).as_str(), knock(0).as_str()), ("Permission denied", "let in"));
}
