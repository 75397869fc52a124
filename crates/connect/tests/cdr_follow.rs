//! A file that grows under the reader's eyes.
#![allow(clippy::panic, clippy::unwrap_used)]

use jiff::tz::TimeZone;
use ringfence_connect::cdr::{Follower, ImportOptions, Position, Reject};
use ringfence_model::{Cdr, WallTime};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct World {
    _folder: TempDir,
    path: PathBuf,
    now: i64,
    rejects: Vec<Reject>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Master.csv");
        Self { _folder: folder, path, now: 1_000, rejects: Vec::new() }
    }

    fn follow(&self, from: Option<Position>) -> Follower {
        Follower::open(&self.path, ImportOptions::new(TimeZone::UTC), from).unwrap()
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn poll(&mut self, follower: &mut Follower) -> Vec<Cdr> {
        let rejects = &mut self.rejects;
        follower.poll(WallTime::from_secs(self.now), &mut |reject| rejects.push(reject)).unwrap()
    }

    /// What is read now, and given out after the legs had time to settle.
    fn settle(&mut self, follower: &mut Follower) -> Vec<String> {
        let mut cdrs = self.poll(follower);
        self.now += 5;
        cdrs.extend(self.poll(follower));
        cdrs.iter().map(|cdr| cdr.native_id.to_string()).collect()
    }
}

fn row(id: u32) -> String {
    linked(id, id)
}

fn linked(id: u32, linked: u32) -> String {
    format!(
        "\"c\",\"205\",\"0031612345678\",\"i\",\"\"\"x\"\" <205>\",\"PJSIP/205-01\",\"PJSIP/t-02\",\"Dial\",\
         \"PJSIP/0031612345678@t,60\",\"2026-11-21 10:00:00\",\"2026-11-21 10:01:00\",\"2026-11-21 10:02:00\",120,60,\
         \"ANSWERED\",\"DOCUMENTATION\",\"1795255200.{id}\",\"\",\"\",\"1795255200.{linked}\",{id}\n"
    )
}

fn id(n: u32) -> String {
    format!("1795255200.{n}/{n}")
}

#[test]
fn a_partial_last_line_waits_for_its_rest() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    assert!(world.settle(&mut follower).is_empty(), "the file is not there yet");
    let second = row(2);
    let (head, tail) = second.split_at(70);
    world.append(&format!("{}{head}", row(1)));
    assert_eq!(world.settle(&mut follower), [id(1)]);
    assert!(world.settle(&mut follower).is_empty());
    world.append(tail);
    assert_eq!(world.settle(&mut follower), [id(2)]);
    assert!(world.rejects.is_empty());
}

#[test]
fn legs_of_one_call_are_waited_for() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    world.append(&linked(1, 1));
    assert!(world.poll(&mut follower).is_empty(), "another leg may follow");
    world.now += 1;
    world.append(&linked(2, 1).replace("PJSIP/t-02", "Local/0031612345678@x-01;1"));
    assert!(world.poll(&mut follower).is_empty());
    assert_eq!(world.settle(&mut follower), [id(1)]);
    assert_eq!(
        (follower.summary().rows, follower.summary().dropped_legs, follower.summary().records),
        (2, 1, 1)
    );
    world.append(&row(3));
    assert!(world.poll(&mut follower).is_empty());
    assert_eq!(follower.finish().len(), 1, "at the end nothing is held back");
}

#[test]
fn rotation_loses_nothing() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    world.append(&row(1));
    assert_eq!(world.settle(&mut follower), [id(1)]);
    let old = world.path.with_extension("csv.1");
    fs::rename(&world.path, &old).unwrap();
    // Between the steps the switch still writes to the old file.
    append_to(&old, &row(2));
    assert_eq!(world.settle(&mut follower), [id(2)]);
    append_to(&old, row(3).trim_end());
    world.append(&row(4));
    assert_eq!(world.settle(&mut follower), [id(3), id(4)], "the last line without its end, too");
    assert!(world.rejects.is_empty());
}

fn append_to(path: &Path, text: &str) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn truncation_begins_anew() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    world.append(&(row(1) + &row(2)));
    assert_eq!(world.settle(&mut follower), [id(1), id(2)]);
    fs::write(&world.path, "").unwrap();
    assert!(world.settle(&mut follower).is_empty());
    world.append(&row(3));
    assert_eq!(world.settle(&mut follower), [id(3)]);
    // Emptied and already longer than before when we look again.
    fs::write(&world.path, row(14) + &row(15) + &row(16)).unwrap();
    assert_eq!(world.settle(&mut follower), [id(14), id(15), id(16)]);
}

#[test]
fn a_restart_goes_on_where_calls_were_given_out() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    world.append(&(row(1) + &row(2)));
    assert_eq!(world.settle(&mut follower).len(), 2);
    world.append(&(row(3) + &row(4)[..50]));
    assert!(world.poll(&mut follower).is_empty(), "read, not settled");
    let position: Position =
        serde_json::from_str(&serde_json::to_string(&follower.position()).unwrap()).unwrap();
    drop(follower);
    world.append(&row(4)[50..]);
    let mut follower = world.follow(Some(position));
    assert_eq!(world.settle(&mut follower), [id(3), id(4)], "nothing lost, nothing twice");
    let position = follower.position();
    assert_eq!(position.offset, fs::metadata(&world.path).unwrap().len());
    // Another file in its place is read from the start.
    fs::remove_file(&world.path).unwrap();
    let _keep_the_inode_taken = fs::File::create(world.path.with_extension("other")).unwrap();
    world.append(&row(5));
    let mut follower = world.follow(Some(Position { inode: position.inode ^ 1, ..position }));
    assert_eq!(world.settle(&mut follower), [id(5)]);
}

#[test]
fn a_restart_still_knows_the_names_of_the_columns() {
    let mut world = World::new();
    let freepbx = include_str!("data/freepbx_cdr.csv");
    let cut = freepbx.lines().take(2).map(|line| line.len() + 1).sum::<usize>();
    world.append(&freepbx[..cut]);
    let mut follower = world.follow(None);
    assert_eq!(world.settle(&mut follower).len(), 1);
    let position = follower.position();
    world.append(&freepbx[cut..]);
    let mut follower = world.follow(Some(position));
    assert_eq!(world.settle(&mut follower).len(), 3);
    assert!(world.rejects.is_empty());
}

#[test]
fn an_answered_invite_waits_for_its_bye() {
    let mut world = World::new();
    let acc = include_str!("data/kamailio_acc.csv");
    let mut follower = world.follow(None);
    let invite = acc.lines().take(2).map(|line| line.len() + 1).sum::<usize>();
    world.append(&acc[..invite]);
    assert!(world.settle(&mut follower).is_empty());
    world.now += 3_600;
    world.append(&acc[invite..]);
    let cdrs = world.settle(&mut follower);
    assert_eq!(cdrs.len(), 2, "the paired call and the busy one; the last is still up: {cdrs:?}");
    world.now += 24 * 3_600;
    assert_eq!(world.settle(&mut follower).len(), 1, "given up waiting");
}

#[test]
fn a_line_without_end_stays_bounded() {
    let mut world = World::new();
    let mut follower = world.follow(None);
    world.append(&row(1));
    world.append(&"x".repeat(3 << 20));
    assert_eq!(world.settle(&mut follower), [id(1)]);
    world.append(&format!("y\n{}", row(2)));
    assert_eq!(world.settle(&mut follower), [id(2)]);
    assert_eq!(world.rejects.len(), 1);
    assert!(world.rejects[0].reason.to_string().contains("longer than"));
}
