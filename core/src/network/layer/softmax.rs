//! Softmax.

use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit, grouped};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[t, c] = e^x[t, c] / Σ_k e^x[t, k]`: over the channels of each position, over the whole of a vector
///
/// Input and output: any shape, the same. No parameters. Each sum is shifted by its largest input, so that
/// nothing overflows. Works in place and keeps its output for the backward pass.
/// Gradient: `dx[t, c] = y[t, c] (dy[t, c] − Σ_k dy[t, k] y[t, k])`.
///
/// A classifier trained with cross-entropy needs none: the loss holds its own.
/// Source: Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax;

impl Softmax {
    pub(crate) const NAME: &'static str = "softmax";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Rescaled
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Nothing,
            output: For::Input,
        }
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        Ok(input)
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { input, x, y, .. }: Forward<'_, N>) -> N::Peak {
        N::softmax(y, x.scale, grouped::channels(input))
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { input, y, dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        dx.map_or_else(N::Peak::default, |dx| {
            N::softmax_gradient(y, dx, dy.scale, grouped::channels(input))
        })
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
