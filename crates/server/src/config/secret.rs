//! Secrets: in the file itself, in a file of their own (systemd's `LoadCredential`), or in the environment.

use super::problem::{At, Source};
use super::section::Section;
use toml::de::DeValue;

/// More is no password.
const BYTES_MAX: u64 = 4096;

impl Section<'_> {
    /// A secret: `"text"`, `{ file = "path" }` or `{ env = "NAME" }`. The end of a line that closes it in its file is
    /// no part of it.
    pub fn secret(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.raw(key)?;
        let span = value.span();
        let desk = self.desk();
        let (sort, name) = match value.into_inner() {
            DeValue::String(text) => return self.not_empty(key, At::new(text.into_owned(), span)),
            DeValue::Table(table) if table.len() == 1 => {
                let pair = table.into_iter().next();
                pair.map(|(sort, name)| (sort.into_inner().into_owned(), name.into_inner()))?
            }
            _ => (String::new(), DeValue::Boolean(false)),
        };
        let read = match (sort.as_str(), name.as_str()) {
            ("file", Some(path)) => {
                let source = desk.source();
                let whole = source.beside(path);
                if source.is_open(span.start) {
                    self.warn_if_readable(&whole, &span);
                }
                read(source, span.start, path)
                    .map_err(|error| format!("cannot read {}: {error}", whole.display()))
            }
            ("env", Some(name)) => desk
                .source()
                .variable(span.start, name)
                .ok_or_else(|| format!("the environment has no text variable {name}")),
            _ => Err("is no secret".to_owned()),
        };
        match read {
            Ok(text) => self.not_empty(key, At::new(text, span)),
            Err(error) => {
                desk.wrong(
                    &span,
                    format!("{key}: {error}"),
                    "write \"...\", { file = \"...\" } or { env = \"...\" }, readable for the user Ringfence runs as",
                );
                None
            }
        }
    }

    fn not_empty(&self, key: &str, at: At<String>) -> Option<At<String>> {
        if at.value.is_empty() {
            self.desk().wrong(&at.span, format!("{key} is empty"), "set one");
            return None;
        }
        Some(at)
    }

    fn warn_if_readable(&self, path: &std::path::Path, span: &std::ops::Range<usize>) {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0, |about| about.permissions().mode());
        if mode & 0o004 != 0 {
            let path = path.display();
            self.desk().doubt(
                span,
                format!("everybody can read {path}"),
                format!("chmod 600 {path}"),
            );
        }
    }
}

fn read(source: &Source, at: usize, path: &str) -> std::io::Result<String> {
    let bytes = source.read(at, path, BYTES_MAX)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
