//! A frozen layer that an adapter stands beside.

use super::windowed;
use super::{Conv1d, Conv2d, Dense, Transposed};
use crate::kernel::{Axis, Runs, Sweep, Window};
use crate::network::{Params, Shape};
use core::ops::Range;

/// A layer with a weight matrix, which stays as it is while an adapter beside it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Fully connected.
    Dense(Dense),
    /// Convolution over time.
    Conv1d(Conv1d),
    /// Convolution over images.
    Conv2d(Conv2d),
    /// Transposed convolution over time.
    Transposed1d(Transposed<1>),
    /// Transposed convolution over images.
    Transposed2d(Transposed<2>),
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
            Self::Transposed1d(layer) => layer.window(input),
            Self::Transposed2d(layer) => layer.window(input),
        }
    }

    /// Sums at each position.
    pub(super) const fn outputs(&self) -> usize {
        match self {
            Self::Dense(layer) => layer.outputs as usize,
            Self::Conv1d(layer) => layer.channels as usize,
            Self::Conv2d(layer) => layer.channels as usize,
            Self::Transposed1d(layer) => layer.channels as usize,
            Self::Transposed2d(layer) => layer.channels as usize,
        }
    }

    /// Rows of the matrix: terms of each sum, but of a transposed convolution, whose sums have some of them.
    pub(super) const fn terms(&self, input: Shape) -> usize {
        let [height, width] = match self {
            Self::Dense(_) => return input.len(),
            Self::Conv1d(layer) => [layer.kernel, 1],
            Self::Conv2d(layer) => layer.kernel,
            Self::Transposed1d(layer) => windowed::both(layer.kernel),
            Self::Transposed2d(layer) => layer.kernel,
        };
        height as usize * width as usize * input.channels()
    }

    pub(super) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        match self {
            Self::Dense(layer) => layer.output(input),
            Self::Conv1d(layer) => layer.output(input),
            Self::Conv2d(layer) => layer.output(input),
            Self::Transposed1d(layer) => layer.output(input),
            Self::Transposed2d(layer) => layer.output(input),
        }
    }

    pub(super) const fn params(&self, input: Shape) -> Params {
        match self {
            Self::Dense(layer) => layer.params(input),
            Self::Conv1d(layer) => layer.params(input),
            Self::Conv2d(layer) => layer.params(input),
            Self::Transposed1d(layer) => layer.params(input),
            Self::Transposed2d(layer) => layer.params(input),
        }
    }

    /// Inputs of each sum, for the initialisation.
    pub(super) const fn fan_in(&self, input: Shape) -> u32 {
        match self.params(input).get(0) {
            Some(weight) => weight.fan_in,
            None => 0,
        }
    }

    pub(super) const fn macs(&self, input: Shape) -> usize {
        match self {
            Self::Dense(layer) => layer.macs(input),
            Self::Conv1d(layer) => layer.macs(input),
            Self::Conv2d(layer) => layer.macs(input),
            Self::Transposed1d(layer) => layer.macs(input),
            Self::Transposed2d(layer) => layer.macs(input),
        }
    }

    /// Kind and settings, for the fingerprint.
    pub(super) const fn settings(&self) -> u64 {
        match self {
            Self::Dense(layer) => layer.settings(),
            Self::Conv1d(layer) => layer.settings() ^ 1 << 62,
            Self::Conv2d(layer) => layer.settings() ^ 1 << 63,
            // Their kind of adapter is another.
            Self::Transposed1d(layer) => layer.settings(),
            Self::Transposed2d(layer) => layer.settings() ^ 1 << 63,
        }
    }

    /// Positions of the output.
    pub(super) const fn positions(&self, input: Shape) -> usize {
        match self.output(input) {
            // Not a division that could panic.
            Ok(output) => match output.len().checked_div(self.outputs()) {
                Some(positions) => positions,
                None => 0,
            },
            Err(_) => 0,
        }
    }

    /// The sweeps that the matrix makes over its input, with `outputs` sums at each position. `TRANSPOSED` is known at build
    /// time, so that a firmware holds only what it uses.
    #[inline]
    pub(super) fn sweeps<const TRANSPOSED: bool>(window: Window, outputs: usize, f: &mut dyn FnMut(&Runs)) {
        if TRANSPOSED {
            window.transposed(outputs, f);
        } else {
            window.convolution(outputs, f);
        }
    }

    /// [`sweeps`](Self::sweeps) for the gradient of some rows of the matrix.
    #[inline]
    pub(super) fn weights<const TRANSPOSED: bool>(
        window: Window,
        outputs: usize,
        rows: &Range<usize>,
        f: &mut dyn FnMut(Sweep),
    ) {
        if TRANSPOSED {
            window.transposed_weights(outputs, rows, f);
        } else {
            window.convolution_weights(outputs, rows, f);
        }
    }
}
