//! Sum with an earlier output.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[i] = x[i] + e[i]`, where `e` is the output of the layer `back` places above this one
///
/// `add(1)` would be the layer's own input, so `back` is at least 2; the place above the first layer
/// is the model's input. Input, earlier output and output have the same shape. No parameters; works in
/// place; nothing is kept for the backward pass. Gradient: `dx = dy`, and the engine adds `dy` to the
/// gradient of the earlier output.
/// Source: He et al., Deep residual learning for image recognition, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Add {
    /// How many places above this layer the other summand is.
    pub back: u8,
}

impl Add {
    pub(crate) const NAME: &'static str = "add";
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
        Ok(input)
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.back as u64 + NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { e, y, .. }: Forward<'_, N>) -> N::Peak {
        N::add(y, e)
    }

    /// The gradient passes as it is.
    pub(crate) fn backward<N: Kernel>(&self, _: Backward<'_, N>) -> N::Peak {
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
