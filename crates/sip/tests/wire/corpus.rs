//! Every message of RFC 4475 and RFC 5118 and our own hostile ones, each against its row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ringfence_sip::{Frame, Framer, Limits};
use toml::{Table, Value};

use crate::facts::facts;

/// A message with what is expected of it.
pub struct Row {
    pub name: String,
    pub bytes: Vec<u8>,
    pub expected: Table,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// All messages of all tables.
pub fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(read_rows);
    &ROWS
}

fn read_rows() -> Vec<Row> {
    let mut all = of_files("rfc4475", |bytes| bytes);
    all.extend(of_files("rfc5118", with_crlf));
    all.extend(table("hostile").into_iter().map(|(name, row)| {
        let Value::Table(mut expected) = row else { panic!("{name} is no table") };
        let mut text = |key| match expected.remove(key) {
            Some(Value::String(text)) => Some(unescape(&text)),
            other => other.map(|other| panic!("{name}: {key} = {other}")),
        };
        let (whole, without, extra) = (text("text"), text("without"), text("extra"));
        let body = text("body").unwrap_or_default();
        let bytes = whole.unwrap_or_else(|| options(&without.unwrap_or_default(), extra, body));
        Row { name: format!("hostile/{name}"), bytes, expected }
    }));
    all
}

fn table(name: &str) -> Table {
    let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
    text.parse().unwrap()
}

fn of_files(corpus: &str, on_the_wire: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<Row> {
    let rows = table(corpus).into_iter().map(|(name, row)| {
        let Value::Table(mut expected) = row else { panic!("{name} is no table") };
        assert!(expected.remove("section").is_some(), "{name} says no section");
        assert!(expected.remove("rfc").is_some(), "{name} does not say what the RFC asks");
        let path =
            [name.clone(), format!("{name}.dat")].map(|file| folder().join(corpus).join(file));
        let path = path.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {name}"));
        let bytes = on_the_wire(std::fs::read(path).unwrap());
        Row { name: format!("{corpus}/{name}"), bytes, expected }
    });
    rows.collect()
}

/// The files of RFC 5118 have LF for CRLF, some leave out the blank line, and their Content-Length counts neither.
fn with_crlf(bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.trim_end(), ""));
    let lines = head.lines().map(|line| match line.split_once(':') {
        Some(("Content-Length", _)) => format!("Content-Length: {}\r\n", body.len()),
        _ => format!("{line}\r\n"),
    });
    format!("{}\r\n{body}", lines.collect::<String>()).into_bytes()
}

/// The message that rows of ours change.
fn options(without: &[u8], extra: Option<Vec<u8>>, body: Vec<u8>) -> Vec<u8> {
    let mut bytes = b"OPTIONS sip:bob@example.com SIP/2.0\r\n".to_vec();
    for (name, value) in [
        ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("From", "<sip:alice@example.com>;tag=1"),
        ("To", "<sip:bob@example.com>"),
        ("Call-ID", "1@h"),
        ("CSeq", "1 OPTIONS"),
        ("Max-Forwards", "70"),
    ] {
        if name.as_bytes() != without {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
    }
    bytes.extend(extra.expect("a row has text or extra"));
    bytes.extend(b"\r\n\r\n");
    bytes.extend(body);
    bytes
}

/// Line breaks are CRLF; `\xNN` is a byte, `\r` and `\n` a bare one.
fn unescape(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let mark = after.chars().next().unwrap();
        let used = match mark {
            'x' => {
                bytes.push(u8::from_str_radix(&after[1..3], 16).unwrap());
                3
            }
            'r' | 'n' => {
                bytes.push(if mark == 'r' { b'\r' } else { b'\n' });
                1
            }
            '\\' => {
                bytes.push(b'\\');
                1
            }
            other => panic!("\\{other}"),
        };
        rest = &after[used..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[test]
fn every_message_is_read_as_its_row_says() {
    let mut wrong = String::new();
    for row in rows() {
        let seen = facts(&row.bytes);
        for (key, expected) in &row.expected {
            let seen = seen.get(key);
            if !seen.is_some_and(|seen| is_as(seen, expected)) {
                let seen = seen.map_or("nothing".to_owned(), ToString::to_string);
                wrong.push_str(&format!("{}: {key} = {seen}, not {expected}\n", row.name));
            }
        }
        for key in ["verdict", "stream"] {
            assert!(row.expected.contains_key(key), "{} says no {key}", row.name);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn is_as(seen: &Value, expected: &Value) -> bool {
    match (seen, expected) {
        (Value::String(seen), Value::String(expected)) => match expected.strip_suffix("...") {
            Some(beginning) => seen.starts_with(beginning),
            None => seen == expected,
        },
        _ => seen == expected,
    }
}

#[test]
fn no_message_of_the_rfcs_is_left_out() {
    for (corpus, count) in [("rfc4475", 50), ("rfc5118", 12)] {
        let files = std::fs::read_dir(folder().join(corpus)).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<_> =
            files.map(|file| file.trim_end_matches(".dat").to_owned()).collect();
        let rows: BTreeSet<_> = table(corpus).keys().cloned().collect();
        assert_eq!(rows, files);
        assert_eq!(rows.len(), count);
    }
}

/// Where the message is whole, copying all its fields gives its head back to the letter.
#[test]
fn what_is_copied_is_what_came() {
    for row in rows() {
        let bytes = bytes::Bytes::from_static(&row.bytes);
        let Ok(message) = ringfence_sip::Message::parse(bytes.clone(), &Default::default()) else {
            continue;
        };
        let lines: Vec<u8> = message.fields().flat_map(|field| field.line.to_vec()).collect();
        let found = memchr::memmem::find(&bytes, &lines).is_some_and(|at| {
            bytes[at + lines.len()..].starts_with(b"\r\n") && bytes[..at].ends_with(b"\r\n")
        });
        assert!(found, "{}", row.name);
    }
}

/// A stream gives out the same frames, or the same end of the connection, however it is cut.
#[test]
fn a_stream_is_cut_alike_byte_by_byte() {
    for row in rows() {
        let whole = cut(row.bytes.chunks(row.bytes.len().max(1)));
        assert_eq!(cut(row.bytes.chunks(1)), whole, "{}", row.name);
        assert_eq!(cut(row.bytes.chunks(7)), whole, "{}", row.name);
    }
}

fn cut<'b>(chunks: impl Iterator<Item = &'b [u8]>) -> (Vec<Frame>, bool) {
    let mut framer = Framer::new(Limits::default());
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

#[test]
#[ignore = "prints what is seen, for a person who writes rows"]
fn show() {
    for row in rows() {
        println!("[{}]\n{}", row.name, facts(&row.bytes));
    }
}
