//! Call events since the last snapshot, so that what happened after it is not forgotten.

use super::frames::{Appender, Bodies, Format, bodies, frame, put_aside, read};
use super::pack::{pack, unpack};
use ringfence_model::{CallEvent, WallTime};
use std::io;
use std::path::{Path, PathBuf};

const FORMAT: Format = Format { name: *b"RFev", version: 1 };

/// The tail that is written now, and those before it that no snapshot has made needless yet.
#[derive(Debug)]
pub(super) struct Tail {
    folder: PathBuf,
    shard: u8,
    number: u64,
    file: Appender,
    frames: Vec<u8>,
}

fn path(folder: &Path, shard: u8, number: u64) -> PathBuf {
    folder.join(format!("events-{shard}.{number}"))
}

/// Numbers of the tails in the folder, oldest first.
fn numbers(folder: &Path, shard: u8) -> io::Result<Vec<u64>> {
    let prefix = format!("events-{shard}.");
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_prefix(&prefix)?.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

impl Tail {
    /// Opens the next tail; gives the events of the earlier ones that are later than `after`.
    pub fn open(
        folder: &Path,
        shard: u8,
        after: WallTime,
        complaints: &mut Vec<String>,
    ) -> io::Result<(Self, Vec<(WallTime, CallEvent)>)> {
        let numbers = numbers(folder, shard)?;
        let mut events = Vec::new();
        for &number in &numbers {
            let path = path(folder, shard, number);
            let bytes = read(&path)?.unwrap_or_default();
            match bodies(FORMAT, &bytes) {
                Ok(Bodies { found, .. }) => {
                    for (at, body) in found {
                        match unpack(body) {
                            Ok(event) => events.push(event),
                            Err(error) => {
                                complaints.push(format!("{}: byte {at}: {error}", path.display()))
                            }
                        }
                    }
                }
                // Made a moment before the end, or none of ours.
                Err(_) if bytes.is_empty() => {}
                Err(error) => complaints.push(put_aside(&path, &error)?),
            }
        }
        events.retain(|(at, _): &(WallTime, CallEvent)| *at > after);
        let number = numbers.last().map_or(0, |last| last + 1);
        let file = Appender::create(self::path(folder, shard, number), FORMAT)?;
        Ok((Self { folder: folder.to_owned(), shard, number, file, frames: Vec::new() }, events))
    }

    /// Events in one write: all of them, or none.
    pub fn put<'e>(
        &mut self,
        events: impl Iterator<Item = (WallTime, &'e CallEvent)>,
    ) -> io::Result<()> {
        self.frames.clear();
        for event in events {
            frame(&[&pack(&event).map_err(io::Error::other)?], &mut self.frames);
        }
        if self.frames.is_empty() { Ok(()) } else { self.file.append(&self.frames).map(drop) }
    }

    pub fn turn(&mut self) -> io::Result<()> {
        self.file = Appender::create(path(&self.folder, self.shard, self.number + 1), FORMAT)?;
        self.number += 1;
        Ok(())
    }

    /// Removes all tails but the one written now. One that cannot be removed is read again at the next start and
    /// known by its times.
    pub fn drop_old(&mut self) {
        for number in numbers(&self.folder, self.shard).unwrap_or_default() {
            if number < self.number {
                let _ = std::fs::remove_file(path(&self.folder, self.shard, number));
            }
        }
    }

    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{CallId, Registration, Source};

    fn event(n: u64) -> CallEvent {
        match n % 2 {
            0 => CallEvent::Answered { call: CallId(n) },
            _ => CallEvent::Registered(Registration {
                tenant: "t".into(),
                extension: "201".into(),
                source: Source { ip: [192, 0, 2, 1].into(), country: None, user_agent: None },
            }),
        }
    }

    fn read(folder: &Path, after: i64) -> Vec<i64> {
        let (_, events) = Tail::open(folder, 3, WallTime(after), &mut Vec::new()).unwrap();
        events.into_iter().map(|(at, _)| at.0).collect()
    }

    #[test]
    fn events_after_the_snapshot_come_back_over_all_tails() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tail, before) =
            Tail::open(folder.path(), 3, WallTime(0), &mut Vec::new()).unwrap();
        assert!(before.is_empty());
        tail.put([(WallTime(10), &event(0))].into_iter()).unwrap();
        tail.put([(WallTime(20), &event(1))].into_iter()).unwrap();
        tail.turn().unwrap();
        tail.put([(WallTime(30), &event(2))].into_iter()).unwrap();
        assert_eq!(read(folder.path(), 10), [20, 30], "a crash before the snapshot was written");
        assert_eq!(read(folder.path(), 10), [20, 30], "and a second one");
        tail.drop_old();
        assert_eq!(read(folder.path(), 10), [30], "the snapshot knows the first tail");
        assert_eq!(read(folder.path(), 30), [0_i64; 0]);
    }

    #[test]
    fn a_torn_end_costs_the_last_event_only() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tail, _) = Tail::open(folder.path(), 3, WallTime(0), &mut Vec::new()).unwrap();
        tail.put([(WallTime(10), &event(0))].into_iter()).unwrap();
        let first = tail.file.len();
        tail.put([(WallTime(20), &event(1))].into_iter()).unwrap();
        let bytes = std::fs::read(&tail.file.path).unwrap();
        for cut in 0..bytes.len() {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(path(folder.path(), 3, 0), &bytes[..cut]).unwrap();
            let expected: &[i64] = if cut as u64 >= first { &[10] } else { &[] };
            assert_eq!(read(folder.path(), 0), expected, "cut at {cut}");
        }
    }
}
