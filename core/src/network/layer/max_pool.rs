//! The largest of each window.

use super::windowed::{self, Motion};
use super::{Backward, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::{Number, cast_mut};

/// `y[t, c] = max_k x[s·t + k − p, c]`, over the taps that lie inside the input
///
/// Input: series of `T` frames, or image, of `C` channels. Output: `(T + 2p − K) / s + 1` frames, or rows
/// and columns by the same formula with a window of `K × K`, of `C` channels. The window is at most 255
/// frames or pixels, the padding at most half of it. No parameters. Keeps one byte per output element
/// for the backward pass: the tap that was the largest, the first of equals. Where no backward pass comes
/// it works in place, and sets aside the `p + 1` rows that it writes over too early.
/// Gradient: `dx[s·t + k − p, c] += dy[t, c]` for that tap `k`.
/// Source: Ranzato et al., Unsupervised learning of invariant feature hierarchies, 2007.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool {
    /// Frames, or rows and columns, that each output sees, `K`.
    pub size: u16,
    /// Frames or pixels from one output to the next, `s`.
    pub stride: u16,
    /// How far a window may reach outside at each end, `p`.
    pub padding: u16,
}

impl MaxPool {
    pub(crate) const NAME: &'static str = "max_pool";
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
        let window = self.window(input);
        Room {
            kept: if visit.passes {
                window.rows.output * window.output_row()
            } else {
                0
            },
            forward: windowed::saved::<N>(&window, visit),
            backward: 0,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.size == 0 {
            return Err("size must be at least 1");
        }
        if 2 * self.padding as u32 > self.size as u32 {
            return Err("padding must be at most half of the window");
        }
        let window = self.window(input);
        if window.taps() > u8::MAX as usize {
            return Err("has a window of more than 255 frames or pixels");
        }
        self.motion().pooled(input, &window)
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
            input,
            x,
            y,
            kept,
            scratch,
            ..
        } = ports;
        N::max_pool(x, y, kept, cast_mut(scratch), &self.window(input))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input, dy, dx, kept, ..
        } = ports;
        match dx {
            Some(dx) => N::max_pool_gradient(dy, kept, dx, &self.window(input)),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
