//! The largest over time or pixels.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[c] = max_t x[t, c]`
///
/// Input: series or image of `T` frames or pixels of `C` channels. Output: vector of `C`.
/// No parameters. Keeps for the backward pass which `t` it was, the first of equals: one byte per channel,
/// two if there are more than 256. Gradient: `dx[t, c] = dy[c]` for that `t`, 0 elsewhere.
/// Source: Collobert et al., Natural language processing (almost) from scratch, 2011.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalMax;

impl GlobalMax {
    pub(crate) const NAME: &'static str = "global_max";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let bytes = if input.positions() > 256 { 2 } else { 1 };
        Room {
            kept: if visit.passes { input.channels() * bytes } else { 0 },
            ..Room::NONE
        }
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

    pub(crate) fn forward<N: Kernel>(&self, Forward { x, y, kept, .. }: Forward<'_, N>) -> N::Peak {
        N::global_max(x, y, kept)
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { dy, dx, kept, .. }: Backward<'_, N>) -> N::Peak {
        match dx {
            Some(dx) => N::global_max_gradient(dy, kept, dx),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
