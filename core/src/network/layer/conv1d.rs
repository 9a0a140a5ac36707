//! Convolution over time.

use super::windowed::{self, Motion};
use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[t, o] = b[o] + Σ_{k, c} w[k, c, o] · x[s·t + d·k − p, c]`, with `x` zero outside
///
/// (A cross-correlation, as everywhere in the field.) Input: series of `T` frames of `C` channels.
/// Output: series of `(T + 2p − d (K − 1) − 1) / s + 1` frames of `O` channels. Parameters: `weight [K, C, O]`
/// (input-major), `bias [O]`. Cost: `K · C · O` multiply-accumulates per output frame, as many for each
/// gradient. Keeps its input for the backward pass. No unfolded copy of the input is made: at each
/// position a window of frames is one contiguous run (each frame is, where `d > 1`). With a kernel of one
/// frame, stride 1 and no padding it works in place wherever no backward pass comes, and sets one frame
/// aside.
/// Gradients: `dw[k, c, o] = Σ_t x[s·t + d·k − p, c] dy[t, o]`, `db[o] = Σ_t dy[t, o]`,
/// `dx[s·t + d·k − p, c] += w[k, c, o] dy[t, o]`.
/// Sources: Waibel et al., Phoneme recognition using time-delay neural networks, 1989; van den Oord et al.,
/// WaveNet, 2016 (dilation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv1d {
    /// Number of output channels, `O`.
    pub channels: u16,
    /// Frames that each output sees, `K`.
    pub kernel: u16,
    /// Frames from one output to the next, `s`.
    pub stride: u16,
    /// Zero frames before and after the input, `p`.
    pub padding: u16,
    /// Frames from one tap to the next, `d`.
    pub dilation: u16,
}

impl Conv1d {
    pub(crate) const NAME: &'static str = "conv1d";
    pub(crate) const ROWS: bool = true;

    const fn motion(&self) -> Motion {
        Motion {
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
        }
    }

    pub(super) const fn window(&self, input: Shape) -> Window {
        self.motion().along(input, self.kernel)
    }

    pub(crate) const fn in_place(&self, input: Shape) -> InPlace {
        if self.window(input).is_pixel() {
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
        windowed::aside::<N>(&self.window(input), visit)
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if let Err(fault) = windowed::dimensions::<1>(input) {
            return Err(fault);
        }
        if self.channels == 0 {
            return Err("needs at least one output channel");
        }
        match self.motion().outputs(&self.window(input)) {
            Ok([_, frames]) => Ok(Shape::series(self.channels, frames)),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let channels = input.channels();
        Params::affine(
            Shape::new([self.kernel, channels as u16, self.channels]),
            Shape::vector(self.channels),
            self.kernel as u32 * channels as u32,
            self.kernel as u32 * self.channels as u32,
        )
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        match self.output(input) {
            Ok(output) => output.len() * self.kernel as usize * input.channels(),
            Err(_) => 0,
        }
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.motion().settings()
    }

    #[inline(never)]
    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        if ports.x.data.is_empty() {
            return windowed::pixel_by_pixel(ports, self.channels.into());
        }
        windowed::forward::<false, N>(ports, |f| window.convolution(self.channels.into(), f))
    }

    #[inline(never)]
    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        windowed::backward(ports, |f| window.convolution(self.channels.into(), f))
    }

    #[inline(never)]
    pub(crate) fn gradient<N: Kernel>(&self, ports: Gradient<'_, N>) {
        let window = self.window(ports.input);
        windowed::gradient(ports, |rows, f| {
            window.convolution_weights(self.channels.into(), rows, f)
        });
    }
}
