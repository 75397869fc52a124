//! What can go wrong, by what the caller should do about it.

use thiserror::Error;

/// What came of asking the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why the store did not do it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database does not answer. Try again later. A change that was under way may have been made: look before
    /// making it again.
    #[error(
        "the database does not answer: {0}; it is tried again, see that it runs and can be reached"
    )]
    Gone(String),
    /// Somebody else changes the same. Try again.
    #[error("the database is busy: {0}; try again")]
    Busy(String),
    /// There is no room.
    #[error("the disk of the database is full: {0}; make room")]
    Full(String),
    /// Nothing may be written.
    #[error(
        "the database may only be read: {0}; give the user Ringfence runs as the right to write it"
    )]
    ReadOnly(String),
    /// The row was changed since the caller saw it.
    #[error(
        "{what} was changed by someone else: it is at version {found}, not {expected}; look again"
    )]
    Conflict {
        /// Which row.
        what: String,
        /// The version the caller saw; 0 where none should have been.
        expected: i64,
        /// The one it has.
        found: i64,
    },
    /// There is no such row.
    #[error("there is no {0}")]
    NotFound(String),
    /// It breaks a rule: a name that is taken, a proposal one may not approve.
    #[error("{0}")]
    Refused(String),
    /// The database holds what it cannot hold.
    #[error("the database is damaged: {0}; put a backup in its place")]
    Corrupt(String),
    /// A newer Ringfence made the database.
    #[error(
        "the database has schema {found} and this Ringfence knows up to {known}; use the newer Ringfence, or a backup from before"
    )]
    Newer {
        /// The schema it has.
        found: i64,
        /// The newest we know.
        known: i64,
    },
    /// A fault of ours: SQL the database does not take.
    #[error("the database does not understand: {0}; report this")]
    Fault(String),
}

impl StoreError {
    /// Whether the same may work a little later, without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Busy(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let said = error.to_string();
        let rusqlite::Error::SqliteFailure(failure, _) = &error else { return Self::Fault(said) };
        match failure.code {
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Busy(said),
            Code::DiskFull => Self::Full(said),
            Code::ReadOnly | Code::PermissionDenied => Self::ReadOnly(said),
            Code::ConstraintViolation => Self::Refused(said),
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt(said),
            Code::SystemIoFailure | Code::CannotOpen => Self::Gone(said),
            _ => Self::Fault(said),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            // What is wrong with a value is ours, everything else is the connection.
            let chain = std::error::Error::source(&error).map(ToString::to_string);
            let said = chain.map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
            return if said.contains("serializing") { Self::Fault(said) } else { Self::Gone(said) };
        };
        let said = format!("{} ({})", told.message(), told.code().code());
        // Classes: PostgreSQL manual, appendix A.
        match told.code().code() {
            code if code.starts_with("08") || code.starts_with("57P") => Self::Gone(said),
            // Too many connections, not now: as good as not there.
            "53300" | "55P03" | "57014" => Self::Busy(said),
            "53100" | "53200" => Self::Full(said),
            "25006" | "42501" => Self::ReadOnly(said),
            code if code.starts_with("22") || code.starts_with("23") => Self::Refused(said),
            code if code.starts_with("40") => Self::Busy(said),
            // Two who make the same table at once; a month that was dropped just now.
            "42P07" | "42P01" => Self::Busy(said),
            code if code.starts_with("XX") || code.starts_with("58") => Self::Corrupt(said),
            code if code.starts_with("28") || code.starts_with("3D") => Self::Gone(said),
            _ => Self::Fault(said),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(format!("a value that is no JSON: {error}"))
    }
}
