//! What people and their tools read: one line per thing that happened, as text or JSON, on standard error.
//!
//! Numbers are masked, secrets and whole messages never appear.

use crate::config::{Log, LogFormat, LogLevel};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Changes how much is logged while the program runs.
#[derive(Clone, Debug)]
pub struct Logging {
    level: Handle<LevelFilter, Registry>,
    format: LogFormat,
}

impl Logging {
    /// Starts logging; the first call in a process counts.
    #[must_use]
    pub fn start(log: Log) -> Self {
        let (level, handle) = reload::Layer::new(filter(log.level));
        let layer = fmt::layer().with_writer(std::io::stderr).with_target(false);
        let layer = match log.format {
            LogFormat::Text => layer.with_ansi(false).boxed(),
            LogFormat::Json => layer.json().flatten_event(true).boxed(),
        };
        // Tests start several servers in a process; the first one's log serves all.
        let _ = tracing_subscriber::registry().with(layer.with_filter(level)).try_init();
        Self { level: handle, format: log.format }
    }

    /// Puts new settings in force; whether all of them could be.
    pub fn adopt(&self, log: Log) -> bool {
        let _ = self.level.reload(filter(log.level));
        log.format == self.format
    }
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    }
}
