//! Optimizers: how a gradient becomes an update.
//!
//! Each is one loop over a flat parameter tensor, its gradient and its state. The formulas, and the
//! order of their operations, are those of PyTorch, against which they are tested.

mod adam;
mod bfp;
mod rms_prop;
mod schedule;
mod sgd;

pub use adam::{Adam, AdamW};
pub use rms_prop::RmsProp;
pub use schedule::{Course, Plateau, Rate, Schedule};
pub use sgd::{Momentum, Sgd};

use crate::kernel::{Grad, Kernel};
use crate::number::Number;
use crate::number::random::Pcg;

/// What an optimizer is, whatever the number.
pub trait Method: Copy {
    /// Its name in run files and reports.
    const NAME: &'static str;
    /// Its number in a checkpoint's fingerprint.
    const CODE: u8;
    /// Values of state that it keeps for each parameter.
    const SLOTS: usize;

    /// The learning rate, η.
    fn learning_rate(&self) -> f32;

    /// Changes the learning rate from the next update on. A [`Schedule`] does it before each.
    fn set_learning_rate(&mut self, rate: f32);
}

/// A parameter tensor as its update sees it.
#[derive(Debug)]
pub enum ParamMut<'a, N: Number> {
    /// Multiplied with activations: every plane of it.
    Weight(N::WeightsMut<'a>),
    /// Added to sums.
    Bias(&'a mut [N::Bias]),
}

/// A [`Method`] for the number `N`.
pub trait Optimizer<N: Kernel>: Method {
    /// What is the same for every parameter of one update.
    type Step: Copy;

    /// Prepares update `count` (1 for the first).
    fn step(&self, count: u32) -> Self::Step;

    /// Updates one parameter tensor. `state` holds [`SLOTS`](Method::SLOTS) flat vectors, one after
    /// the other, as long as the tensor.
    fn update(
        step: &Self::Step,
        param: ParamMut<'_, N>,
        gradient: Grad<'_, N>,
        state: &mut [u8],
        random: &mut Pcg,
    );
}

#[cfg(test)]
mod tests;
