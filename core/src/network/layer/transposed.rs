//! Transposed convolution over time and over images.

use super::windowed;
use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Axis, Kernel, Window};
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[s·t + k − p, o] += Σ_c w[k, c, o] · x[t, c]`, from `y = b`: each input frame adds a window of output
///
/// The transpose of a convolution, for decoders. Over a series (`D = 1`): `T` frames of `C` channels
/// become `(T − 1) s + K − 2p` frames of `O`. Over an image (`D = 2`) `k` stands for row and column of the
/// kernel, and both extents follow the same formula. Parameters: `weight [K…, C, O]` (input-major: each
/// tap is a matrix from an input frame to an output frame), `bias [O]`; PyTorch's is `[C, O, K…]`.
/// Cost: about `K · C · O` multiply-accumulates per input frame, as many for each gradient. Keeps its input
/// for the backward pass. Each output frame is one sum over the input frames that reach it, in the order in
/// which they lie.
/// Gradients: `dw[k, c, o] = Σ_t x[t, c] dy[s·t + k − p, o]`, `db[o] = Σ_u dy[u, o]`,
/// `dx[t, c] = Σ_{k, o} w[k, c, o] dy[s·t + k − p, o]`.
/// Source: Zeiler et al., Deconvolutional networks, 2010.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transposed<const D: usize> {
    /// Number of output channels, `O`.
    pub channels: u16,
    /// Output frames, or rows and columns, that each input reaches, `K`.
    pub kernel: [u16; D],
    /// Outputs from the window of one input to that of the next, `s`.
    pub stride: u16,
    /// Outputs left out at each end, `p`.
    pub padding: u16,
}

impl<const D: usize> Transposed<D> {
    pub(crate) const NAME: &'static str = if D == 1 { "transposed1d" } else { "transposed2d" };
    pub(crate) const ROWS: bool = true;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    /// One direction of the convolution that this one transposes: its output is the input here.
    const fn axis(&self, input: usize, kernel: u16) -> Axis {
        let (kernel, stride, padding) = (kernel as usize, self.stride as usize, self.padding as usize);
        let made = (input.saturating_sub(1) * stride + kernel).saturating_sub(2 * padding);
        Axis {
            output: input,
            ..Axis::new(made, kernel, stride, padding, 1)
        }
    }

    pub(super) const fn window(&self, input: Shape) -> Window {
        let [height, width] = windowed::both(self.kernel);
        Window {
            rows: self.axis(input.dim(0), height),
            columns: if D == 1 {
                Axis::ONE
            } else {
                self.axis(input.dim(1), width)
            },
            channels: input.channels(),
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if let Err(fault) = windowed::dimensions::<D>(input) {
            return Err(fault);
        }
        if self.channels == 0 {
            return Err("needs at least one output channel");
        }
        if self.stride == 0 {
            return Err("stride must be at least 1");
        }
        let window = self.window(input);
        let mut extents = [0; 2];
        let mut i = 0;
        while i < 2 {
            let axis = if i == 0 { window.rows } else { window.columns };
            if axis.padding >= axis.kernel {
                return Err("padding must be less than the kernel, and the kernel at least 1");
            }
            if axis.input == 0 {
                return Err("padding leaves nothing of the output");
            }
            if axis.input > u16::MAX as usize {
                return Err("has an output of more than 65535 elements");
            }
            extents[i] = axis.input as u16;
            i += 1;
        }
        Ok(windowed::shape::<D>(self.channels as usize, extents))
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let channels = input.channels() as u16;
        let [height, width] = windowed::both(self.kernel);
        let weight = if D == 1 {
            Shape::new([height, channels, self.channels])
        } else {
            Shape::new([height, width, channels, self.channels])
        };
        // An output is reached by every `s`-th tap.
        let stride = if self.stride == 0 { 1 } else { self.stride };
        let reached = [height.div_ceil(stride), width.div_ceil(stride)];
        Params::affine(
            weight,
            Shape::vector(self.channels),
            windowed::taps(reached) * channels as u32,
            windowed::taps(self.kernel) * self.channels as u32,
        )
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        input.len() * windowed::taps(self.kernel) as usize * self.channels as usize
    }

    pub(crate) const fn settings(&self) -> u64 {
        (self.stride as u64) << 16 | self.padding as u64 | windowed::width(self.kernel)
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        windowed::forward::<false, N>(ports, |f| window.transposed(self.channels.into(), f))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let window = self.window(ports.input);
        windowed::backward(ports, |f| window.transposed(self.channels.into(), f))
    }

    pub(crate) fn gradient<N: Kernel>(&self, ports: Gradient<'_, N>) {
        let window = self.window(ports.input);
        windowed::gradient(ports, |rows, f| {
            window.transposed_weights(self.channels.into(), rows, f)
        });
    }
}
