//! What holds of the SQLite file itself: who may read it, that it is noticed when somebody changed it, copies.
#![allow(clippy::unwrap_used, clippy::panic)] // a test may

use ringfence_model::WallTime;
use ringfence_store::{
    About, Act, Chain, Draft, Expected, Place, Section, SettingFilter, SettingKey, Store,
    StoreError, restore,
};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

fn act(n: i64) -> Act {
    Act { who: "ada".into(), what: "x".into(), why: String::new(), address: None, at: WallTime(n) }
}

fn open(path: &Path) -> Store {
    Store::open(Place::File(path.to_owned()), WallTime(1)).unwrap()
}

fn put(store: &Store, n: i64) {
    let key = SettingKey::new(Section::Contact, None, &n.to_string());
    store.put_setting(&act(n), &key, Draft::default(), Expected::New).unwrap();
}

fn count(store: &Store) -> usize {
    store.settings(&SettingFilter::default(), 100_000).unwrap().len()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

#[test]
fn only_its_owner_may_read_it() {
    let (folder, path) = folder();
    let store = open(&path);
    put(&store, 1);
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log and the log's index");
}

#[test]
fn a_changed_audit_log_is_noticed() {
    let ways: [(&str, i64, &str); 6] = [
        ("UPDATE audit SET who = 'eve' WHERE seq = 4", 4, "changed"),
        ("UPDATE audit SET tenant = who, who = tenant WHERE seq = 4", 4, "changed"),
        ("DELETE FROM audit WHERE seq = 3", 3, "missing"),
        ("DELETE FROM audit WHERE seq = 9", 9, "cut off"),
        ("UPDATE audit SET before = NULL, after = NULL WHERE seq = 5", 5, "changed"),
        (
            "INSERT INTO audit SELECT 10, at, who, what, why, address, tenant, subject, before,
               after, hash FROM audit WHERE seq = 9",
            10,
            "changed",
        ),
    ];
    for (sql, seq, how) in ways {
        let (_folder, path) = folder();
        let store = open(&path);
        (1..=8).for_each(|n| put(&store, n));
        let about = About { tenant: None, subject: "s", before: None, after: None };
        store.record(&act(9), about).unwrap();
        assert!(matches!(store.verify_audit().unwrap(), Chain::Whole { rows: 9, .. }));
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        match store.verify_audit().unwrap() {
            Chain::Broken { seq: at, how: told } => {
                assert_eq!(at, seq, "{sql}: {told}");
                assert!(told.contains(how), "{sql}: {told}");
            }
            whole => panic!("{sql}: {whole:?}"),
        }
    }
}

#[test]
fn a_damaged_file_is_told_and_not_used() {
    let (_folder, path) = folder();
    std::fs::write(&path, "this is no database at all, and was never one".repeat(99)).unwrap();
    let told = Store::open(Place::File(path), WallTime(1)).unwrap_err();
    assert!(matches!(told, StoreError::Corrupt(_)), "{told}");
}

#[test]
fn a_copy_is_of_one_moment_while_others_write() {
    let (folder, path) = folder();
    let store = open(&path);
    // Large enough that the copy takes several steps.
    for n in 0..40 {
        let key = SettingKey::new(Section::Tariff, None, &format!("t{n}"));
        let attachment = Some(vec![u8::try_from(n).unwrap(); 400_000]);
        let draft = Draft { attachment, ..Draft::default() };
        store.put_setting(&act(n), &key, draft, Expected::New).unwrap();
    }
    let to = folder.path().join("copy.db");
    let done = AtomicBool::new(false);
    let (checked, reports) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 100;
            while !done.load(Ordering::Relaxed) {
                put(&store, n);
                n += 1;
            }
        });
        let mut reports = Vec::new();
        let checked = store.backup(&to, |copied, all| reports.push((copied, all)));
        done.store(true, Ordering::Relaxed);
        (checked.unwrap(), reports)
    });
    assert!(reports.len() > 3, "{reports:?}");
    assert!(reports.last().is_some_and(|(copied, all)| copied == all));
    assert!(checked.audit_rows >= 40);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    let copies = names.iter().filter(|of| of.file_name().to_string_lossy().starts_with("copy"));
    assert_eq!(copies.count(), 1, "one file: {names:?}");
    assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    // Every row of the copy has its audit row, and none more.
    let copy = open(&to);
    assert_eq!(count(&copy), usize::try_from(checked.audit_rows).unwrap());
    assert!(count(&store) >= count(&copy));
}

#[test]
fn a_copy_takes_the_place_of_a_database() {
    let (folder, path) = folder();
    let copy = folder.path().join("copy.db");
    let store = open(&path);
    put(&store, 1);
    store.backup(&copy, |_, _| {}).unwrap();
    put(&store, 2);
    drop(store);
    restore(&copy, &path, &mut |_, _| {}).unwrap();
    assert_eq!(count(&open(&path)), 1);
    assert_eq!(count(&open(&folder.path().join("store.db.before"))), 2, "what was is kept");

    // One that was tampered with, or is none, changes nothing.
    rusqlite::Connection::open(&copy).unwrap().execute_batch("DELETE FROM audit").unwrap();
    assert!(matches!(restore(&copy, &path, &mut |_, _| {}), Err(StoreError::Corrupt(_))));
    std::fs::write(&copy, "nonsense".repeat(999)).unwrap();
    assert!(restore(&copy, &path, &mut |_, _| {}).is_err());
    assert_eq!(count(&open(&path)), 1);
    let to_memory = Store::open(Place::Memory, WallTime(1)).unwrap();
    assert!(matches!(to_memory.backup(&copy, |_, _| {}), Err(StoreError::Refused(_))));
}
