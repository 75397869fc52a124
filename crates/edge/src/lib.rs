//! The rim of the data plane: sockets, TLS, names, the only clock read. It drives the gates and thinks nothing.
//!
//! One thread per shard reads its own UDP sockets, which share each listener's port (the kernel keeps the datagrams
//! of one peer on one shard), lets the [`Gate`](ringfence_gate::Gate) think, and sends what comes of it. Connections
//! and TLS live on other threads and reach the shard through bounded queues; so do operators' orders ([`Edge`]) and
//! messages that belong to another shard. What a shard says that is not a message goes to [`Records`]. Nothing here
//! waits for a disk, a name server or a slow peer.

mod clock;
mod counters;
mod edge;
mod error;
mod order;
mod records;
mod resolve;
mod settings;
mod shard;
mod socket;
mod start;
mod stream;
mod tap;
mod tls;
mod udp;
mod visit;

pub use counters::{Counter, Lag, ShardCounters, StreamCounters};
pub use edge::{Edge, Refused};
pub use error::StartError;
pub use records::{Batch, Checkpoint, Record, RecordReader, Records, records};
pub use settings::{NameSettings, Settings, StreamSettings};
pub use socket::LocalAddress;
pub use start::{Sockets, open, start};
pub use tap::{Traced, Way};
pub use tls::{Keys, Tls, TlsError};
pub use visit::{Answered, Seen, Silence, visit};
