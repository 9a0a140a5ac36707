//! The same elements in another shape.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y = x`, element by element in the order of memory, with the shape `to`
///
/// Input: any shape of as many elements. A frame or pixel is a run of its channels, the next one follows.
/// No parameters; costs nothing: input and output are the same bytes. Gradient: `dx = dy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reshape {
    /// Shape of the output.
    pub to: Shape,
}

impl Reshape {
    pub(crate) const NAME: &'static str = "reshape";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Always
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.to.len() != input.len() {
            return Err("needs a shape of as many elements as its input has");
        }
        Ok(self.to)
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

    /// Everything is where it should be.
    pub(crate) fn forward<N: Kernel>(&self, _: Forward<'_, N>) -> N::Peak {
        N::Peak::default()
    }

    /// The gradient passes as it is.
    pub(crate) fn backward<N: Kernel>(&self, _: Backward<'_, N>) -> N::Peak {
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
