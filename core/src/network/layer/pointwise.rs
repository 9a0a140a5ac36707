//! Functions of one variable.

use super::{Backward, Forward, Gradient, NO_SETTINGS, Reads};
use crate::kernel::Kernel;
use crate::math::Unary;
use crate::network::{Params, Shape};
use core::marker::PhantomData;

/// `y[i] = f(x[i])`, for a function `f` of [`math`](crate::math): relu, tanh, sigmoid
///
/// Input and output: any shape, the same. No parameters. Works in place and keeps its output for the
/// backward pass. Gradient: `dx[i] = dy[i] · f′`, from the output alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointwise<U>(PhantomData<U>);

impl<U: Unary> Pointwise<U> {
    pub(crate) const NAME: &'static str = U::NAME;
    pub(crate) const IN_PLACE: bool = true;
    pub(crate) const READS: Reads = Reads {
        input: false,
        output: true,
    };

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

    pub(crate) fn forward<N: Kernel>(&self, Forward { y, .. }: Forward<'_, N>) -> N::Peak {
        N::unary::<U>(y)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}

    pub(crate) fn backward<N: Kernel>(&self, Backward { y, dx, .. }: Backward<'_, N>) -> N::Peak {
        N::unary_gradient::<U>(y, dx)
    }
}

impl<U: Unary> Default for Pointwise<U> {
    fn default() -> Self {
        Self::new()
    }
}
