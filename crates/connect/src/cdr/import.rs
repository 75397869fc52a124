//! Whole files become calls.

use super::decode::{Decoder, Reading};
use super::detect::{Confidence, Detection, detect};
use super::format::Format;
use super::group::{self, Grouped};
use super::input::{LineRead, Lines, name_of};
use super::mapping::{MappingError, RowKind};
use super::options::ImportOptions;
use super::row::Reject;
use super::summary::{FileSummary, ImportSummary, Warning};
use super::unknown::Unknown;
use ringfence_model::Cdr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often progress is told, in rows.
const PROGRESS_ROWS: u64 = 1 << 16;

/// Why an import cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that cannot be opened, read or unpacked.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: Arc<str>,
        /// What happened.
        source: io::Error,
    },
    /// A format that is not known.
    #[error("{file}: this format is not known: {seen}")]
    Unknown {
        /// The file.
        file: Arc<str>,
        /// What was seen in it, with a mapping to edit.
        seen: Box<Unknown>,
    },
    /// A file in UTF-16.
    #[error("{file}: this is UTF-16 text; save it as UTF-8 or CSV UTF-8")]
    Utf16 {
        /// The file.
        file: Arc<str>,
    },
    /// A mapping that does not fit.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// How far an import is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The file being read.
    pub file: Arc<str>,
    /// Bytes of it read, unpacked.
    pub bytes: u64,
    /// Rows of all files so far.
    pub rows: u64,
}

/// The first records of an import and what is wrong with them.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Calls of the first rows, in the order of time.
    pub records: Vec<Cdr>,
    /// Rows that could not be used.
    pub rejects: Vec<Reject>,
    /// The counts, and how each file was recognised.
    pub summary: ImportSummary,
}

/// Reads call records of other systems.
///
/// ```no_run
/// # use ringfence_connect::cdr::{ImportOptions, Importer};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = ImportOptions::new(jiff::tz::TimeZone::get("Europe/Amsterdam")?);
/// let mut importer = Importer::new(vec!["/var/log/asterisk/cdr-csv/Master.csv".into()], options);
/// let (cdrs, summary) = importer.import(&mut |reject| eprintln!("{reject:?}"), &mut |_| {})?;
/// assert_eq!(summary.records, cdrs.len() as u64);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Importer {
    paths: Vec<PathBuf>,
    options: ImportOptions,
}

impl Importer {
    /// An import of these files, `-` being standard input. Nothing is opened yet.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>, options: ImportOptions) -> Self {
        Self { paths, options }
    }

    /// Reads everything. Calls come in the order of their start; each row that is not used goes to `rejects`.
    ///
    /// # Errors
    /// When a file cannot be read or its format is not known. Bad rows are no error.
    pub fn import(
        &mut self,
        rejects: &mut dyn FnMut(Reject),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Vec<Cdr>, ImportSummary), ImportError> {
        let mut reading = Reading::new(self.options.clone())?;
        for path in &self.paths {
            let file = name_of(path);
            let lines = Lines::open(path)
                .map_err(|source| ImportError::Io { file: file.clone(), source })?;
            read_file(lines, file, &mut reading, rejects, progress)?;
        }
        Ok(settle(reading))
    }

    /// Reads the first `rows` rows of each file. Standard input is used up by this.
    ///
    /// # Errors
    /// As [`Importer::import`].
    pub fn preview(&self, rows: u64) -> Result<Preview, ImportError> {
        let options = ImportOptions { rows_max: Some(rows), ..self.options.clone() };
        let mut rejects = Vec::new();
        let mut short = Self { paths: self.paths.clone(), options };
        let (records, summary) = short.import(&mut |reject| rejects.push(reject), &mut |_| {})?;
        Ok(Preview { records, rejects, summary })
    }
}

/// Imports from bytes in memory, for records that arrive by other ways than files.
///
/// # Errors
/// As [`Importer::import`].
pub fn import_bytes(
    name: &str,
    bytes: Vec<u8>,
    options: ImportOptions,
    rejects: &mut dyn FnMut(Reject),
) -> Result<(Vec<Cdr>, ImportSummary), ImportError> {
    let file: Arc<str> = name.into();
    let mut reading = Reading::new(options)?;
    let lines = Lines::unpacked(Box::new(io::Cursor::new(bytes)));
    let lines = lines.map_err(|source| ImportError::Io { file: file.clone(), source })?;
    read_file(lines, file, &mut reading, rejects, &mut |_| {})?;
    Ok(settle(reading))
}

fn read_file(
    mut lines: Lines,
    file: Arc<str>,
    reading: &mut Reading,
    rejects: &mut dyn FnMut(Reject),
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ImportError> {
    let io = |source| ImportError::Io { file: file.clone(), source };
    let head = lines.head().map_err(io)?;
    let detection = recognise(&file, &head, &reading.options)?;
    let mut decoder = Decoder::new(file.clone(), &detection, reading.options.mapping.clone());
    let before = reading.summary.rows;
    let mut next = before + PROGRESS_ROWS;
    let mut line = Vec::new();
    loop {
        match lines.read(&mut line).map_err(io)? {
            LineRead::Line | LineRead::Partial => decoder.line(&line, reading, rejects)?,
            LineRead::TooLong => decoder.long_line(&line, reading, rejects),
            LineRead::End => break,
        }
        let rows = reading.summary.rows;
        if rows >= next {
            next = rows + PROGRESS_ROWS;
            progress(Progress { file: file.clone(), bytes: lines.bytes, rows });
        }
        if reading.options.rows_max.is_some_and(|max| rows - before >= max) {
            break;
        }
    }
    decoder.end(reading, rejects);
    let rows = reading.summary.rows;
    progress(Progress { file: file.clone(), bytes: lines.bytes, rows });
    reading.summary.files.push(FileSummary { file, detection, rows: rows - before });
    Ok(())
}

/// What the options say, else what the content says.
pub(crate) fn recognise(
    file: &Arc<str>,
    head: &[u8],
    options: &ImportOptions,
) -> Result<Detection, ImportError> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Utf16 { file: file.clone() });
    }
    if let Some(mapping) = &options.mapping {
        return Ok(Detection {
            format: Format::Mapped,
            delimiter: mapping.delimiter(),
            has_header: mapping.rows.header && mapping.rows.kind == RowKind::Csv,
            confidence: Confidence::Certain,
            why: format!("the mapping {:?}", mapping.name),
        });
    }
    match (detect(head), options.format) {
        (Ok(found), None) => Ok(found),
        (Ok(found), Some(format)) if found.format == format => Ok(found),
        (found, Some(format)) => {
            let delimiter = match (&found, found.as_ref().err().and_then(|seen| seen.delimiter)) {
                (Ok(found), _) => found.delimiter,
                (Err(_), delimiter) => delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or(b','),
            };
            Ok(Detection {
                format,
                delimiter,
                has_header: match (&found, format) {
                    (
                        _,
                        Format::AsteriskCsv | Format::FreeSwitchCsv | Format::FreeSwitchAsteriskCsv,
                    ) => false,
                    (Ok(found), Format::ThreeCx) => found.has_header,
                    (Err(seen), Format::ThreeCx) => {
                        seen.columns.iter().any(|c| c.name.contains("callid"))
                    }
                    _ => true,
                },
                confidence: Confidence::Likely,
                why: "the format was asked for".to_owned(),
            })
        }
        (Err(seen), None) => Err(ImportError::Unknown { file: file.clone(), seen }),
    }
}

fn settle(reading: Reading) -> (Vec<Cdr>, ImportSummary) {
    let Reading { options, clock, legs, mut summary, rows_long, .. } = reading;
    let mut grouped = Grouped::default();
    let mut cdrs = group::calls(legs, &mut grouped);
    // Stable, so that calls of one moment stay in the order of the file.
    cdrs.sort_by_key(|cdr| cdr.started);
    summary.dropped_legs += grouped.dropped;
    let Grouped { byes_alone, calls_open, .. } = grouped;
    let counted = [
        (byes_alone, Warning::ByesAlone { count: byes_alone }),
        (calls_open, Warning::CallsOpen { count: calls_open }),
        (rows_long, Warning::LongRows { count: rows_long }),
    ];
    summary
        .warnings
        .extend(counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, warning)| warning));
    summary.look_at(&cdrs, &clock, options.now);
    (cdrs, summary)
}

/// Finds out the format of a file without reading more than its beginning.
///
/// # Errors
/// When it cannot be read or is not known.
pub fn detect_file(path: &Path) -> Result<Detection, ImportError> {
    let file = name_of(path);
    let io = |source| ImportError::Io { file: file.clone(), source };
    let head = Lines::open(path).and_then(|mut lines| lines.head()).map_err(io)?;
    detect(&head).map_err(|seen| ImportError::Unknown { file, seen })
}
