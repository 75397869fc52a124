//! Files and runs for the tests: a month of an office in Asterisk's format, with or without an attack.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)] // each test file uses its part, and a test may

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder of one test.
pub struct Folder(tempfile::TempDir);

/// What a run gave.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub fn write_bytes(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs the program in this folder with `input` on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
            .args(arguments)
            .current_dir(self.0.path())
            // Help is wrapped to the terminal: the same everywhere.
            .env("COLUMNS", "100")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that stops early closes the pipe.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        Run {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        }
    }
}

impl Run {
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Rows of `Master.csv`.
#[derive(Default)]
pub struct Master {
    rows: Vec<(String, String)>,
}

impl Master {
    /// Five weeks from Monday 2026-08-31 of calls at home and, each day, to Germany and Belgium.
    pub fn office() -> Self {
        let mut master = Self::default();
        for day in (0..35).filter(|day| day % 7 < 5) {
            for n in 0..30 {
                let extension = ["201", "202", "203", "204"][n % 4];
                let (to, talked) = match n {
                    3 => ("004930123456", 240),
                    9 => ("003221234567", 120),
                    15 => ("112", 60),
                    n if n % 3 == 0 => ("0612345678", 90),
                    _ => ("0201234567", 180),
                };
                master.call(day, 8 * 3_600 + n * 1_100 + day * 7, extension, to, talked);
            }
        }
        master
    }

    /// The same, and in a night to Saturday three calls every two minutes to Cuba and Somalia from one extension.
    pub fn attacked() -> Self {
        let mut master = Self::office();
        for n in 0..60 {
            for (line, to) in
                ["005352123456", "002526123456", "005352999888"].into_iter().enumerate()
            {
                master.call(26, 3_600 + n * 120 + line * 7, "203", to, 600);
            }
        }
        master
    }

    pub fn call(&mut self, day: usize, second: usize, extension: &str, to: &str, talked: usize) {
        let id = format!("{}.{}", 1_788_127_200 + day * 86_400 + second, self.rows.len());
        let (start, answer) = (clock(day, second), clock(day, second + 5));
        let end = clock(day, second + 5 + talked);
        let row = format!(
            "\"\",\"{extension}\",\"{to}\",\"from-internal\",\"\"\"\"\"\" <{extension}>\",\"PJSIP/{extension}-1\",\"PJSIP/carrier-2\",\"Dial\",\"PJSIP/{to}@carrier,60\",\"{start}\",\"{answer}\",\"{end}\",{},{talked},\"ANSWERED\",\"DOCUMENTATION\",\"{id}\",\"\",\"\",\"{id}\",{}",
            talked + 5,
            self.rows.len()
        );
        self.rows.push((end, row));
    }

    /// The file, in the order in which calls end.
    pub fn csv(mut self) -> String {
        self.rows.sort();
        let mut text = String::new();
        for (_, row) in self.rows {
            let _ = writeln!(text, "{row}");
        }
        text
    }
}

/// Local time of a second of a day, from 2026-08-31.
fn clock(day: usize, second: usize) -> String {
    let (day, second) = (day + second / 86_400, second % 86_400);
    let (month, day) = match day {
        0 => (8, 31),
        1..=30 => (9, day),
        _ => (10, day - 30),
    };
    format!(
        "2026-{month:02}-{day:02} {:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}
