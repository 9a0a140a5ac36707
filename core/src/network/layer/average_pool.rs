//! The mean of each window.

use super::windowed::{self, Motion};
use super::{Backward, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::{Number, cast_mut};

/// `y[t, c] = (1/K) Σ_k x[s·t + k − p, c]`, with `x` zero outside
///
/// Input: series of `T` frames, or image, of `C` channels. Output: `(T + 2p − K) / s + 1` frames, or rows
/// and columns by the same formula with a window of `K × K` pixels and a division by `K²`, of `C` channels.
/// What lies outside counts, as in PyTorch by default; the padding is at most half of the window. No
/// parameters; nothing is kept for the backward pass. Where none comes it works in place, and sets aside
/// the `p + 1` rows that it writes over too early.
/// Gradient: `dx[s·t + k − p, c] += dy[t, c] / K`.
/// Source: LeCun et al., Gradient-based learning applied to document recognition, 1998.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AveragePool {
    /// Frames, or rows and columns, that each output sees, `K`.
    pub size: u16,
    /// Frames or pixels from one output to the next, `s`.
    pub stride: u16,
    /// How far a window may reach outside at each end, `p`.
    pub padding: u16,
}

impl AveragePool {
    pub(crate) const NAME: &'static str = "average_pool";
    pub(crate) const ROWS: bool = false;

    const fn motion(&self) -> Motion {
        Motion {
            stride: self.stride,
            padding: self.padding,
            dilation: 1,
        }
    }

    const fn window(&self, input: Shape) -> Window {
        self.motion().square(input, self.size)
    }

    pub(crate) const fn in_place(&self, input: Shape) -> InPlace {
        if self.window(input).shrinks() {
            InPlace::Unvisited
        } else {
            InPlace::Never
        }
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        Room {
            forward: windowed::saved::<N>(&self.window(input), visit),
            ..Room::NONE
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.size == 0 {
            return Err("size must be at least 1");
        }
        if 2 * self.padding as u32 > self.size as u32 {
            return Err("padding must be at most half of the window");
        }
        self.motion().pooled(input, &self.window(input))
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        (self.size as u64) << 32 | (self.stride as u64) << 16 | self.padding as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input, x, y, scratch, ..
        } = ports;
        N::average_pool(x, y, cast_mut(scratch), &self.window(input))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward { input, dy, dx, .. } = ports;
        match dx {
            Some(dx) => N::average_pool_gradient(dy, dx, &self.window(input)),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
