//! The last frame of a series.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::{Number, View, ViewMut};

/// `y[c] = x[T − 1, c]`
///
/// What a recurrent layer knows at the end of a window. Input: series of `T` frames of `C` channels.
/// Output: vector of `C`. No parameters; nothing is kept for the backward pass.
/// Gradient: `dx[T − 1, c] = dy[c]`, 0 elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last;

impl Last {
    pub(crate) const NAME: &'static str = "last";
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
        if input.rank() != 2 {
            return Err("needs a series as its input: Shape::series(channels, length)");
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
        let from = x.data.len().saturating_sub(y.data.len());
        let x = View {
            data: x.data.get(from..).unwrap_or(&[]),
            scale: x.scale,
        };
        N::copy(x, y)
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        let Some(dx) = dx else {
            return N::Peak::default();
        };
        let from = dx.data.len().saturating_sub(dy.data.len());
        let dx = ViewMut {
            data: dx.data.get_mut(from..).unwrap_or(&mut []),
            scale: dx.scale,
        };
        N::add(dx, dy)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
