//! Checkpoints of a desktop run, in a file of its folder.

use super::file_flash::FileFlash;
use crate::complaint::{Complaint, Failure};
use crate::data::Dataset;
use kilograd::checkpoint::{Layout, LoadError, Store};
use kilograd::persist::{Fingerprint, Malformed, Parts, PartsMut, Persist, Restore};
use std::path::Path;

/// Bytes that the store has in memory at a time.
const CHUNK: usize = 256;

/// Segments of the image: the one in use, the one being written, and one to spare.
const SEGMENTS: u32 = 3;

/// The store of a desktop run.
pub(crate) type FileStore = Store<FileFlash, CHUNK>;

/// What a checkpoint is only good together with: the samples, in their order.
///
/// It has no bytes of its own and takes part in the fingerprint, so that a run is never resumed on other data.
pub(crate) struct SameData(u64);

impl SameData {
    /// The mark of `data` split at `training`.
    pub(crate) fn of(data: &Dataset, training: u32) -> Self {
        let mut digest = Fingerprint::new().number(u64::from(training));
        for value in &data.features {
            digest = digest.number(u64::from(value.to_bits()));
        }
        for label in &data.labels {
            digest = digest.number(u64::from(*label));
        }
        Self(digest.value())
    }
}

impl Persist for SameData {
    fn size(&self) -> usize {
        0
    }

    fn read(&self, _offset: usize, out: &mut [u8]) {
        out.fill(0);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest.number(self.0);
    }
}

impl Restore for SameData {
    fn write(&mut self, _offset: usize, _data: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }
}

/// A store in a new file at `path`, large enough for `state`.
pub(crate) fn create(path: &Path, state: &Parts<'_>) -> Result<FileStore, Failure> {
    let failed = |what: &dyn std::fmt::Display| Failure::Run(format!("{}: {what}", path.display()));
    let length =
        u32::try_from(state.size()).map_err(|_| failed(&"the state is too large for a checkpoint"))?;
    let layout = Layout::new(length, CHUNK as u32, 4, 4096);
    let capacity = layout.and_then(|layout| layout.segment().checked_mul(SEGMENTS));
    let Some(capacity) = capacity else {
        return Err(failed(&"the state is too large for a checkpoint"));
    };
    let flash = FileFlash::create(path, capacity as usize).map_err(|error| failed(&error))?;
    Store::new(flash, 0..capacity).map_err(|error| failed(&error))
}

/// The store at `path`, and `state` as it was when it was last saved.
pub(crate) fn resume(path: &Path, state: &mut PartsMut<'_>) -> Result<FileStore, Failure> {
    let help = "train without --resume to begin anew, or name the folder of the run to go on with by --out";
    let wrong = |what: &dyn std::fmt::Display| {
        Failure::Input(Complaint::new(format!("{}: {what}", path.display()), help))
    };
    let flash = FileFlash::open(path).map_err(|error| wrong(&error))?;
    let capacity = std::fs::metadata(path).map_or(0, |file| file.len());
    let capacity = u32::try_from(capacity).map_err(|_| wrong(&"too large to be a checkpoint"))?;
    let mut store = Store::new(flash, 0..capacity).map_err(|error| wrong(&error))?;
    store.load(state).map_err(|error| match error {
        LoadError::Empty => wrong(&"there is no complete checkpoint yet"),
        LoadError::Incompatible { .. } => {
            wrong(&"the checkpoint is of another model, optimizer, seed or data")
        }
        other => wrong(&other),
    })?;
    Ok(store)
}
