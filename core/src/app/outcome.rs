//! What a boot or a piece of work led to.

use crate::checkpoint::{Loaded, SaveError};
use crate::collect::OfferError;

/// How a boot went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Boot {
    /// The flash was blank. The parts are as they were given: initialise them, or flash the firmware
    /// with a factory checkpoint.
    Blank,
    /// It goes on from a checkpoint.
    Resumed(Loaded),
}

/// What one piece of work led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Status {
    /// There is no frame: the board may sleep until the next one.
    Waiting,
    /// There is more to do.
    Working,
    /// The recording has ended and everything is learned.
    Done,
}

/// What went wrong. Nothing is lost: the last checkpoint is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AppError {
    /// A checkpoint could not be kept.
    Save(SaveError),
    /// A window or a label does not fit the pool.
    Offer(OfferError),
    /// The samples do not fit the loader.
    Loader,
}

impl core::fmt::Display for AppError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Save(error) => error.fmt(f),
            Self::Offer(error) => error.fmt(f),
            Self::Loader => f.write_str("the pool has more windows than the loader can count"),
        }
    }
}

impl core::error::Error for AppError {}

impl From<SaveError> for AppError {
    fn from(error: SaveError) -> Self {
        Self::Save(error)
    }
}

impl From<OfferError> for AppError {
    fn from(error: OfferError) -> Self {
        Self::Offer(error)
    }
}
