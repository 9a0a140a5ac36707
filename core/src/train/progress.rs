//! Where training stands, and where it is to end.

use super::Stop;
use crate::load::Cursor;
use crate::optim::Plateau;
use crate::persist::Record;
use serde::{Deserialize, Serialize};

/// When to stop, and when to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Goals {
    /// Epochs to train, counted from the first.
    pub epochs: u32,
    /// Epochs without an improvement of the monitored loss before training stops; `None` for never.
    /// The validation loss is monitored, or the training loss where nothing is held out.
    pub patience: Option<u32>,
    /// Updates between checkpoints; 0 for none.
    pub save_every: u32,
}

impl Default for Goals {
    /// 10 epochs, no early stop, no checkpoints.
    fn default() -> Self {
        Self {
            epochs: 10,
            patience: None,
            save_every: 0,
        }
    }
}

/// When a number is too coarse for what is learned: what raises an [`Alarm`](super::Alarm).
///
/// Nothing is done about it, and floats raise none. Counts are part of the trainer's checkpoint, so a run that was cut raises
/// the same alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Updates from one look to the next; 0 for never.
    pub every: u32,
    /// Of a thousand values of a layer, how many may be limited.
    pub saturated: u16,
    /// Of a thousand updates of a layer's parameters, how many may move nothing.
    pub stalled: u16,
}

impl Default for Limits {
    /// A look every 100 updates; 10 and 500 of a thousand.
    fn default() -> Self {
        Self {
            every: 100,
            saturated: 10,
            stalled: 500,
        }
    }
}

/// What a training run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Phase {
    /// Learning sample after sample.
    Training,
    /// Scoring the held-out samples; the next is this one.
    Validating(u32),
    /// Ending: the observer is yet to be told.
    Stopping(Stop),
    /// Ended.
    Stopped(Stop),
}

/// All that a training run needs to go on exactly where it was, beside the trainer's own state.
///
/// Sums are bits of the number's [`Scalar`](crate::number::Scalar).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    pub(super) cursor: Cursor,
    pub(super) phase: Phase,
    /// Loss of the samples since the last update.
    pub(super) batch: u64,
    /// Loss of the epoch's samples, and their number.
    pub(super) training: u64,
    pub(super) trained: u32,
    /// Loss of the held-out samples, how many have a class, and how many of them were classified right.
    pub(super) validation: u64,
    pub(super) classed: u32,
    pub(super) right: u32,
    /// Lowest monitored loss, and epochs since.
    pub(super) best: Option<u64>,
    pub(super) since: u32,
    /// Where the schedule of learning rates stands, if it depends on the loss.
    pub(super) plateau: Plateau,
}

impl Progress {
    /// The beginning of a run whose samples are shuffled by `key`.
    pub const fn new(key: u64) -> Self {
        Self {
            cursor: Cursor {
                key,
                epoch: 0,
                next: 0,
            },
            phase: Phase::Training,
            batch: 0,
            training: 0,
            trained: 0,
            validation: 0,
            classed: 0,
            right: 0,
            best: None,
            since: 0,
            plateau: Plateau::NEW,
        }
    }

    /// Reductions of the learning rate by a [`Plateau`](crate::optim::Schedule::Plateau) so far.
    pub const fn reductions(&self) -> u32 {
        self.plateau.reductions()
    }

    /// Epochs done.
    pub const fn epochs(&self) -> u32 {
        self.cursor.epoch
    }

    /// The lowest monitored loss so far, as bits of the number's [`Scalar`](crate::number::Scalar).
    pub const fn best(&self) -> Option<u64> {
        self.best
    }

    /// Why the run ended, if it has.
    pub const fn stopped(&self) -> Option<Stop> {
        match self.phase {
            Phase::Stopped(stop) => Some(stop),
            _ => None,
        }
    }

    /// Lets an ended run go on, for further epochs or with new samples.
    pub const fn reopen(&mut self) {
        if let Phase::Stopped(_) | Phase::Stopping(_) = self.phase {
            self.phase = Phase::Training;
            self.since = 0;
        }
    }
}

/// [`Progress`] as part of a checkpoint.
pub type State = Record<Progress, 112>;

/// Version of [`Progress`], part of the fingerprint.
const SCHEMA: u32 = 2;

impl State {
    /// The beginning of a run whose samples are shuffled by `key`.
    pub const fn beginning(key: u64) -> Self {
        Self::new(SCHEMA, Progress::new(key))
    }
}
