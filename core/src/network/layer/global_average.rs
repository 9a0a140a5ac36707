//! Mean over time or pixels.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[c] = (1/T) Σ_t x[t, c]`
///
/// Input: series or image of `T` frames or pixels of `C` channels. Output: vector of `C`.
/// No parameters; nothing is kept for the backward pass. Gradient: `dx[t, c] = dy[c] / T`.
/// Source: Lin, Chen and Yan, Network in network, 2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalAverage;

impl GlobalAverage {
    pub(crate) const NAME: &'static str = "global_average";
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
        if input.rank() < 2 {
            return Err("needs a series or an image as its input");
        }
        Ok(Shape::vector(input.channels() as u16))
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

    pub(crate) fn forward<N: Kernel>(&self, Forward { x, y, .. }: Forward<'_, N>) -> N::Peak {
        N::mean(x, y)
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        match dx {
            Some(dx) => N::mean_gradient(dy, dx),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
