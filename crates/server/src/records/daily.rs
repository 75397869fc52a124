//! Lines of a day in a file of that day: `cdr-2026-11-22.jsonl`.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ringfence_model::WallTime;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Lines that wait for a disk that takes none; the oldest go first.
const WAITING_MAX: usize = 20_000;

/// One sort of lines.
#[derive(Debug)]
pub struct Daily {
    folder: PathBuf,
    what: &'static str,
    keep_days: u16,
    open: Option<(Date, File)>,
    waiting: VecDeque<(Date, Vec<u8>)>,
    /// Lines given up.
    lost: u64,
}

impl Daily {
    /// Files `<what>-<date>.jsonl` in `folder`; those older than `keep_days` days are removed (0: never).
    #[must_use]
    pub fn new(folder: &Path, what: &'static str, keep_days: u16) -> Self {
        Self {
            folder: folder.to_owned(),
            what,
            keep_days,
            open: None,
            waiting: VecDeque::new(),
            lost: 0,
        }
    }

    /// Adds a line, without its end, to the file of the day `at` lies in (UTC).
    pub fn add(&mut self, at: WallTime, mut line: Vec<u8>) {
        line.push(b'\n');
        let stamp = Timestamp::from_microsecond(at.0).unwrap_or_default();
        self.waiting.push_back((stamp.to_zoned(TimeZone::UTC).date(), line));
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
            self.lost += 1;
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// What the disk says; what is not written waits on.
    pub fn flush(&mut self) -> io::Result<()> {
        while let Some((day, _)) = self.waiting.front() {
            let day = *day;
            let of_day = self.waiting.iter().take_while(|(of, _)| *of == day);
            let lines: Vec<&[u8]> = of_day.map(|(_, line)| line.as_slice()).collect();
            let (count, lines) = (lines.len(), lines.concat());
            let file = self.file(day)?;
            let before = file.metadata()?.len();
            if let Err(error) = file.write_all(&lines) {
                // Half a line would spoil the next one too.
                let _ = file.set_len(before);
                return Err(error);
            }
            self.waiting.drain(..count);
        }
        Ok(())
    }

    /// Lines given up because the disk took none for too long.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Makes what is written survive a loss of power.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&self) -> io::Result<()> {
        self.open.as_ref().map_or(Ok(()), |(_, file)| file.sync_data())
    }

    fn file(&mut self, day: Date) -> io::Result<&mut File> {
        if self.open.as_ref().is_none_or(|(of, _)| *of != day) {
            let path = self.folder.join(format!("{}-{day}.jsonl", self.what));
            let file = open(&path)?;
            self.open = Some((day, file));
            self.remove_old(day);
        }
        match &mut self.open {
            Some((_, file)) => Ok(file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove_old(&self, today: Date) {
        if self.keep_days == 0 {
            return;
        }
        let oldest = today.saturating_sub(jiff::Span::new().days(i64::from(self.keep_days)));
        let prefix = format!("{}-", self.what);
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let day = name.to_str().and_then(|name| {
                name.strip_prefix(&prefix)?.strip_suffix(".jsonl")?.parse::<Date>().ok()
            });
            if day.is_some_and(|day| day < oldest) {
                // The next day tries again.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Opens a file to add to. A line that a crash cut short is ended, so that the next one stands alone.
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::FileExt;
    let mut file =
        OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const DAY: i64 = 86_400;

    fn at(secs: i64) -> WallTime {
        WallTime::from_secs(secs)
    }

    #[test]
    fn each_day_has_its_file_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cdr-1969-12-01.jsonl"), "old").unwrap();
        std::fs::write(folder.path().join("cdr-notes.txt"), "mine").unwrap();
        let mut daily = Daily::new(folder.path(), "cdr", 7);
        daily.add(at(0), b"{1}".into());
        daily.add(at(DAY - 1), b"{2}".into());
        daily.add(at(DAY), b"{3}".into());
        daily.flush().unwrap();
        let first = folder.path().join("cdr-1970-01-01.jsonl");
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "{1}\n{2}\n");
        assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        let second = folder.path().join("cdr-1970-01-02.jsonl");
        assert_eq!(std::fs::read_to_string(second).unwrap(), "{3}\n");
        assert!(!folder.path().join("cdr-1969-12-01.jsonl").exists());
        assert!(folder.path().join("cdr-notes.txt").exists());
    }

    #[test]
    fn a_line_cut_short_by_a_crash_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cdr-1970-01-01.jsonl");
        std::fs::write(&path, "{1}\n{half").unwrap();
        let mut daily = Daily::new(folder.path(), "cdr", 0);
        daily.add(at(5), b"{2}".into());
        daily.flush().unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "{1}\n{half\n{2}\n");
    }

    #[test]
    fn a_disk_that_takes_nothing_loses_nothing_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("gone");
        let mut daily = Daily::new(&absent, "cdr", 0);
        for line in 0..WAITING_MAX + 3 {
            daily.add(at(0), line.to_string().into_bytes());
        }
        assert!(daily.flush().is_err());
        assert_eq!(daily.lost(), 3);
        std::fs::create_dir(&absent).unwrap();
        daily.flush().unwrap();
        let text = std::fs::read_to_string(absent.join("cdr-1970-01-01.jsonl")).unwrap();
        assert_eq!(text.lines().count(), WAITING_MAX);
        assert_eq!(text.lines().next(), Some("3"));
    }
}
