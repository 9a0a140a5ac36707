//! Convolution of each channel by itself, over time and over images.

use super::windowed::{self, Motion};
use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::{Number, cast_mut};

/// `y[t, c] = b[c] + Σ_k w[k, c] · x[s·t + d·k − p, c]`, with `x` zero outside
///
/// Each channel has a kernel of its own. Over a series (`D = 1`): `T` frames become
/// `(T + 2p − d (K − 1) − 1) / s + 1`. Over an image (`D = 2`) `t` and `k` stand for row and column, and
/// both extents follow the same formula. The channels stay `C`. Parameters: `weight [K…, C]`, `bias [C]`;
/// PyTorch's is `[C, 1, K…]`. Cost: `K` multiply-accumulates per output element, as many for each gradient.
/// Keeps its input for the backward pass. Where no backward pass comes and the output is no larger in any
/// direction it works in place, and sets aside the `p + 1` rows (frames) that it writes over too early.
/// Gradients: `dw[k, c] = Σ_t x[s·t + d·k − p, c] dy[t, c]`, `db[c] = Σ_t dy[t, c]`,
/// `dx[s·t + d·k − p, c] += w[k, c] dy[t, c]`.
/// Source: Chollet, Xception: deep learning with depthwise separable convolutions, 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depthwise<const D: usize> {
    /// Frames, or rows and columns, that each output sees, `K`.
    pub kernel: [u16; D],
    /// Frames or pixels from one output to the next, `s`.
    pub stride: u16,
    /// Zero frames or pixels at each end of the input, `p`.
    pub padding: u16,
    /// Frames or pixels from one tap to the next, `d`.
    pub dilation: u16,
}

impl<const D: usize> Depthwise<D> {
    pub(crate) const NAME: &'static str = if D == 1 { "depthwise1d" } else { "depthwise2d" };
    pub(crate) const ROWS: bool = false;

    const fn motion(&self) -> Motion {
        Motion {
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
        }
    }

    pub(super) const fn window(&self, input: Shape) -> Window {
        self.motion().of(input, self.kernel)
    }

    pub(crate) const fn in_place(&self, input: Shape) -> InPlace {
        if self.window(input).shrinks() {
            InPlace::Unvisited
        } else {
            InPlace::Never
        }
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        Room {
            forward: windowed::saved::<N>(&self.window(input), visit),
            ..Room::NONE
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if let Err(fault) = windowed::dimensions::<D>(input) {
            return Err(fault);
        }
        match self.motion().outputs(&self.window(input)) {
            Ok(extents) => Ok(windowed::shape::<D>(input.channels(), extents)),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let channels = input.channels() as u16;
        let [height, width] = windowed::both(self.kernel);
        let weight = if D == 1 {
            Shape::new([height, channels])
        } else {
            Shape::new([height, width, channels])
        };
        let taps = windowed::taps(self.kernel);
        Params::affine(weight, Shape::vector(channels), taps, taps)
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        match self.output(input) {
            Ok(output) => output.len() * windowed::taps(self.kernel) as usize,
            Err(_) => 0,
        }
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.motion().settings() | windowed::width(self.kernel)
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input,
            p,
            x,
            y,
            scratch,
            ..
        } = ports;
        N::depthwise(
            p.weight(0),
            p.bias(1),
            x,
            y,
            cast_mut(scratch),
            &self.window(input),
        )
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            dy,
            dx,
            ..
        } = ports;
        let (window, fresh) = (self.window(input), dp.fresh);
        if let Some(dw) = dp.tensor(0) {
            N::depthwise_weights(x, dy, dw, &window, fresh);
        }
        if let Some(db) = dp.tensor(1) {
            N::affine_bias(dy, db, fresh);
        }
        match dx {
            Some(dx) => N::depthwise_input(p.weight(0), dy, dx, &window),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
