//! Lines of one file become legs.

use super::detect::Detection;
use super::fields::{Columns, Header, Named, Object};
use super::format::Format;
use super::input::LINE_BYTES_MAX;
use super::leg::{Draft, Leg, LegMaker, Role};
use super::mapping::{Mapping, MappingError, RowKind};
use super::options::ImportOptions;
use super::row::{Reject, RowError, fingerprint};
use super::seen::Seen;
use super::split::{CsvSplitter, JsonDepth, SplitCsv};
use super::summary::ImportSummary;
use super::time::Clock;
use super::{asterisk, body, cucm, freeswitch, proxy, swyx, three_cx};
use std::borrow::Cow;
use std::sync::Arc;

/// The most lines that one row of separated text may go on over.
const CSV_ROW_LINES_MAX: usize = 16;
/// Asterisk's own bound is 1,024.
const ROW_BYTES_LONG: usize = 1_000;

/// What all files of an import share.
pub(crate) struct Reading {
    pub options: ImportOptions,
    pub clock: Clock,
    pub maker: LegMaker,
    pub seen: Seen,
    pub legs: Vec<Leg>,
    pub summary: ImportSummary,
    pub rows_long: u64,
}

impl Reading {
    pub(crate) fn new(options: ImportOptions) -> Result<Self, MappingError> {
        let mapped = options.mapping.as_ref().map(|mapping| mapping.zone()).transpose()?.flatten();
        let clock = Clock::new(mapped.unwrap_or_else(|| options.zone.clone()));
        let seen = Seen::new(options.ids_max);
        Ok(Self {
            clock,
            maker: LegMaker::new(),
            seen,
            legs: Vec::new(),
            summary: ImportSummary::default(),
            rows_long: 0,
            options,
        })
    }
}

/// Follows one file.
pub(crate) struct Decoder {
    file: Arc<str>,
    format: Format,
    shape: Shape,
    mapping: Option<Arc<Mapping>>,
    splitter: CsvSplitter,
    header: Option<Header>,
    header_row: String,
    wants_header: bool,
    open: Option<Open>,
    line: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Columns,
    Object,
    Line,
}

/// A row that goes on in the next line.
struct Open {
    text: String,
    first_line: u64,
    lines: usize,
    depth: JsonDepth,
}

impl Decoder {
    pub(crate) fn new(
        file: Arc<str>,
        detection: &Detection,
        mapping: Option<Arc<Mapping>>,
    ) -> Self {
        let shape = match (detection.format, &mapping) {
            (Format::Mapped, Some(mapping)) if mapping.rows.kind == RowKind::Jsonl => Shape::Object,
            (Format::AsteriskJson | Format::FreeSwitchJson | Format::AccJson, _) => Shape::Object,
            (Format::AccSyslog, _) => Shape::Line,
            _ => Shape::Columns,
        };
        let implied = detection.format == Format::ThreeCx && !detection.has_header;
        Self {
            file,
            format: detection.format,
            shape,
            mapping,
            splitter: CsvSplitter::new(detection.delimiter),
            header: implied.then(three_cx::documented_header),
            header_row: String::new(),
            wants_header: detection.has_header && shape == Shape::Columns,
            open: None,
            line: 0,
        }
    }

    /// Whether the next row will be taken for the names of the columns.
    pub(crate) fn wants_header(&self) -> bool {
        self.wants_header && self.header.is_none()
    }

    /// Whether a row goes on in the next line.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// One physical line without its end.
    pub(crate) fn line(
        &mut self,
        bytes: &[u8],
        r: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), MappingError> {
        self.line += 1;
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let bytes = match self.line {
            1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
            _ => bytes,
        };
        let (text, repaired) = readable(bytes);
        if text.trim().is_empty() && self.open.is_none() {
            if !bytes.is_empty() && bytes.iter().all(|b| *b == 0) {
                self.reject(r, rejects, RowError::Nul, bytes, self.line);
            }
            return Ok(());
        }
        let before = r.summary.rows;
        self.readable_line(&text, r, rejects)?;
        r.summary.repaired += u64::from(repaired && r.summary.rows > before);
        Ok(())
    }

    /// A line that was too long to be kept.
    pub(crate) fn long_line(
        &mut self,
        head: &[u8],
        r: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
    ) {
        self.line += 1;
        self.end(r, rejects);
        self.reject(r, rejects, RowError::TooLong { max: LINE_BYTES_MAX }, head, self.line);
    }

    /// The end of the file.
    pub(crate) fn end(&mut self, r: &mut Reading, rejects: &mut dyn FnMut(Reject)) {
        if let Some(open) = self.open.take() {
            self.reject(r, rejects, RowError::Unclosed, open.text.as_bytes(), open.first_line);
        }
    }

    fn readable_line(
        &mut self,
        text: &str,
        r: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), MappingError> {
        let Some(mut open) = self.open.take() else {
            let mut depth = JsonDepth::default();
            if self.goes_on(text, &mut depth) {
                self.open =
                    Some(Open { text: text.to_owned(), first_line: self.line, lines: 1, depth });
                return Ok(());
            }
            return self.row(text, self.line, r, rejects);
        };
        // A whole row of its own shows that the one before was torn off, not that it goes on.
        if self.stands_alone(text) {
            self.reject(r, rejects, RowError::Unclosed, open.text.as_bytes(), open.first_line);
            return self.row(text, self.line, r, rejects);
        }
        open.text.push('\n');
        open.text.push_str(text);
        open.lines += 1;
        let goes_on = match self.shape {
            Shape::Object => open.depth.feed(text.as_bytes()),
            _ => self.goes_on(&open.text, &mut JsonDepth::default()),
        };
        let too_much = open.text.len() > LINE_BYTES_MAX
            || (self.shape == Shape::Columns && open.lines >= CSV_ROW_LINES_MAX);
        if !goes_on {
            self.row(&open.text, open.first_line, r, rejects)
        } else if too_much {
            self.reject(r, rejects, RowError::Unclosed, open.text.as_bytes(), open.first_line);
            Ok(())
        } else {
            self.open = Some(open);
            Ok(())
        }
    }

    fn goes_on(&mut self, text: &str, depth: &mut JsonDepth) -> bool {
        match self.shape {
            Shape::Columns => self.splitter.split(text.as_bytes()) == SplitCsv::Open,
            Shape::Object => text.trim_start().starts_with('{') && depth.feed(text.as_bytes()),
            Shape::Line => false,
        }
    }

    fn stands_alone(&mut self, text: &str) -> bool {
        match self.shape {
            Shape::Columns => {
                self.splitter.split(text.as_bytes()) == SplitCsv::Row
                    && self.splitter.columns().1.len() >= self.columns_min().max(2)
            }
            // Inside an object, lines are indented.
            Shape::Object => text.starts_with('{') && !JsonDepth::default().feed(text.as_bytes()),
            Shape::Line => true,
        }
    }

    fn columns_min(&self) -> usize {
        match (self.format, &self.header) {
            (Format::AsteriskCsv, _) => *asterisk::COLUMNS.start(),
            (Format::FreeSwitchCsv, _) => 12,
            (Format::FreeSwitchAsteriskCsv, _) => 17,
            // Which of the documented fields are written is the administrator's choice.
            (Format::ThreeCx, _) if self.header_row.is_empty() => 12,
            (_, Some(header)) => header.count(),
            (_, None) => 1,
        }
    }

    /// A whole row. For separated text the splitter holds its columns.
    fn row(
        &mut self,
        text: &str,
        line: u64,
        r: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), MappingError> {
        if self.wants_header() {
            return self.take_header(text);
        }
        if self.shape == Shape::Columns && !self.header_row.is_empty() && text == self.header_row {
            // Joined files repeat it.
            return Ok(());
        }
        r.rows_long += u64::from(self.format == Format::AsteriskCsv && text.len() > ROW_BYTES_LONG);
        match self.leg(text, r) {
            Ok(leg) => {
                r.summary.rows += 1;
                if r.seen.is_new(&leg.cdr.native_id) {
                    r.summary.dst_ambiguous += u64::from(leg.ambiguous);
                    r.legs.push(leg);
                } else {
                    r.summary.duplicates += 1;
                }
            }
            Err(RowError::NotACall) => {
                r.summary.rows += 1;
                r.summary.skipped += 1;
            }
            Err(reason) => self.reject(r, rejects, reason, text.as_bytes(), line),
        }
        Ok(())
    }

    fn take_header(&mut self, text: &str) -> Result<(), MappingError> {
        let (names, ends) = self.splitter.columns();
        let names = String::from_utf8_lossy(names);
        let columns = Columns::new(&names, ends);
        let header = Header::new(columns.iter());
        if let Some(mapping) = &self.mapping {
            mapping.check_header(&header, columns)?;
        }
        self.header = Some(header);
        text.clone_into(&mut self.header_row);
        Ok(())
    }

    fn leg(&self, text: &str, r: &mut Reading) -> Result<Leg, RowError> {
        match self.shape {
            Shape::Columns => self.leg_of_columns(text, r),
            Shape::Object => self.leg_of_object(text, r),
            Shape::Line => {
                let line = proxy::AccLine::parse(text).ok_or(RowError::NotACall)?;
                let draft = proxy::from_acc(&line, &r.options.sides, &mut r.clock)?;
                finish(draft, text, &mut r.maker, &r.options)
            }
        }
    }

    fn leg_of_columns(&self, text: &str, r: &mut Reading) -> Result<Leg, RowError> {
        let (sides, clock) = (&r.options.sides, &mut r.clock);
        let (values, ends) = self.splitter.columns();
        // The row was valid text, and unquoting takes whole characters out.
        let values = std::str::from_utf8(values).unwrap_or("");
        let c = Columns::new(values, ends);
        let finish =
            |draft: Draft<'_>, maker: &mut LegMaker| finish(draft, text, maker, &r.options);
        match self.format {
            Format::AsteriskCsv => {
                return finish(asterisk::from_csv(c, text, sides, clock)?, &mut r.maker);
            }
            Format::FreeSwitchCsv => {
                return finish(freeswitch::from_csv(c, sides, clock)?, &mut r.maker);
            }
            Format::FreeSwitchAsteriskCsv => {
                return finish(freeswitch::from_asterisk_csv(c, sides, clock)?, &mut r.maker);
            }
            Format::Cucm if cucm::is_types_line(c.at(0)) => return Err(RowError::NotACall),
            _ => {}
        }
        if c.count() < self.columns_min() {
            return Err(RowError::Short { found: c.count(), expected: self.columns_min() });
        }
        if let (Format::Mapped, Some(mapping)) = (self.format, &self.mapping) {
            let draft = mapping.draft_of_columns(self.header.as_ref(), c, sides, clock)?;
            return finish(draft, &mut r.maker);
        }
        let empty = Header::default();
        let named = Named { header: self.header.as_ref().unwrap_or(&empty), columns: c };
        let draft = match self.format {
            Format::FusionPbx => freeswitch::from_fusionpbx(&named, sides, clock)?,
            Format::AccTable => proxy::from_acc(&named, sides, clock)?,
            Format::ThreeCx => three_cx::from_row(&named, sides, clock)?,
            Format::SwyxWare => swyx::from_row(&named, sides, clock)?,
            Format::Cucm => cucm::from_row(&named, sides, clock)?,
            _ => asterisk::from_fields(&named, text, sides, clock)?,
        };
        finish(draft, &mut r.maker)
    }

    fn leg_of_object(&self, text: &str, r: &mut Reading) -> Result<Leg, RowError> {
        let (sides, clock) = (&r.options.sides, &mut r.clock);
        let body = match self.format {
            Format::FreeSwitchJson => body::json_body(text)
                .ok_or_else(|| RowError::Json("no JSON in this body".to_owned()))?,
            _ => Cow::Borrowed(text),
        };
        let mut object = Object::read(&body).map_err(|error| RowError::Json(error.to_string()))?;
        let draft = match (self.format, &self.mapping) {
            (Format::FreeSwitchJson, _) => {
                freeswitch::decode_values(&mut object);
                freeswitch::from_json(&object, sides, clock)?
            }
            (Format::Mapped, Some(mapping)) => mapping.draft_of_object(&object, sides, clock)?,
            (Format::AccJson, _) => proxy::from_cdr(&object, sides, clock)?,
            _ => asterisk::from_fields(&object, text, sides, clock)?,
        };
        finish(draft, text, &mut r.maker, &r.options)
    }

    fn reject(
        &self,
        r: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
        reason: RowError,
        raw: &[u8],
        line: u64,
    ) {
        r.summary.rows += 1;
        r.summary.rejected += 1;
        let raw = raw.get(..Reject::RAW_BYTES_MAX).unwrap_or(raw).to_vec();
        rejects(Reject { file: self.file.clone(), line, reason, raw });
    }
}

fn finish(
    mut draft: Draft<'_>,
    row: &str,
    maker: &mut LegMaker,
    options: &ImportOptions,
) -> Result<Leg, RowError> {
    if draft.native_id.is_empty() && draft.role != Role::Bye {
        draft.native_id = format!("row:{}", fingerprint(row)).into();
    }
    maker.make(draft, options)
}

/// The bytes as text: NUL bytes taken out, and what is no UTF-8 read as ISO 8859-1, which older systems write.
fn readable(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let has_nul = memchr::memchr(0, bytes).is_some();
    match std::str::from_utf8(bytes) {
        Ok(text) if !has_nul => (Cow::Borrowed(text), false),
        Ok(text) => (Cow::Owned(text.replace('\0', "")), true),
        Err(_) => {
            let text = bytes.iter().filter(|b| **b != 0).map(|b| char::from(*b)).collect();
            (Cow::Owned(text), true)
        }
    }
}
