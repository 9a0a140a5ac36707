//! Functions of one variable that are not monotonic.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::math::Curve;
use crate::network::{Params, Shape};
use crate::number::{Number, cast, cast_mut};
use core::marker::PhantomData;

/// `y[i] = f(x[i])`, for a function `f` of [`math`](crate::math) that is not monotonic: gelu, silu
///
/// Input and output: any shape, the same. No parameters. Works in place. An output does not tell its
/// slope, so where the gradient of the input is needed `f′(x[i])` is kept, one element each: as much as
/// the input would take, and half the exponentials, since value and slope share theirs.
/// Gradient: `dx[i] = dy[i] · f′(x[i])`. Sources: see [`Gelu`](crate::math::Gelu) and
/// [`Silu`](crate::math::Silu).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointwiseCurve<C>(PhantomData<C>);

impl<C: Curve> PointwiseCurve<C> {
    pub(crate) const NAME: &'static str = C::NAME;
    pub(crate) const ROWS: bool = false;

    /// The layer; it has no settings.
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Rescaled
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        Room {
            kept: if visit.passes {
                input.len() * size_of::<N::Elem>()
            } else {
                0
            },
            ..Room::NONE
        }
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

    pub(crate) fn forward<N: Kernel>(&self, Forward { x, y, kept, .. }: Forward<'_, N>) -> N::Peak {
        N::curve::<C>(y, x.scale, cast_mut(kept))
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { dy, dx, kept, .. }: Backward<'_, N>) -> N::Peak {
        dx.map_or_else(N::Peak::default, |dx| N::multiply(dx, dy.scale, cast(kept)))
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

impl<C: Curve> Default for PointwiseCurve<C> {
    fn default() -> Self {
        Self::new()
    }
}
