//! Lists the files of the built portal (`portal/dist`) for the program to hold. Builds nothing itself and never runs
//! npm: without a built portal the list is empty, and the program says so.
//!
//! A build script because only it can tell cargo that the folder came or changed.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // Asked when it runs: a target folder may have come from another work tree.
    let here =
        env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo sets it"))?;
    let dist = Path::new(&here).join("../../portal/dist");
    let mut out = io::stdout();
    io::Write::write_fmt(&mut out, format_args!("cargo::rerun-if-changed={}\n", dist.display()))?;
    let mut files = Vec::new();
    if dist.is_dir() {
        let dist = dist.canonicalize()?;
        gather(&dist, &mut files)?;
        files.sort();
        write_list(&list(&dist, &files)?)
    } else {
        write_list("&[]")
    }
}

fn write_list(list: &str) -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&folder).join("files.rs"), list)
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_none_or(|end| end != "gz") {
            files.push(path);
        }
    }
    Ok(())
}

fn list(dist: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut text = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(dist).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        let mut hasher = DefaultHasher::new();
        fs::read(file)?.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let packed = PathBuf::from(format!("{}.gz", file.display()));
        let gzip = if packed.is_file() {
            format!("Some(include_bytes!({packed:?}))")
        } else {
            "None".to_owned()
        };
        let _ = writeln!(
            text,
            "    File {{ path: {:?}, etag: {etag:?}, plain: include_bytes!({file:?}), gzip: {gzip} }},",
            format!("/{name}")
        );
    }
    text.push(']');
    Ok(text)
}
