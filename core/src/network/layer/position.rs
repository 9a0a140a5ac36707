//! A learned vector for each place of a series.

use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Param, Params, Shape};
use crate::number::{Number, View};

/// `y[t, c] = x[t, c] + w[t, c]`
///
/// Input and output: series of `T` frames of `C` channels. Parameters: `weight [T, C]`. Cost: no
/// multiply-accumulate, forward or backward. Works in place. Bytes kept for backward: none.
/// Gradients: `dw[t, c] = dy[t, c]`, `dx = dy`.
/// Source: Gehring et al., Convolutional sequence to sequence learning, 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position;

impl Position {
    pub(crate) const NAME: &'static str = "position";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Always
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Nothing,
            output: For::Nothing,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if input.rank() != 2 {
            return Err("needs a series as its input: Shape::series(channels, length)");
        }
        Ok(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        // A sum of one input: the place, which is there or not.
        Params::NONE.with(Param::weight("weight", input, 1, input.channels() as u32))
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { p, y, .. }: Forward<'_, N>) -> N::Peak {
        N::add(y, p.weight(0))
    }

    /// The gradient passes as it is.
    pub(crate) fn backward<N: Kernel>(&self, Backward { mut dp, dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        let fresh = dp.fresh;
        let dy = match &dx {
            Some(dx) => View {
                data: &*dx.data,
                scale: dx.scale,
            },
            None => dy,
        };
        if let Some(dw) = dp.tensor(0) {
            N::affine_bias(dy, dw, fresh);
        }
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
