//! `ringfence demo`: a provider of telephony that is made up, with twenty customers, on this machine alone. What is real is
//! the firewall: its sockets, engine, store, API and portal are those of `ringfence serve`.
//!
//! [`run`] makes a folder with a boot file, a plan and a rate deck, lives through some weeks ([`past`]), starts the server,
//! and has everybody call ([`live`]) until it is told to end.

mod customers;
mod door;
mod error;
mod keys;
mod live;
mod past;
mod screen;
mod settings;

pub use error::DemoError;

use door::Door;
use live::{House, Live, Pace, Wire};
use ringfence_model::WallTime;
use ringfence_sim::chance::Chance;
use ringfence_store::Store;
use screen::Screen;
use std::fs::DirBuilder;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What one can choose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the portal is served; port 0 is a free one.
    pub listen: SocketAddr,
    /// Where everything is kept; `None`: in a folder that goes at the end.
    pub data: Option<PathBuf>,
    /// The same seed makes the same customers, past and attackers.
    pub seed: u64,
    /// So many weeks are lived through before.
    pub weeks: u64,
    /// So many times faster than life are calls made and over.
    pub speed: f64,
    /// When the first attack comes by itself.
    pub attack_after: Option<Duration>,
}

/// Runs until it is told to end. `ready` hears the link into the portal.
///
/// # Errors
/// When it cannot start.
pub fn run(options: &Options, ready: impl FnOnce(&str) + Send + 'static) -> Result<(), DemoError> {
    let Options { listen, seed, .. } = *options;
    if !is_here(&listen) {
        return Err(DemoError::NotHere(listen));
    }
    let stop = stopping()?;
    let folder = Folder::of(options.data.as_deref())?;
    let (sip, web) = (free_udp()?, free_tcp(listen)?);
    let chance = Chance::new(seed);
    let mut wire = Wire::new(sip);
    let unusable = |source| DemoError::System { what: "addresses in 127.0.0.0/8", source };
    let house = House::open(&mut wire, &chance).map_err(unusable)?;
    let none = || unusable(std::io::ErrorKind::AddrNotAvailable.into());
    let places = house.places(&wire, (sip, web)).ok_or_else(none)?;
    let path = folder.path();
    let written = settings::write(path, &places, &house.passwords);
    written.map_err(|source| DemoError::Folder { path: path.to_owned(), source })?;
    let mut screen = Screen::stdout();
    screen.say("Ringfence, with a made-up provider of telephony and twenty customers, on this machine alone.");
    let companies = past::companies(&mut chance.fork(3))?;
    live_through(options, path, (&chance, companies.clone()), (&mut screen, &stop))?;
    let door = Door::new(format!("http://localhost:{}", web.port()));
    if options.data.is_some() {
        screen.say(&format!("  settings   {}", path.join(settings::BOOT).display()));
    }
    let pace = Pace { speed: options.speed, attack_after: options.attack_after };
    let began = Began { wire, house, chance, companies, pace, screen };
    let mut living = None;
    let served = ringfence_server::serve_with(
        &path.join(settings::BOOT),
        Arc::clone(&door).pages(),
        |store| living = Some(began.live(store.clone(), (&door, &stop), ready)),
    );
    stop.store(true, Ordering::Relaxed);
    door.close();
    let lived = living.map_or(Ok(()), |living| living.and_then(ended));
    folder.end();
    served?;
    lived
}

/// Whether only this machine reaches it, and as `localhost`.
fn is_here(listen: &SocketAddr) -> bool {
    matches!(listen.ip(), IpAddr::V4(ip) if ip == std::net::Ipv4Addr::LOCALHOST)
        || listen.ip() == IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)
}

/// Becomes true when the program is told to end. The server, once it runs, hears the same signals.
fn stopping() -> Result<Arc<AtomicBool>, DemoError> {
    use tokio::signal::unix::{SignalKind, signal};
    let system = |what| move |source| DemoError::System { what, source };
    let stop = Arc::<AtomicBool>::default();
    let told = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = runtime.map_err(system("event queue"))?;
    let signals = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)))
    };
    let (mut interrupt, mut terminate) = signals.map_err(system("signals"))?;
    let thread = std::thread::Builder::new().name("signals".into());
    let heed = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        told.store(true, Ordering::Relaxed);
    };
    thread.spawn(heed).map_err(system("thread"))?;
    Ok(stop)
}

/// A port that is free now: the server takes it in a moment.
fn free_udp() -> Result<SocketAddr, DemoError> {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = UdpSocket::bind(address).and_then(|socket| socket.local_addr());
    bound.map_err(|source| DemoError::Address { address, source })
}

fn free_tcp(address: SocketAddr) -> Result<SocketAddr, DemoError> {
    let bound = TcpListener::bind(address).and_then(|socket| socket.local_addr());
    bound.map_err(|source| DemoError::Address { address, source })
}

fn live_through(
    options: &Options,
    folder: &Path,
    world: (&Chance, Vec<ringfence_sim::company::Company>),
    (screen, stop): (&mut Screen, &AtomicBool),
) -> Result<(), DemoError> {
    let (days, began) = (options.weeks * 7, Instant::now());
    let mut day = |day: u64| {
        screen.status(&format!("  making its past: day {day} of {days}"));
        !stop.load(Ordering::Relaxed)
    };
    let calls = past::live_through(folder, world, (days, wall()), &mut day)?;
    let secs = began.elapsed().as_secs_f64();
    screen.status("");
    screen.say(&format!(
        "  its past   {} weeks, {calls} calls, judged and written in {secs:.1} s",
        options.weeks
    ));
    Ok(())
}

/// What lives once the server runs.
struct Began {
    wire: Wire,
    house: House,
    chance: Chance,
    companies: Vec<ringfence_sim::company::Company>,
    pace: Pace,
    screen: Screen,
}

type Living = JoinHandle<Result<(), DemoError>>;

impl Began {
    /// Begins on a thread of its own: the store is asked, which the server's event queue may not wait for.
    fn live(
        self,
        store: Store,
        (door, stop): (&Arc<Door>, &Arc<AtomicBool>),
        ready: impl FnOnce(&str) + Send + 'static,
    ) -> Result<Living, DemoError> {
        let (door, stop) = (Arc::clone(door), Arc::clone(stop));
        let thread = std::thread::Builder::new().name("demo".into());
        let thread = thread.spawn(move || {
            let lived = self.go_on(store, door, (&stop, ready));
            end_server();
            lived
        });
        thread.map_err(|source| DemoError::System { what: "thread", source })
    }

    fn go_on(
        mut self,
        store: Store,
        door: Arc<Door>,
        (stop, ready): (&AtomicBool, impl FnOnce(&str)),
    ) -> Result<(), DemoError> {
        door.open(&store)?;
        let link = door.link();
        self.screen.say(&format!("  portal     {link}   (lets you in, once)"));
        ready(&link);
        let world = (&self.chance, self.companies);
        let life = (self.wire, self.house);
        Live::new(life, world, self.pace, (store, door), self.screen).run(stop)
    }
}

/// Has the server end as a signal does. One that came before it heard signals is made up for; one more does no harm.
fn end_server() {
    // A process may always signal itself.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
}

fn ended(living: Living) -> Result<(), DemoError> {
    let died =
        |_| Err(DemoError::System { what: "thread", source: std::io::ErrorKind::Other.into() });
    living.join().unwrap_or_else(died)
}

/// Where everything is kept.
enum Folder {
    Named(PathBuf),
    Passing(tempfile::TempDir),
}

impl Folder {
    fn of(named: Option<&Path>) -> Result<Self, DemoError> {
        let Some(path) = named else {
            let made = tempfile::Builder::new().prefix("ringfence-demo-").tempdir();
            let path = std::env::temp_dir();
            return made.map(Self::Passing).map_err(|source| DemoError::Folder { path, source });
        };
        let unusable = |source| DemoError::Folder { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        if std::fs::read_dir(path).map_err(unusable)?.next().is_some() {
            return Err(DemoError::NotEmpty(path.to_owned()));
        }
        std::path::absolute(path).map(Self::Named).map_err(unusable)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }

    /// What was not to be kept goes; what cannot be removed is for the system to clear away.
    fn end(self) {
        if let Self::Passing(folder) = self {
            let _ = folder.close();
        }
    }
}

/// The civil time.
fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
