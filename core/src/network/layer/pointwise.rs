//! Functions of one variable.

use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Pass, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::math::Unary;
use crate::network::{Params, Shape};
use crate::number::{Number, View, ViewMut};
use core::marker::PhantomData;

/// `y[i] = f(x[i])`, for a function `f` of [`math`](crate::math): relu, tanh, sigmoid
///
/// Input and output: any shape, the same. No parameters. Works in place and keeps its output for the
/// backward pass. Gradient: `dx[i] = dy[i] · f′`, from the output alone.
///
/// A relu or relu6, whose slope is 0 or 1, can keep a bit of each of `n` elements instead, `⌈n/8⌉` bytes. It does
/// where no other layer reads the output in the backward pass (a convolution that trains its weights would),
/// and where that makes the plan smaller. Then the layer above may write over the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointwise<U>(PhantomData<U>);

impl<U: Unary> Pointwise<U> {
    pub(crate) const NAME: &'static str = U::NAME;
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        // A function with another range has another scale.
        if U::GATE {
            InPlace::Always
        } else {
            InPlace::Rescaled
        }
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

    /// Bytes that it may keep instead of its output: a bit of each element; 0 if a bit is not enough.
    pub(crate) const fn gate(&self, input: Shape) -> usize {
        if U::GATE { input.len().div_ceil(8) } else { 0 }
    }

    /// The layer; it has no settings.
    pub const fn new() -> Self {
        Self(PhantomData)
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

    pub(crate) fn forward<N: Kernel>(&self, Forward { x, y, kept, pass, .. }: Forward<'_, N>) -> N::Peak {
        let ViewMut { data, scale } = y;
        let peak = N::unary::<U>(ViewMut { data, scale }, x.scale);
        if U::GATE && !kept.is_empty() && pass != Pass::Infer {
            N::gate::<U>(View { data, scale }, kept);
        }
        peak
    }

    #[inline(always)]
    pub(crate) fn backward<N: Kernel>(&self, Backward { y, dy, dx, kept, .. }: Backward<'_, N>) -> N::Peak {
        match dx {
            Some(dx) if U::GATE && !kept.is_empty() => N::gate_gradient(kept, dx),
            Some(dx) => N::unary_gradient::<U>(y, dx, dy.scale),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

impl<U: Unary> Default for Pointwise<U> {
    fn default() -> Self {
        Self::new()
    }
}
