//! Convolution over images.

use super::windowed::{self, Motion};
use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[r, q, o] = b[o] + Σ_{i, j, c} w[i, j, c, o] · x[s·r + d·i − p, s·q + d·j − p, c]`, with `x` zero
/// outside
///
/// (A cross-correlation, as everywhere in the field.) Input: image of `H × W` pixels of `C` channels.
/// Output: image of `(H + 2p − d (K − 1) − 1) / s + 1` rows, of `O` channels, and columns alike for the
/// kernel's width `L`; each direction may have a padding of its own. Parameters: `weight [K, L, C, O]` (input-major), `bias [O]`.
/// Cost: `K · L · C · O` multiply-accumulates per output pixel, as many for each gradient. Keeps its input
/// for the backward pass. No unfolded copy of the input is made: the row of a window is one contiguous
/// run (its taps are, where `d > 1`). With a kernel of one pixel, stride 1 and no padding (a pointwise
/// convolution) it works in place wherever no backward pass comes, and sets one pixel aside. A larger window does so
/// where its output falls behind its input row by row, and sets aside the `d (K − 1) + 1` rows that it sees.
/// Gradients: `dw[i, j, c, o] = Σ_{r, q} x[s·r + d·i − p, s·q + d·j − p, c] dy[r, q, o]`,
/// `db[o] = Σ_{r, q} dy[r, q, o]`, `dx[s·r + d·i − p, s·q + d·j − p, c] += w[i, j, c, o] dy[r, q, o]`.
/// Sources: LeCun et al., Backpropagation applied to handwritten zip code recognition, 1989; Yu and Koltun,
/// Multi-scale context aggregation by dilated convolutions, 2016.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// Number of output channels, `O`.
    pub channels: u16,
    /// Rows and columns that each output sees, `K` and `L`.
    pub kernel: [u16; 2],
    /// Pixels from one output to the next, `s`.
    pub stride: u16,
    /// Zero pixels above and below the input, and to its left and right, `p`.
    pub padding: [u16; 2],
    /// Pixels from one tap to the next, `d`.
    pub dilation: u16,
}

impl Conv2d {
    pub(crate) const NAME: &'static str = "conv2d";
    pub(crate) const ROWS: bool = true;

    const fn motion(&self, padding: u16) -> Motion {
        Motion {
            stride: self.stride,
            padding,
            dilation: self.dilation,
        }
    }

    pub(super) const fn window(&self, input: Shape) -> Window {
        let [down, across] = self.padding;
        Window {
            columns: self.motion(across).over(input, self.kernel).columns,
            ..self.motion(down).over(input, self.kernel)
        }
    }

    pub(crate) const fn in_place(&self, input: Shape) -> InPlace {
        let window = self.window(input);
        if window.is_pixel() || window.recedes(self.channels as usize) {
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
        let window = self.window(input);
        if window.is_pixel() {
            windowed::aside::<N>(&window, visit)
        } else {
            windowed::rows_aside::<N>(&window, self.channels as usize, visit)
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if let Err(fault) = windowed::dimensions::<2>(input) {
            return Err(fault);
        }
        if self.channels == 0 {
            return Err("needs at least one output channel");
        }
        match self.motion(0).outputs(&self.window(input)) {
            Ok([height, width]) => Ok(Shape::image(self.channels, height, width)),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let channels = input.channels();
        let [height, width] = self.kernel;
        let taps = windowed::taps(self.kernel);
        Params::affine(
            Shape::new([height, width, channels as u16, self.channels]),
            Shape::vector(self.channels),
            taps * channels as u32,
            taps * self.channels as u32,
        )
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        match self.output(input) {
            Ok(output) => output.len() * windowed::taps(self.kernel) as usize * input.channels(),
            Err(_) => 0,
        }
    }

    pub(crate) const fn settings(&self) -> u64 {
        let [down, across] = self.padding;
        // Nothing where both are the same, and odd, so that no two differences are alike.
        let apart = ((down ^ across) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (self.motion(down).settings() | windowed::width(self.kernel)) ^ apart
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        if ports.x.data.is_empty() {
            return if window.is_pixel() {
                windowed::pixel_by_pixel(ports, self.channels.into())
            } else {
                windowed::row_by_row(ports, window, self.channels.into())
            };
        }
        windowed::forward::<true, N>(ports, |f| window.convolution(self.channels.into(), f))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        windowed::backward(ports, |f| window.convolution(self.channels.into(), f))
    }

    pub(crate) fn gradient<N: Kernel>(&self, ports: Gradient<'_, N>) {
        let window = self.window(ports.input);
        windowed::gradient(ports, |rows, f| {
            window.convolution_weights(self.channels.into(), rows, f)
        });
    }
}
