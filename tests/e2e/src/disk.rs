//! A small disk of the test's own, which can be full, stand still or be read-only.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in a file, mounted until it is dropped.
#[derive(Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// Mounts one of so many MiB at `folder`; `None` where that takes more rights than we have.
    pub fn new(folder: &Path, mib: u64) -> Option<Self> {
        let image = folder.with_extension("img");
        std::fs::create_dir_all(folder).ok()?;
        File::create(&image).ok()?.set_len(mib << 20).ok()?;
        let (image, folder) = (image.to_str()?, folder.to_str()?);
        // Nothing of it is kept back for root.
        does("mkfs.ext4", &["-q", "-m", "0", image])
            .and_then(|()| does("mount", &["-o", "loop", image, folder]))?;
        Some(Self(folder.into()))
    }

    /// Takes all room there is.
    ///
    /// # Panics
    /// When something else is wrong.
    pub fn fill(&self) {
        let mut ballast = File::create(self.0.join("ballast")).expect("a file");
        for size in [1 << 16, 1 << 10] {
            let piece = vec![0; size];
            let error = loop {
                if let Err(error) = ballast.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Gives it back.
    pub fn empty(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("the ballast");
    }

    /// Whoever writes waits until it goes on.
    pub fn stands_still(&self, still: bool) {
        let folder = self.0.to_str().expect("a name");
        does("fsfreeze", &[if still { "-f" } else { "-u" }, folder]).expect("fsfreeze");
    }

    /// Nobody can write to these files, or they can again.
    pub fn read_only(&self, files: &[&str], only: bool) {
        for file in files {
            let path = self.0.join(file);
            let path = path.to_str().expect("a name");
            does("chattr", &[if only { "+i" } else { "-i" }, path]).expect("chattr");
        }
    }
}

fn does(program: &str, arguments: &[&str]) -> Option<()> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let output = Command::new(program).args(arguments).env("PATH", path).output().ok()?;
    output.status.success().then_some(())
}

impl Drop for Disk {
    fn drop(&mut self) {
        let folder = self.0.to_str().unwrap_or_default();
        let _ = does("fsfreeze", &["-u", folder]);
        // Who still writes there ends with the test.
        let _ = does("umount", &["--lazy", folder]);
    }
}
