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
use crate::number::random::Pcg;
use crate::number::{Number, View, cast_mut};
use bytemuck::Pod;
use core::ops::Range;

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

/// The peaks of the parameters that an update moved, and of their state.
pub type Moved<N> = [<N as Number>::Peak; 2];

/// The optimizer state of one parameter tensor, or of some elements of it.
#[derive(Debug)]
pub struct State<'a> {
    /// [`SLOTS`](Method::SLOTS) vectors, one after the other, as long as the tensor.
    pub bytes: &'a mut [u8],
    /// Elements of the tensor.
    pub elements: usize,
    /// Which of them are updated.
    pub window: Range<usize>,
}

impl<'a> State<'a> {
    /// The vectors, over the elements that are updated.
    pub fn vectors<T: Pod, const SLOTS: usize>(self) -> [&'a mut [T]; SLOTS] {
        let mut vectors = cast_mut::<T>(self.bytes).chunks_exact_mut(self.elements.max(1));
        core::array::from_fn(|_| {
            vectors
                .next()
                .and_then(|vector| vector.get_mut(self.window.clone()))
                .unwrap_or(&mut [])
        })
    }
}

/// A [`Method`] for the number `N`.
pub trait Optimizer<N: Kernel>: Method {
    /// What is the same for every parameter of one update.
    type Step: Copy;

    /// Whether it has [`update_outer`](Self::update_outer), at least for some settings.
    const OUTER: bool = false;

    /// Prepares update `count` (1 for the first).
    fn step(&self, count: u32) -> Self::Step;

    /// Updates one parameter tensor, or some elements of it: those that `param`, `gradient` and `state`
    /// hold.
    fn update(
        step: &Self::Step,
        param: ParamMut<'_, N>,
        gradient: Grad<'_, N>,
        state: State<'_>,
        random: &mut Pcg,
    ) -> Moved<N>;

    /// Updates a weight matrix `[inputs][outputs]` by the gradient `x dyᵀ` without writing that down; for floats, to
    /// the same bits as [`update`](Self::update) would. `None` if there is no such loop, and nothing was
    /// done.
    fn update_outer(
        _step: &Self::Step,
        _weights: N::WeightsMut<'_>,
        _track: Option<&mut N::Track>,
        _x: View<'_, N>,
        _dy: View<'_, N>,
        _state: &mut [u8],
        _random: &mut Pcg,
    ) -> Option<Moved<N>> {
        None
    }

    /// Brings the scales of a tensor and of its state into range again, when all of its elements have moved. Floats need
    /// nothing.
    fn settle(_param: ParamMut<'_, N>, _track: Option<&mut N::Track>, _state: State<'_>, _moved: Moved<N>) {}
}

#[cfg(test)]
mod tests;
