//! Each frame or pixel several times.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::{Number, View, ViewMut};
use core::ops::Range;

/// `y[t, c] = x[⌊t / f⌋, c]`
///
/// The nearest neighbour, for decoders. Input: series of `T` frames, or image of `H × W` pixels, of `C`
/// channels. Output: `f T` frames, or `f H × f W` pixels (row and column follow the same formula), of `C`.
/// No parameters; nothing is kept for the backward pass. Gradient: `dx[t, c] = Σ_k dy[f·t + k, c]`.
/// Source: Odena, Dumoulin and Olah, Deconvolution and checkerboard artifacts, 2016.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsample {
    /// How many times each frame, or row and column, is repeated, `f`.
    pub factor: u16,
}

impl Upsample {
    pub(crate) const NAME: &'static str = "upsample";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.factor == 0 {
            return Err("factor must be at least 1");
        }
        if input.rank() < 2 {
            return Err("needs a series or an image as its input");
        }
        let mut output = input;
        let mut i = 0;
        while i + 1 < input.rank() {
            let extent = input.dim(i) * self.factor as usize;
            if extent > u16::MAX as usize {
                return Err("has an output of more than 65535 elements");
            }
            output = output.with_dim(i, extent as u16);
            i += 1;
        }
        Ok(output)
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.factor as u64 + NO_SETTINGS
    }

    /// For each output frame or pixel, in order: where it lies, and where the one that it repeats does.
    fn pairs(&self, input: Shape) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (factor, channels) = (usize::from(self.factor).max(1), input.channels());
        // A series is an image of one column, whose frames are repeated downward alone.
        let (width, across) = match input.rank() {
            3 => (input.dim(1), factor),
            _ => (1, 1),
        };
        let at = move |pixel: usize| pixel * channels..(pixel + 1) * channels;
        (0..input.dim(0) * factor).flat_map(move |r| {
            (0..width * across).map(move |column| {
                let (to, from) = (r * width * across + column, r / factor * width + column / across);
                (at(to), at(from))
            })
        })
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { input, x, y, .. }: Forward<'_, N>) -> N::Peak {
        let mut peak = N::Peak::default();
        for (to, from) in self.pairs(input) {
            let (x, y) = (
                View {
                    data: x.data.get(from).unwrap_or(&[]),
                    scale: x.scale,
                },
                ViewMut {
                    data: y.data.get_mut(to).unwrap_or(&mut []),
                    scale: y.scale,
                },
            );
            peak = N::higher(peak, N::copy(x, y));
        }
        peak
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { input, dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        let mut peak = N::Peak::default();
        let Some(dx) = dx else { return peak };
        for (from, to) in self.pairs(input) {
            let (dy, dx) = (
                View {
                    data: dy.data.get(from).unwrap_or(&[]),
                    scale: dy.scale,
                },
                ViewMut {
                    data: dx.data.get_mut(to).unwrap_or(&mut []),
                    scale: dx.scale,
                },
            );
            peak = N::higher(peak, N::add(dx, dy));
        }
        peak
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
