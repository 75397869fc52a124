//! The data folder: ours, closed to others, with room.

use super::Finding;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const CHECK: &str = "data folder";
/// A busy provider writes about a GiB of records a day; below it somebody should make room today.
const SPACE_WARN: u64 = 1 << 30;
/// The journal of a busy shard fits in this, hardly.
const SPACE_FAIL: u64 = 64 << 20;
/// A day makes a handful of files.
const FILES_WARN: u64 = 10_000;

pub fn look(data: &Path, all: &mut Vec<Finding>) {
    let path = data.display();
    let about = match std::fs::metadata(data) {
        Ok(about) if about.is_dir() => about,
        Ok(_) => {
            let mend = "move it away, or set data = \"...\" to a folder";
            return all.push(Finding::fail(CHECK, format!("{path} is a file"), mend));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mend = "the first start makes it; with systemd StateDirectory does";
            all.push(Finding::warn(CHECK, format!("{path} is not there yet"), mend));
            return;
        }
        Err(error) => {
            let mend = "run this as root or as the user Ringfence runs as";
            return all.push(Finding::warn(CHECK, format!("{path}: {error}"), mend));
        }
    };
    let before = all.len();
    if about.permissions().mode() & 0o077 != 0 {
        let what = format!("others may enter {path}: it holds whole numbers and a secret");
        all.push(Finding::warn(CHECK, what, format!("chmod 700 {path}")));
    }
    all.extend(foreign(data, about.uid()));
    match rustix::fs::statvfs(data) {
        Ok(of) => all.extend(room(data, of.f_bavail.saturating_mul(of.f_frsize), of.f_favail)),
        Err(error) => {
            all.push(Finding::warn(CHECK, format!("{path}: {error}"), "look at the disk"))
        }
    }
    if all.len() == before {
        all.push(Finding::ok(CHECK, format!("{path} is ours alone and has room")));
    }
}

/// Files of somebody else, as a start by root leaves behind: the next start as the right user fails on them.
fn foreign(data: &Path, owner: u32) -> Option<Finding> {
    let foreign = |entry: &std::fs::DirEntry| entry.metadata().is_ok_and(|it| it.uid() != owner);
    let first = std::fs::read_dir(data).ok()?.filter_map(Result::ok).find(foreign)?;
    let what = format!("{} is not of the user the folder is of", first.path().display());
    let mend = format!("chown --recursive --reference={0} {0}", data.display());
    Some(Finding::fail(CHECK, what, mend))
}

fn room(data: &Path, bytes: u64, files: u64) -> Option<Finding> {
    let path = data.display();
    let mend = "free space, move data to a larger disk, or lower keep_days";
    if bytes < SPACE_WARN {
        let what = format!("{} MiB are left at {path}", bytes >> 20);
        let make = if bytes < SPACE_FAIL { Finding::fail } else { Finding::warn };
        return Some(make(CHECK, what, mend));
    }
    // Some file systems count no files and say 0 with plenty of room: they make them as needed.
    (1..FILES_WARN).contains(&files).then(|| {
        let what = format!("only {files} more files fit at {path} (inodes)");
        Finding::warn(CHECK, what, "remove small files of that file system: df --inodes")
    })
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn looked(data: &Path) -> Vec<(Health, String)> {
        let mut all = Vec::new();
        look(data, &mut all);
        all.into_iter().map(|of| (of.health, of.what)).collect()
    }

    #[test]
    fn a_folder_is_there_closed_and_all_of_one_user() {
        let above = tempfile::tempdir().unwrap();
        let data = above.path().join("data");
        assert!(looked(&data)[0].1.ends_with("is not there yet"));
        std::fs::create_dir(&data).unwrap();
        let set = |mode| {
            std::fs::set_permissions(&data, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(0o755);
        let found = looked(&data);
        assert!(found[0].1.starts_with("others may enter"), "{found:?}");
        set(0o700);
        let found = looked(&data);
        assert!(!found.iter().any(|(_, what)| what.starts_with("others")), "{found:?}");
        let owner = std::fs::metadata(&data).unwrap().uid();
        assert_eq!(foreign(&data, owner), None);
        std::fs::write(data.join("secret"), "").unwrap();
        assert_eq!(foreign(&data, owner), None);
        assert_eq!(foreign(&data, owner + 1).unwrap().health, Health::Fail);
    }

    #[test]
    fn room_is_bytes_and_files() {
        let health = |bytes, files| room(Path::new("/d"), bytes, files).map(|of| of.health);
        assert_eq!(health(2 << 30, 1_000_000), None);
        assert_eq!(health(2 << 30, 0), None);
        assert_eq!(health(2 << 30, 12), Some(Health::Warn));
        assert_eq!(health(500 << 20, 0), Some(Health::Warn));
        assert_eq!(health(1 << 20, 0), Some(Health::Fail));
    }
}
