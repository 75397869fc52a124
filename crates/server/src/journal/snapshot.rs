//! What engine and guard of a shard know, written whole.

use super::frames::{Bodies, Format, bodies, put_aside, read as read_file, replace, single};
use super::pack::{pack, unpack};
use super::path;
use ringfence_fraud::EngineState;
use ringfence_guard::State as GuardState;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The version is the engine's: its layout is what changes.
const FORMAT: Format = Format { name: *b"RFst", version: EngineState::VERSION };

/// What engine and guard of a shard know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Known {
    /// Profiles, exposures, blocks, running calls.
    pub engine: EngineState,
    /// Bans, and who has proven a password.
    pub guard: GuardState,
}

/// The bytes of a snapshot.
///
/// # Errors
/// When a value has no such form, which is a fault of the program.
pub fn encode(known: &Known) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    Ok(single(FORMAT, &pack(known)?))
}

pub(super) fn read(
    folder: &Path,
    shard: u8,
    complaints: &mut Vec<String>,
) -> io::Result<Option<Known>> {
    let path = path(folder, "known", shard, "state");
    let Some(bytes) = read_file(&path)? else { return Ok(None) };
    let known = match bodies(FORMAT, &bytes) {
        Ok(Bodies { found, .. }) => match found.first() {
            Some((_, body)) => unpack(body).map_err(|error| error.to_string()),
            None => Err("it was not written whole".to_owned()),
        },
        Err(error) => Err(error.to_string()),
    };
    match known {
        Ok(known) => Ok(Some(known)),
        Err(why) => {
            complaints.push(put_aside(&path, &why)?);
            Ok(None)
        }
    }
}

pub(super) fn write(folder: &Path, shard: u8, encoded: &[u8]) -> io::Result<()> {
    replace(&path(folder, "known", shard, "state"), encoded)
}
