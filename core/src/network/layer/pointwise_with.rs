//! Functions of one variable with a setting.

use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::math::Shaped;
use crate::network::{Params, Shape};
use crate::number::Number;
use core::marker::PhantomData;

/// `y[i] = f(x[i])`, for a function `f` of [`math`](crate::math) with a setting: leaky relu, elu
///
/// Input and output: any shape, the same. No parameters. Works in place and keeps its output for the
/// backward pass. Gradient: `dx[i] = dy[i] · f′`, from the output alone, which tells the sign of the input
/// since the setting is above 0. Sources: see [`LeakyRelu`](crate::math::LeakyRelu) and
/// [`Elu`](crate::math::Elu).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointwiseWith<S> {
    /// The slope below 0, or how far below 0 the output can fall.
    pub setting: f32,
    function: PhantomData<S>,
}

impl<S: Shaped> PointwiseWith<S> {
    pub(crate) const NAME: &'static str = S::NAME;
    pub(crate) const ROWS: bool = false;

    /// The layer with this setting.
    pub const fn new(setting: f32) -> Self {
        Self {
            setting,
            function: PhantomData,
        }
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Always
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
        if self.setting > 0.0 && self.setting.is_finite() {
            Ok(input)
        } else {
            Err(S::FAULT)
        }
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.setting.to_bits() as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { y, .. }: Forward<'_, N>) -> N::Peak {
        N::shaped::<S>(self.setting, y)
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { y, dx, .. }: Backward<'_, N>) -> N::Peak {
        dx.map_or_else(N::Peak::default, |dx| {
            N::shaped_gradient::<S>(self.setting, y, dx)
        })
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
