//! Call records from files.

use crate::failure::{Failure, Kind, Outcome};
use crate::progress::Progress;
use crate::setup::read;
use anyhow::anyhow;
use clap::Args;
use jiff::tz::TimeZone;
use ringfence_connect::cdr::{
    Format, ImportError, ImportOptions, ImportSummary, Importer, Mapping, Reject, Sides,
    TenantFrom, Unknown,
};
use ringfence_model::{Cdr, TenantId, WallTime};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The options that say how records are read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How records are read")]
pub struct RecordArgs {
    /// The format; without it the content tells
    #[arg(long, value_name = "NAME", value_parser = format, help = format_help())]
    pub format: Option<Format>,
    /// Which column is what, as TOML, for formats that are not known
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub mapping: Option<PathBuf>,
    /// Take the customer from the column of this name in the mapping
    #[arg(long, value_name = "COLUMN", requires = "mapping", conflicts_with = "tenant_name")]
    pub tenant_column: Option<String>,
    /// All calls are of this one customer, whatever the records say
    #[arg(long, value_name = "NAME")]
    pub tenant_name: Option<String>,
    /// Names of trunks to the carrier; a name may end in *; repeatable
    #[arg(long = "carrier-trunk", value_name = "NAME")]
    pub carrier_trunks: Vec<String>,
    /// Dialplan contexts in which calls from the carrier arrive; repeatable
    #[arg(long = "carrier-context", value_name = "NAME")]
    pub carrier_contexts: Vec<String>,
    /// Own numbers, international, * at the end for a range; repeatable
    #[arg(long = "own-number", value_name = "NUMBER")]
    pub own_numbers: Vec<String>,
}

/// Bad rows kept for the rejects file; the summary counts all.
const REJECTS_MAX: usize = 100_000;

/// What an import gave.
pub struct Imported {
    pub cdrs: Vec<Cdr>,
    pub summary: ImportSummary,
    pub rejects: Vec<Reject>,
}

impl RecordArgs {
    /// The name of the customer of records that name none.
    pub fn tenant(&self) -> TenantId {
        TenantId::new(self.tenant_name.as_deref().unwrap_or("company"))
    }

    /// How to read the records, in the time zone of that name.
    pub fn options(&self, zone: &str) -> Outcome<ImportOptions> {
        let zone = TimeZone::get(zone).map_err(|_| {
            Failure::new(Kind::Input, anyhow!("the time zone {zone:?} is not known"))
                .hint("use an IANA name such as Europe/Amsterdam")
        })?;
        let mut sides = Sides::default();
        sides.carrier_trunks.extend(self.carrier_trunks.iter().cloned());
        sides.carrier_contexts.extend(self.carrier_contexts.iter().cloned());
        sides.own_numbers.extend(self.own_numbers.iter().cloned());
        Ok(ImportOptions {
            format: self.format,
            mapping: self.mapping()?.map(Arc::new),
            tenant: self
                .tenant_name
                .as_deref()
                .map_or(TenantFrom::Record, |name| TenantFrom::Fixed(TenantId::new(name))),
            sides,
            now: now(),
            ..ImportOptions::new(zone)
        })
    }

    /// Reads all files.
    pub fn import(&self, files: &[PathBuf], zone: &str) -> Outcome<Imported> {
        let mut importer = Importer::new(files.to_vec(), self.options(zone)?);
        let mut rejects = Vec::new();
        let mut line = Progress::new();
        let imported = importer.import(
            &mut |reject| {
                if rejects.len() < REJECTS_MAX {
                    rejects.push(reject);
                }
            },
            &mut |at| line.tell(|| format!("reading {}: {} rows", at.file, at.rows)),
        );
        let (cdrs, summary) = imported.map_err(failure)?;
        Ok(Imported { cdrs, summary, rejects })
    }

    fn mapping(&self) -> Outcome<Option<Mapping>> {
        let Some(file) = &self.mapping else { return Ok(None) };
        let text = String::from_utf8(read(file)?)
            .map_err(|_| anyhow!("{} is not UTF-8 text", file.display()))?;
        let mut mapping = Mapping::from_toml(&text)
            .map_err(|error| anyhow::Error::new(error).context(file.display().to_string()))?;
        if let Some(column) = &self.tenant_column {
            let number = column.parse().ok();
            mapping.columns.tenant = Some(number.map_or_else(
                || ringfence_connect::cdr::ColumnRef::Name(column.clone()),
                ringfence_connect::cdr::ColumnRef::Number,
            ));
        }
        Ok(Some(mapping))
    }
}

/// An import error with a way out.
pub fn failure(error: ImportError) -> Failure {
    let hint = match &error {
        ImportError::Unknown { file, seen } if seen.columns.is_empty() => {
            return Failure::new(Kind::Input, anyhow!("{file}: the file holds no rows"))
                .hint("is it the right file, and is it complete?");
        }
        ImportError::Unknown { file, seen } if is_binary(seen) => {
            return Failure::new(Kind::Input, anyhow!("{file}: the file is not text"))
                .hint("export call records as CSV or JSON; .gz and .zst are read as they are");
        }
        ImportError::Unknown { .. } => {
            "save the lines from `name =` on as mapping.toml, correct them, and add --mapping mapping.toml; or name the format with --format"
        }
        ImportError::Utf16 { .. } => "in a spreadsheet program: save as \"CSV UTF-8\"",
        ImportError::Io { .. } => "check the path and that the file can be read",
        ImportError::Mapping(_) => "correct the mapping file",
    };
    Failure::new(Kind::Input, error.into()).hint(hint)
}

/// Bytes that are neither text nor control characters of text.
fn is_binary(seen: &Unknown) -> bool {
    let odd = |c: char| c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    seen.columns.iter().flat_map(|column| column.name.chars().chain(column.sample.chars())).any(odd)
}

/// The clock, for what only a person at it can know: which records lie in the future.
pub fn now() -> Option<WallTime> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(WallTime(i64::try_from(since.as_micros()).ok()?))
}

fn format(name: &str) -> Result<Format, String> {
    Format::by_name(name).ok_or_else(|| format!("the formats are {}", names()))
}

fn format_help() -> String {
    format!("The format; without it the content tells. One of {}", names())
}

fn names() -> String {
    Format::ALL.map(Format::name).join(", ")
}
