//! Call records of other systems become [`ringfence_model::Cdr`].
//!
//! [`Importer`] reads whole files, [`Follower`] one that grows; [`detect`] says what a file is by its content; a [`Mapping`]
//! reads what is not known. One bad row never spoils the rest: it goes to the rejects with its reason, and
//! [`ImportSummary`] accounts for every row.

mod asterisk;
mod asterisk_dial;
mod body;
mod cause;
mod cucm;
mod decode;
mod detect;
mod fields;
mod follow;
mod format;
mod freeswitch;
mod group;
mod import;
mod input;
mod leg;
mod mapping;
mod options;
mod proxy;
mod row;
mod seen;
mod sides;
mod split;
mod summary;
mod swyx;
mod three_cx;
mod time;
mod unknown;

pub(crate) use asterisk_dial::{Channel as DialledChannel, dialled};
pub(crate) use cause::sip_code;
pub use detect::{Confidence, Detection, detect};
pub use follow::{Follower, Position};
pub use format::Format;
pub use import::{ImportError, Importer, Preview, Progress, detect_file, import_bytes};
pub use input::LINE_BYTES_MAX;
pub use mapping::{
    ColumnRef, DirectionWords, DurationUnit, MappedColumns, Mapping, MappingError, Rewrite,
    RowKind, RowShape, TimeForm,
};
pub use options::{ImportOptions, Sides, TenantFrom};
pub use row::{Reject, RowError};
pub use summary::{FileSummary, ImportSummary, Warning};
pub use time::TimeError;
pub use unknown::{SeenColumn, Unknown};
