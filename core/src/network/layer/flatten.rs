//! The same elements as one vector.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y = x`, element by element in the order of memory, as one vector
///
/// Input: any shape. Output: vector of as many elements; the channels of a frame or pixel follow each other,
/// the next frame or pixel follows them.
/// No parameters; costs nothing: input and output are the same bytes. Gradient: `dx = dy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

impl Flatten {
    pub(crate) const NAME: &'static str = "flatten";
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
        if input.len() > u16::MAX as usize {
            return Err("has an output of more than 65535 elements");
        }
        Ok(Shape::vector(input.len() as u16))
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
