//! Pieces of text in one compressed archive that only its owner may read.

use anyhow::Context;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A file of the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    pub name: String,
    pub text: String,
}

/// Writes all pieces to a new file.
pub fn write(to: &Path, pieces: &[Piece]) -> anyhow::Result<()> {
    let bytes = pack(pieces)?;
    let options = std::fs::File::options().write(true).create_new(true).mode(0o600).open(to);
    let mut file = options.with_context(|| format!("{} cannot be made", to.display()))?;
    file.write_all(&bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{} cannot be written", to.display()))
}

fn pack(pieces: &[Piece]) -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for piece in pieces {
        let mut header = tar::Header::new_gnu();
        header.set_size(piece.text.len() as u64);
        header.set_mode(0o600);
        let path = format!("ringfence-support/{}", piece.name);
        archive.append_data(&mut header, path, piece.text.as_bytes())?;
    }
    Ok(compress_to_vec(archive.into_inner()?.as_slice(), CompressionLevel::Fastest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_goes_in_comes_out_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.zst");
        let piece = Piece { name: "log.txt".into(), text: "line\n".repeat(10_000) };
        write(&path, std::slice::from_ref(&piece)).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        assert!(file.metadata().unwrap().len() < 5_000, "it is compressed");
        let mut tar = Vec::new();
        ruzstd::decoding::StreamingDecoder::new(file).unwrap().read_to_end(&mut tar).unwrap();
        let mut archive = tar::Archive::new(tar.as_slice());
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("ringfence-support/log.txt"));
        assert_eq!(text, piece.text);
        assert!(write(&path, &[]).unwrap_err().to_string().contains("cannot be made"));
    }
}
