//! A frozen layer that an adapter stands beside.

use super::{Conv1d, Conv2d, Dense};
use crate::kernel::{Axis, Window};
use crate::network::{Params, Shape};

/// A layer with a weight matrix, which stays as it is while an adapter beside it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Fully connected.
    Dense(Dense),
    /// Convolution over time.
    Conv1d(Conv1d),
    /// Convolution over images.
    Conv2d(Conv2d),
}

impl Base {
    /// How the matrix moves over the input: over all of it at once, for a dense layer.
    pub(super) const fn window(&self, input: Shape) -> Window {
        match self {
            Self::Dense(_) => Window {
                rows: Axis::ONE,
                columns: Axis::ONE,
                channels: input.len(),
            },
            Self::Conv1d(layer) => layer.window(input),
            Self::Conv2d(layer) => layer.window(input),
        }
    }

    /// Sums at each position.
    pub(super) const fn outputs(&self) -> usize {
        match self {
            Self::Dense(layer) => layer.outputs as usize,
            Self::Conv1d(layer) => layer.channels as usize,
            Self::Conv2d(layer) => layer.channels as usize,
        }
    }

    /// Terms of each sum.
    pub(super) const fn terms(&self, input: Shape) -> usize {
        match self {
            Self::Dense(_) => input.len(),
            Self::Conv1d(layer) => layer.kernel as usize * input.channels(),
            Self::Conv2d(layer) => layer.kernel[0] as usize * layer.kernel[1] as usize * input.channels(),
        }
    }

    pub(super) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        match self {
            Self::Dense(layer) => layer.output(input),
            Self::Conv1d(layer) => layer.output(input),
            Self::Conv2d(layer) => layer.output(input),
        }
    }

    pub(super) const fn params(&self, input: Shape) -> Params {
        match self {
            Self::Dense(layer) => layer.params(input),
            Self::Conv1d(layer) => layer.params(input),
            Self::Conv2d(layer) => layer.params(input),
        }
    }

    pub(super) const fn macs(&self, input: Shape) -> usize {
        match self {
            Self::Dense(layer) => layer.macs(input),
            Self::Conv1d(layer) => layer.macs(input),
            Self::Conv2d(layer) => layer.macs(input),
        }
    }

    /// Kind and settings, for the fingerprint.
    pub(super) const fn settings(&self) -> u64 {
        match self {
            Self::Dense(layer) => layer.settings(),
            Self::Conv1d(layer) => layer.settings() ^ 1 << 62,
            Self::Conv2d(layer) => layer.settings() ^ 1 << 63,
        }
    }

    /// Positions of the output.
    pub(super) const fn positions(&self, input: Shape) -> usize {
        match self.output(input) {
            Ok(output) => output.len() / if self.outputs() == 0 { 1 } else { self.outputs() },
            Err(_) => 0,
        }
    }
}
