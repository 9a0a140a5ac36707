//! Preprocessing: from raw counts to numbers that a network can learn from.
//!
//! A [`Standardizer`] learns mean and variance of each channel from the stream, is frozen, and travels
//! with the checkpoint; [`Scaled`] shows a set of raw windows through it. NaN and infinity are reported,
//! never stored.

mod scaled;
mod standardizer;
mod standardizer_state;

pub use scaled::Scaled;
pub use standardizer::{Standardizer, StandardizerError};
