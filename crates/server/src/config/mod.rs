//! The boot file `ringfence.toml`: read whole, checked whole, with every mistake named at its place.
//!
//! [`load`] gives what everything else is made of, or all problems at once. Nothing is opened but the files the
//! settings name: a file that loads here can still meet a taken port.

mod adviser;
mod api;
mod decks;
mod desk;
mod extension;
mod feed;
mod guard;
mod judging;
mod listen;
mod notices;
mod number;
mod pbx;
mod problem;
mod provider;
mod secret;
mod section;
mod store;
mod telemetry;
mod tenant;
mod trunk;

pub use adviser::Adviser;
pub use api::Api;
pub use decks::{Decks, Imported};
pub use extension::stored_password;
pub(crate) use feed::takes_calls;
pub use feed::{Feed, FeedKind, Hep, Manager};
pub use notices::{Contact, Every, Program, Telling, Way, Wishes};
pub use pbx::{Asking, Control, Pbx, PbxKind};
pub use problem::{Place, Problem, Problems, Source};
pub use provider::Provider;
pub use store::Storage;

use desk::Desk;
use ringfence_call::{
    Directory, DirectoryError, Inbound, Listener, Parts, Registering, Side, Tenant,
};
use ringfence_gate::Snapshot;
use section::Section;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The data folder where the settings name none.
pub const DATA: &str = "/var/lib/ringfence";
/// The control socket in the data folder, where the settings name none.
pub const CONTROL: &str = "control.sock";

/// Everything the boot file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the journal and the records.
    pub data: PathBuf,
    /// The control socket.
    pub control: PathBuf,
    /// Where metrics are served; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
    /// What is logged, and how.
    pub log: Log,
    /// How long running calls may go on when told to stop.
    pub drain: Duration,
    /// Files for TLS.
    pub tls: ringfence_edge::Tls,
    /// Into how many shards the work is dealt; `None`: as the data folder was made, a new one with one per core.
    pub shards: Option<u8>,
    /// How long call records and events are kept, in days; 0: for ever.
    pub keep_days: u16,
    /// Where what people set and see is kept, and for how long.
    pub storage: Storage,
    /// Where the REST API is served; `None`: nowhere, where the file alone has the settings.
    pub api: Option<Api>,
    /// Where PBXs ask; `None`: nowhere.
    pub adviser: Option<Adviser>,
    /// PBXs that ask, are told to end calls, or let us see theirs.
    pub pbxs: Vec<Pbx>,
    /// What PBXs let us see.
    pub feeds: Vec<Feed>,
    /// Where spans of calls and requests are sent; `None`: nowhere.
    pub traces: Option<hyper::Uri>,
    /// Whether tenants, trunks and extensions are in the file; otherwise the store has them.
    pub in_file: bool,
    /// At which revision the store's settings were read, when they are from there.
    pub revision: Option<i64>,
    /// Rate decks that need not be read again.
    pub imported: Imported,
    /// Tenants, trunks, extensions, listeners; policies, dial plans and tariffs; who is heard at all.
    pub snapshot: Arc<Snapshot>,
    /// Who is told of what, and how that is delivered.
    pub telling: Arc<Telling>,
    /// What works and is probably not meant, or dangerous.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// The snapshot for so many shards, and for `listeners` where others than those of the settings are open.
    ///
    /// # Errors
    /// When a trunk names a listener that is not among them.
    pub fn snapshot_of(
        &self,
        shards: u8,
        listeners: Option<Vec<Listener>>,
    ) -> Result<Arc<Snapshot>, DirectoryError> {
        let parts = self.snapshot.directory.parts().clone();
        let listeners = listeners.unwrap_or_else(|| parts.listeners.clone());
        let directory = Arc::new(Directory::new(Parts { listeners, shards, ..parts })?);
        Ok(Arc::new(Snapshot { directory, ..Snapshot::clone(&self.snapshot) }))
    }
}

/// What is logged, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// As lines of text or of JSON.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// The form of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Reads the boot file.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn load(file: &Path) -> Result<Config, Problems> {
    load_again(file, Imported::default())
}

/// Reads the boot file, but no rate deck that was read before.
///
/// # Errors
/// As for [`load`].
pub(crate) fn load_again(file: &Path, imported: Imported) -> Result<Config, Problems> {
    match std::fs::read_to_string(file) {
        Ok(text) => parse(Source::new(file.to_owned(), text).knowing(imported)),
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Problems {
    let place = Place { file: file.to_owned(), line: 1, column: 1 };
    let what = format!("cannot be read: {error}");
    let mend = match error.kind() {
        std::io::ErrorKind::NotFound => "make it, an empty one will do; or name it with --config",
        _ => "let the user Ringfence runs as read it",
    };
    Problems(vec![Problem { place, what, mend: mend.to_owned() }])
}

/// Makes sense of a boot file's text; files it names are looked for beside it.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn parse(source: Source) -> Result<Config, Problems> {
    let imported = source.imported().clone();
    let desk = Desk::new(source);
    let config = whole(&desk);
    let (problems, warnings) = desk.close();
    match config {
        Some(config) if problems.is_empty() => Ok(Config { warnings, imported, ..config }),
        _ => Err(Problems(problems)),
    }
}

/// Where the control socket of a settings file is, read without looking at the rest of it.
///
/// # Errors
/// When the file cannot be read, or is no TOML.
pub fn control_of(file: &Path) -> Result<PathBuf, Problems> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let desk = Desk::new(Source::new(file.to_owned(), text));
    let control = {
        let mut root = Section::root(&desk);
        let data = data(&mut root);
        control(&mut root, &data)
    };
    match desk.close().0 {
        problems if problems.is_empty() => Ok(control),
        problems => Err(Problems(problems)),
    }
}

fn data(root: &mut Section<'_>) -> PathBuf {
    let written = root.take::<String>("data");
    written.map_or_else(|| DATA.into(), |at| root.desk().source().beside(&at.value))
}

fn control(root: &mut Section<'_>, data: &Path) -> PathBuf {
    let written = root.take::<String>("control");
    written.map_or_else(|| data.join(CONTROL), |at| root.desk().source().beside(&at.value))
}

/// `None` only with something noted on the desk.
fn whole(desk: &Desk) -> Option<Config> {
    let mut root = Section::root(desk);
    let in_file = desk.source().is_open(usize::MAX)
        && ["tenant", "trunk", "extension", "contact", "notification"]
            .iter()
            .any(|of| root.has(of));
    let listeners = listen::listeners(&mut root, in_file);
    let tls = listen::tls(&mut root, &listeners);
    let shards = shards(&mut root);
    let mut tenants = tenant::read(&mut root, &listeners);
    let feeds = feed::read(&mut root);
    let mut trunks = trunk::read(&mut root, &feeds.iter().map(|of| &of.feed.trunk).collect());
    adopt_trunks(&mut trunks, &tenants);
    // The store's trunks are not known before its rows stand behind the file.
    let is_whole = in_file || !desk.source().is_open(usize::MAX);
    feeds.iter().for_each(|of| of.check(&root, &trunks, is_whole));
    let extensions = {
        let known: Vec<&Tenant> = tenants.iter().map(|draft| &draft.tenant).collect();
        extension::read(&mut root, &known)
    };
    complete(desk, &mut tenants, &mut trunks, &extensions);
    let pbxs = trunks.iter().filter_map(trunk::Draft::pbx).collect();
    let guard = Arc::new(guard::read(&mut root));
    let wishes = tenants.iter().map(|of| (of.tenant.id.clone(), of.wishes.clone())).collect();
    let telling = Arc::new(notices::read(&mut root, wishes));
    let setup = |t: &tenant::Draft| Some((t.tenant.id.clone(), t.setup.clone()?));
    let setups = tenants.iter().filter_map(setup).collect();
    let parts = Parts {
        listeners,
        tenants: tenants.into_iter().map(|draft| draft.tenant).collect(),
        trunks: trunks.into_iter().map(|draft| draft.trunk).collect(),
        extensions,
        shards: shards.unwrap_or(1),
    };
    let span = root.span.clone();
    let data = data(&mut root);
    let control = control(&mut root, &data);
    let metrics = metrics(&mut root);
    let log = log(&mut root);
    let drain = Duration::from_secs(root.within("drain_secs", 0..=86_400, 300));
    let keep_days = u16::try_from(root.within("keep_days", 0..=3_650, 92)).unwrap_or(92);
    let storage = store::read(&mut root, &data);
    let api = api::read(&mut root, &tls, in_file);
    let adviser = adviser::read(&mut root, &tls);
    let traces = telemetry::read(&mut root);
    root.finish();
    let directory = Directory::new(parts)
        .map_err(|error| {
            // A name that is there twice, or nowhere, was told with its place.
            if desk.is_clean() {
                desk.wrong(&span, error.to_string(), "make its parts fit together");
            }
        })
        .ok();
    let default = judging::default_setup()
        .map_err(|error| desk.wrong(&span, format!("the default policy: {error}"), "report this"))
        .ok();
    let directory = Arc::new(directory?);
    let snapshot = Snapshot { default: default?, tenants: setups, directory, guard };
    Some(Config {
        control,
        data,
        metrics,
        log,
        drain,
        tls,
        shards,
        keep_days,
        storage,
        api,
        adviser,
        pbxs,
        feeds: feeds.into_iter().map(|of| of.feed).collect(),
        traces,
        in_file,
        revision: None,
        imported: Imported::default(),
        telling,
        snapshot: Arc::new(snapshot),
        warnings: Vec::new(),
    })
}

fn shards(root: &mut Section<'_>) -> Option<u8> {
    let written = u8::try_from(root.within("shards", 1..=64, 0)).unwrap_or(0);
    (written > 0).then_some(written)
}

fn metrics(root: &mut Section<'_>) -> Option<SocketAddr> {
    let at =
        root.text("metrics", "write an address and a port, such as \"127.0.0.1:9090\"", |text| {
            text.parse::<SocketAddr>()
        })?;
    if !at.value.ip().is_loopback() {
        root.desk().doubt(
            &at.span,
            format!("whoever reaches {} may read the metrics: there is no login", at.value),
            "use 127.0.0.1, or a firewall",
        );
    }
    Some(at.value)
}

fn log(root: &mut Section<'_>) -> Log {
    let Some(mut section) = root.section("log") else { return Log::default() };
    let log = Log {
        level: section.or("level", LogLevel::default()),
        format: section.or("format", LogFormat::default()),
    };
    section.finish();
    log
}

/// Where there is one tenant, a PBX that names none is its.
fn adopt_trunks(trunks: &mut [trunk::Draft], tenants: &[tenant::Draft]) {
    let [only] = tenants else { return };
    for draft in trunks.iter_mut().filter(|draft| draft.trunk.side == Side::Pbx) {
        draft.trunk.tenant.get_or_insert_with(|| only.tenant.id.clone());
    }
}

/// Fills in what tenants leave out, and hashes the logins of trunks for their realm.
fn complete(
    desk: &Desk,
    tenants: &mut [tenant::Draft],
    trunks: &mut [trunk::Draft],
    extensions: &[ringfence_call::Extension],
) {
    for draft in trunks.iter_mut() {
        if draft.trunk.side == Side::Pbx && draft.trunk.tenant.is_none() {
            desk.wrong(
                &draft.span,
                "a PBX belongs to a tenant and there are several",
                "add tenant = \"...\"",
            );
        }
        let owner = tenants.iter().find(|t| Some(&t.tenant.id) == draft.trunk.tenant.as_ref());
        let realm = owner.or(tenants.first()).and_then(|t| t.tenant.domains.first());
        if let Some(login) = &draft.login {
            draft.trunk.login = Some(trunk::hashed(login, realm.map_or("", String::as_str)));
        }
    }
    for draft in tenants {
        let id = &draft.tenant.id;
        let of = |side: Side| {
            let mine = move |t: &&trunk::Draft| match side {
                Side::Carrier => t.trunk.tenant.as_ref().is_none_or(|of| of == id),
                Side::Pbx => t.trunk.tenant.as_ref() == Some(id),
            };
            trunks
                .iter()
                .filter(move |t| t.trunk.side == side && t.trunk.adviser.is_none())
                .filter(|t| !(t.is_seen && takes_calls(&t.trunk, t.login.is_some())))
                .filter(mine)
                .map(|t| t.trunk.id.clone())
        };
        let carriers = draft.carriers.take().unwrap_or_else(|| of(Side::Carrier).collect());
        let pbxs: Vec<_> = of(Side::Pbx).collect();
        let phones = extensions.iter().any(|e| &e.tenant == id && e.login.is_some());
        draft.tenant.inbound = draft.inbound.take().unwrap_or_else(|| match pbxs.as_slice() {
            [only] => Inbound::Trunk(only.clone()),
            _ => Inbound::Nowhere,
        });
        draft.tenant.registering = draft.registering.take().unwrap_or(match phones {
            true => tenant::here(5, 60, 3_600),
            false => Registering::Nobody,
        });
        if carriers.is_empty() && !trunks.iter().any(|t| t.trunk.adviser.is_some() || t.is_seen) {
            desk.doubt(
                &draft.span,
                format!("tenant \"{id}\" has no carrier: it cannot call out"),
                "add a [[trunk]] with side = \"carrier\"",
            );
        }
        draft.tenant.carriers = carriers;
    }
}
