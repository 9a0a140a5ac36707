//! The sample, in the arena.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y = x`: the sample has a place in the arena, for as long as it is read
///
/// The first layer of a model, or none. Without it a sample lies where the caller has it, beside the arena.
/// With it the plan has room for the sample from step 0 to its last reader, and no longer: where the layers
/// right above are frozen, the room serves other tensors from then on. The caller fills
/// [`sample_mut`](crate::engine::Trainer::sample_mut), or
/// [`sample_bytes_mut`](crate::engine::Trainer::sample_bytes_mut) as bytes come from a camera, and says
/// [`Inside`](crate::engine::Inside) where a sample is asked for; a sample from elsewhere is copied.
///
/// Input and output: any shape. No parameters, no multiply-accumulates, nothing kept for the backward pass,
/// which ends above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input;

impl Input {
    pub(crate) const NAME: &'static str = "input";
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

    /// What lies in the arena already stays.
    pub(crate) fn forward<N: Kernel>(&self, Forward { x, y, .. }: Forward<'_, N>) -> N::Peak {
        if x.data.is_empty() {
            N::Peak::default()
        } else {
            N::copy(x, y)
        }
    }

    /// Nothing lies above a model's input.
    pub(crate) fn backward<N: Kernel>(&self, _: Backward<'_, N>) -> N::Peak {
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
