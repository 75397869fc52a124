//! Bytes of a file, unpacked, line by line and never more than a bound at once.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// The longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much of a file is looked at to find out its format.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// One line without its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LineRead {
    /// A line that ends.
    Line,
    /// The last bytes of the input, without an end.
    Partial,
    /// Longer than [`LINE_BYTES_MAX`]; the rest of it was passed over.
    TooLong,
    /// Nothing is left.
    End,
}

/// A source of lines whose beginning can be looked at first.
pub(crate) struct Lines {
    from: Box<dyn BufRead>,
    /// Bytes read, unpacked.
    pub bytes: u64,
}

impl Lines {
    /// Opens a file, or standard input for `-`; `.gz` and `.zst` are known by their first bytes.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Self::unpacked(Box::new(BufReader::new(io::stdin())));
        }
        Self::unpacked(Box::new(BufReader::with_capacity(256 << 10, File::open(path)?)))
    }

    pub(crate) fn unpacked(mut from: Box<dyn BufRead>) -> io::Result<Self> {
        let magic = from.fill_buf()?;
        let from: Box<dyn BufRead> = if magic.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(from)))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Box::new(BufReader::with_capacity(256 << 10, ZstdFrames::new(from)?))
        } else {
            from
        };
        Ok(Self { from, bytes: 0 })
    }

    /// The first bytes, which stay to be read.
    pub(crate) fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        (&mut self.from).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let rest = std::mem::replace(&mut self.from, Box::new(io::empty()));
        self.from =
            Box::new(BufReader::with_capacity(256 << 10, Cursor::new(head.clone()).chain(rest)));
        Ok(head)
    }

    /// Reads the next line into `line`, without its end.
    pub(crate) fn read(&mut self, line: &mut Vec<u8>) -> io::Result<LineRead> {
        line.clear();
        let mut too_long = false;
        loop {
            let buffer = match self.from.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                return Ok(match (too_long, line.is_empty()) {
                    (true, _) => LineRead::TooLong,
                    (false, true) => LineRead::End,
                    (false, false) => LineRead::Partial,
                });
            }
            let (part, used, ended) = match memchr::memchr(b'\n', buffer) {
                Some(end) => (buffer.get(..end).unwrap_or(&[]), end + 1, true),
                None => (buffer, buffer.len(), false),
            };
            let room = LINE_BYTES_MAX - line.len();
            too_long |= part.len() > room;
            line.extend_from_slice(part.get(..room).unwrap_or(part));
            self.from.consume(used);
            self.bytes += used as u64;
            if ended {
                return Ok(if too_long { LineRead::TooLong } else { LineRead::Line });
            }
        }
    }
}

/// One zstd frame after the other: rotated files are often joined.
struct ZstdFrames {
    frame: Option<StreamingDecoder<Box<dyn BufRead>, ruzstd::decoding::FrameDecoder>>,
}

impl ZstdFrames {
    fn new(from: Box<dyn BufRead>) -> io::Result<Self> {
        Ok(Self { frame: Some(StreamingDecoder::new(from).map_err(io::Error::other)?) })
    }
}

impl Read for ZstdFrames {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let count = frame.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(done) = self.frame.take() else { break };
            let mut rest = done.into_inner();
            if !rest.fill_buf()?.is_empty() {
                self.frame = Some(StreamingDecoder::new(rest).map_err(io::Error::other)?);
            }
        }
        Ok(0)
    }
}

/// The name of a file in reports.
pub(crate) fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_bounded_and_passed_over() {
        let mut bytes = vec![b'x'; LINE_BYTES_MAX + 7];
        bytes.extend_from_slice(b"\nshort\nrest");
        let mut lines = Lines::unpacked(Box::new(Cursor::new(bytes))).unwrap();
        let mut line = Vec::new();
        assert_eq!(lines.read(&mut line).unwrap(), LineRead::TooLong);
        assert_eq!(line.len(), LINE_BYTES_MAX);
        assert_eq!(lines.read(&mut line).unwrap(), LineRead::Line);
        assert_eq!(line, b"short");
        assert_eq!(lines.read(&mut line).unwrap(), LineRead::Partial);
        assert_eq!(line, b"rest");
        assert_eq!(lines.read(&mut line).unwrap(), LineRead::End);
        assert_eq!(lines.bytes as usize, LINE_BYTES_MAX + 7 + 1 + 6 + 4);
    }
}
