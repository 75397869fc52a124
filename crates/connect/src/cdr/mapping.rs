//! Sources nobody has heard of: a TOML file says which column is what.

use super::cause;
use super::fields::{Columns, Fields, Header, Object};
use super::leg::Draft;
use super::options::Sides;
use super::row::RowError;
use super::time::{Clock, Stamp, duration_ms};
use jiff::tz::TimeZone;
use ringfence_model::Direction;
use serde::Deserialize;
use std::borrow::Cow;

/// How the rows of one source are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the source is called in messages.
    pub name: String,
    /// How rows and columns are separated.
    #[serde(default)]
    pub rows: RowShape,
    /// Which column is what.
    pub columns: MappedColumns,
    /// How times are written.
    #[serde(default)]
    pub time: TimeForm,
    /// How durations are written.
    #[serde(default)]
    pub durations: DurationUnit,
    /// The words of the direction column.
    #[serde(default)]
    pub direction: DirectionWords,
    /// Changes to numbers; the first whose prefix fits is applied.
    #[serde(default)]
    pub rewrite: Vec<Rewrite>,
}

/// How rows and columns are separated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RowShape {
    /// Separated text, or one JSON object per line.
    pub kind: RowKind,
    /// Between columns; one ASCII character.
    pub delimiter: char,
    /// Whether the first line holds the names of the columns.
    pub header: bool,
}

/// Separated text, or one JSON object per line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// Separated text.
    #[default]
    Csv,
    /// One JSON object per line; nested names are joined by dots.
    Jsonl,
}

impl Default for RowShape {
    fn default() -> Self {
        Self { kind: RowKind::Csv, delimiter: ',', header: true }
    }
}

/// A column by its name, by its number from 1, or several that are joined by a space.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
pub enum ColumnRef {
    /// From 1.
    Number(usize),
    /// As the header or the object names it.
    Name(String),
    /// Such as a date and a time.
    Joined(Vec<ColumnRef>),
}

/// Which column is what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // each is the field of `Cdr` of that name, or a plain word
pub struct MappedColumns {
    pub native_id: Option<ColumnRef>,
    pub correlation_id: Option<ColumnRef>,
    pub tenant: Option<ColumnRef>,
    pub trunk: Option<ColumnRef>,
    pub extension: Option<ColumnRef>,
    pub direction: Option<ColumnRef>,
    pub a_number: Option<ColumnRef>,
    pub dialled: Option<ColumnRef>,
    pub c_number: Option<ColumnRef>,
    pub source_ip: Option<ColumnRef>,
    pub user_agent: Option<ColumnRef>,
    pub context: Option<ColumnRef>,
    pub started: Option<ColumnRef>,
    pub answered: Option<ColumnRef>,
    pub ended: Option<ColumnRef>,
    /// From start to end.
    pub duration: Option<ColumnRef>,
    /// From answer to end: what is charged.
    pub billable: Option<ColumnRef>,
    /// A SIP code, Q.850 number or FreeSWITCH or Asterisk word.
    pub code: Option<ColumnRef>,
}

/// How times are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeForm {
    /// A `strptime` format; `None` knows ISO 8601, `dd.mm.yyyy hh:mm:ss` and epoch numbers.
    pub format: Option<String>,
    /// IANA name of the zone of times without one; `None` takes that of the import.
    pub zone: Option<String>,
}

/// How durations are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum DurationUnit {
    /// Seconds, with or without decimals, or `hh:mm:ss`.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Whole milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// The words of the direction column; without the column the direction is worked out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DirectionWords {
    /// From the tenant.
    pub outbound: Vec<String>,
    /// To the tenant.
    pub inbound: Vec<String>,
    /// Inside the tenant.
    pub internal: Vec<String>,
}

/// Replaces the beginning of a number.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// What the number begins with; may be empty.
    pub prefix: String,
    /// What stands there instead.
    #[serde(default)]
    pub with: String,
    /// Only numbers of at least this many characters.
    #[serde(default)]
    pub length_min: usize,
}

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// Not TOML, or a key that does not exist.
    #[error("the mapping is not valid: {0}")]
    Toml(#[from] toml::de::Error),
    /// Not enough to make a call of a row.
    #[error("the mapping {name:?} needs {needs}")]
    Incomplete {
        /// The mapping.
        name: String,
        /// What it lacks.
        needs: &'static str,
    },
    /// A zone that does not exist.
    #[error(
        "the mapping {name:?} names the time zone {zone:?}, which does not exist; write it as Europe/Amsterdam"
    )]
    Zone {
        /// The mapping.
        name: String,
        /// What it says.
        zone: String,
    },
    /// A column the file does not have.
    #[error("the mapping {name:?} names the column {column:?}; the file has: {found}")]
    Column {
        /// The mapping.
        name: String,
        /// What it says.
        column: String,
        /// What there is.
        found: String,
    },
}

impl Mapping {
    /// Reads and checks a mapping file.
    ///
    /// # Errors
    /// When it is not TOML of this form, or lacks what a call needs.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text)?;
        let incomplete = |needs| MappingError::Incomplete { name: mapping.name.clone(), needs };
        let c = &mapping.columns;
        if c.started.is_none() && (c.ended.is_none() || c.duration.is_none()) {
            return Err(incomplete("a column for `started`, or for `ended` and `duration`"));
        }
        if c.a_number.is_none() && c.dialled.is_none() {
            return Err(incomplete("a column for `a_number` or `dialled`"));
        }
        if !mapping.rows.delimiter.is_ascii() {
            return Err(incomplete("a `delimiter` of one ASCII character"));
        }
        if c.all().flat_map(ColumnRef::leaves).any(|leaf| *leaf == ColumnRef::Number(0)) {
            return Err(incomplete("column numbers counted from 1"));
        }
        mapping.zone()?;
        Ok(mapping)
    }

    pub(crate) fn zone(&self) -> Result<Option<TimeZone>, MappingError> {
        let Some(zone) = &self.time.zone else { return Ok(None) };
        let found = TimeZone::get(zone);
        found
            .map(Some)
            .map_err(|_| MappingError::Zone { name: self.name.clone(), zone: zone.clone() })
    }

    pub(crate) fn delimiter(&self) -> u8 {
        u8::try_from(self.rows.delimiter).unwrap_or(b',')
    }

    /// Every named column must exist.
    pub(crate) fn check_header(
        &self,
        header: &Header,
        names: Columns<'_>,
    ) -> Result<(), MappingError> {
        let missing = self.columns.all().flat_map(ColumnRef::leaves).find_map(|leaf| match leaf {
            ColumnRef::Name(name) if header.position(name).is_none() => Some(name.clone()),
            ColumnRef::Number(number) if *number > header.count() => Some(number.to_string()),
            _ => None,
        });
        match missing {
            None => Ok(()),
            Some(column) => Err(MappingError::Column {
                name: self.name.clone(),
                column,
                found: names.iter().take(60).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    pub(crate) fn draft_of_columns<'a>(
        &self,
        header: Option<&Header>,
        c: Columns<'a>,
        sides: &Sides,
        clock: &mut Clock,
    ) -> Result<Draft<'a>, RowError> {
        let at = |leaf: &ColumnRef| match leaf {
            ColumnRef::Number(number) => c.at(number.saturating_sub(1)).trim(),
            ColumnRef::Name(name) => header
                .and_then(|header| header.position(name))
                .map_or("", |index| c.at(index).trim()),
            ColumnRef::Joined(_) => "",
        };
        self.draft(&at, sides, clock)
    }

    pub(crate) fn draft_of_object<'a>(
        &self,
        object: &'a Object,
        sides: &Sides,
        clock: &mut Clock,
    ) -> Result<Draft<'a>, RowError> {
        let at = |leaf: &ColumnRef| match leaf {
            ColumnRef::Name(name) => object.get(name),
            _ => "",
        };
        self.draft(&at, sides, clock)
    }

    fn draft<'a>(
        &self,
        at: &dyn Fn(&ColumnRef) -> &'a str,
        sides: &Sides,
        clock: &mut Clock,
    ) -> Result<Draft<'a>, RowError> {
        let c = &self.columns;
        let one = |column: &Option<ColumnRef>| column.as_ref().map_or("", at);
        let (a_number, dialled) = (self.number(one(&c.a_number)), self.number(one(&c.dialled)));
        let answered = self.time(&c.answered, at, clock)?;
        let billable_ms = self.duration(one(&c.billable))?;
        let was_answered = answered.is_some() || billable_ms.is_some_and(|ms| ms > 0);
        let trunk = one(&c.trunk);
        let extension = one(&c.extension);
        Ok(Draft {
            native_id: one(&c.native_id).into(),
            correlation: one(&c.correlation_id).into(),
            tenant: one(&c.tenant),
            trunk: trunk.into(),
            extension,
            direction: self.direction.of(one(&c.direction)),
            context: one(&c.context),
            from: if sides.is_extension(&a_number) {
                super::sides::End::Phone
            } else {
                Default::default()
            },
            a_number,
            dialled,
            c_number: self.number(one(&c.c_number)),
            source_ip: one(&c.source_ip).parse().ok(),
            user_agent: one(&c.user_agent),
            started: self.time(&c.started, at, clock)?,
            answered,
            ended: self.time(&c.ended, at, clock)?,
            duration_ms: self.duration(one(&c.duration))?,
            billable_ms,
            code: cause::of_text(one(&c.code), was_answered),
            ..Draft::default()
        })
    }

    fn time<'a>(
        &self,
        column: &Option<ColumnRef>,
        at: &dyn Fn(&ColumnRef) -> &'a str,
        clock: &mut Clock,
    ) -> Result<Option<Stamp>, RowError> {
        let Some(column) = column else { return Ok(None) };
        let text: Cow<'_, str> = match column {
            ColumnRef::Joined(parts) => {
                let parts: Vec<&str> = parts.iter().map(at).collect();
                if parts.iter().any(|part| part.is_empty()) {
                    return Ok(None);
                }
                parts.join(" ").into()
            }
            leaf => at(leaf).into(),
        };
        Ok(match &self.time.format {
            Some(format) => clock.read_as(format, &text)?,
            None => clock.read(&text)?,
        })
    }

    fn duration(&self, text: &str) -> Result<Option<u64>, RowError> {
        Ok(match (self.durations, text.parse::<u64>()) {
            (DurationUnit::Milliseconds, Ok(ms)) => Some(ms),
            _ => duration_ms(text)?,
        })
    }

    fn number<'a>(&self, number: &'a str) -> Cow<'a, str> {
        for rule in &self.rewrite {
            if let (Some(rest), true) =
                (number.strip_prefix(&*rule.prefix), number.len() >= rule.length_min)
            {
                return format!("{}{rest}", rule.with).into();
            }
        }
        number.into()
    }
}

impl DirectionWords {
    fn of(&self, word: &str) -> Option<Direction> {
        let is = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if word.is_empty() {
            None
        } else if is(&self.outbound) {
            Some(Direction::Outbound)
        } else if is(&self.inbound) {
            Some(Direction::Inbound)
        } else if is(&self.internal) {
            Some(Direction::Internal)
        } else {
            None
        }
    }
}

impl ColumnRef {
    fn leaves(&self) -> impl Iterator<Item = &Self> {
        match self {
            Self::Joined(parts) => parts.iter(),
            leaf => std::slice::from_ref(leaf).iter(),
        }
    }
}

impl MappedColumns {
    fn all(&self) -> impl Iterator<Item = &ColumnRef> {
        [
            &self.native_id,
            &self.correlation_id,
            &self.tenant,
            &self.trunk,
            &self.extension,
            &self.direction,
            &self.a_number,
            &self.dialled,
            &self.c_number,
            &self.source_ip,
            &self.user_agent,
            &self.context,
            &self.started,
            &self.answered,
            &self.ended,
            &self.duration,
            &self.billable,
            &self.code,
        ]
        .into_iter()
        .flatten()
    }
}
