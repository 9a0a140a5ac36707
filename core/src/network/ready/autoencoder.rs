//! The detector of odd sounds of MLPerf Tiny.

use super::batches;
use crate::network::{Model, Shape, dense, relu};

/// 640 values (5 frames of 128 bands) through four layers of 128 to 8 values, and back: 269,992 parameters, of which
/// 2,032 are running statistics. A sample that it reproduces badly is unlike those that it has seen.
///
/// Run file: `toyadmos.toml`. Sources: Koizumi et al., ToyADMOS, 2019; the baseline of the DCASE challenge of 2020, task 2.
pub const AUTOENCODER: Model<'static> = Model::new(
    Shape::vector(640),
    &[
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(8),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(128),
        batches(),
        relu(),
        dense(640),
    ],
);
