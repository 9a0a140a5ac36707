//! What a layer says of itself, and what its functions are given.

use crate::kernel::{Grad, Kernel};
use crate::network::{Gradients, Parameters, Shape};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use core::ops::Range;

/// For which gradient a tensor is read in the backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// For none.
    Nothing,
    /// For the gradient of the parameters, but for biases alone.
    Parameters,
    /// For the gradient of the input.
    Input,
    /// For both.
    Both,
}

impl For {
    /// Whether `visit` asks for a gradient that the tensor is read for.
    pub(crate) const fn asked(self, visit: Visit) -> bool {
        match self {
            Self::Nothing => false,
            Self::Parameters => visit.weighs,
            Self::Input => visit.passes,
            Self::Both => visit.trains || visit.passes,
        }
    }
}

/// Which tensors a kind's backward functions read. What nobody reads is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// The layer's input.
    pub input: For,
    /// The layer's output.
    pub output: For,
}

impl Reads {
    /// Neither input nor output.
    pub(crate) const NOTHING: Self = Self {
        input: For::Nothing,
        output: For::Nothing,
    };
}

/// Whether a kind's output may lie where its input was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPlace {
    /// Never.
    Never,
    /// Always: it works element by element, forward and backward. If its input is needed later, the
    /// engine gives it a copy.
    Always,
    /// As `Always`, and its output has a scale of its own, for numbers that have scales: forward it finds its
    /// input in `y` at the scale of `x`, backward `dy` in `dx` at the scale of `dy`.
    Rescaled,
    /// Where no backward pass comes: in an inference, and below the first layer that trains. The input
    /// then lies at the start of the output's buffer, which is as long as the larger of the two.
    Unvisited,
}

/// What the backward pass wants of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The gradient of some of its parameters.
    pub trains: bool,
    /// Of some that are multiplied with something, and not of biases alone: their gradients are sums of `dy`.
    pub weighs: bool,
    /// The gradient of its input.
    pub passes: bool,
}

impl Visit {
    /// Whether the backward pass comes to the layer.
    pub const fn any(self) -> bool {
        self.trains || self.passes
    }
}

/// What a layer needs beside input, output and parameters, in bytes. Each piece begins at a multiple of
/// the number's alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Kept from the forward step to the backward step.
    pub kept: usize,
    /// Used during the forward step.
    pub forward: usize,
    /// Used during the backward step.
    pub backward: usize,
}

impl Room {
    /// Nothing.
    pub const NONE: Self = Self {
        kept: 0,
        forward: 0,
        backward: 0,
    };
}

/// Why a layer is run forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// For its output: statistics stand still, nothing is dropped.
    Infer,
    /// To learn from the sample.
    Learn,
    /// Once more for the sample that is being learned, since its output was not kept: the same result,
    /// and nothing else changes.
    Again,
    /// To find the scales of a sample's tensors: as `Learn`, but nothing is remembered of it.
    Trial,
}

/// What a forward function is given.
#[derive(Debug)]
pub struct Forward<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The parameters.
    pub p: Parameters<'a, N>,
    /// The running statistics, to write; empty if the layer has none or is frozen.
    pub statistics: &'a mut [N::Bias],
    /// The input. Empty where the layer works in place: it lies in `y` then, at this scale.
    pub x: View<'a, N>,
    /// The earlier output that the layer reads besides, if it reads one.
    pub e: View<'a, N>,
    /// The output.
    pub y: ViewMut<'a, N>,
    /// [`Room::kept`].
    pub kept: &'a mut [u8],
    /// [`Room::forward`].
    pub scratch: &'a mut [u8],
    /// A track for each tensor that the layer keeps to itself.
    pub inner: &'a mut [N::Track],
    /// Why it is run.
    pub pass: Pass,
    /// What the backward pass will want.
    pub visit: Visit,
    /// Random state, saved with the trainer.
    pub random: &'a mut Pcg,
}

/// What a backward function is given.
///
/// An in-place kind finds `dy` in `dx`. Others add to `dx`, which the engine has cleared unless
/// another reader of the same output has added to it before.
#[derive(Debug)]
pub struct Backward<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The parameters.
    pub p: Parameters<'a, N>,
    /// The gradients of the parameters, to be summed into. A kind whose gradient is taken by rows leaves
    /// them to its gradient function.
    pub dp: Gradients<'a, N>,
    /// The input, if the kind reads it.
    pub x: View<'a, N>,
    /// The output, if the kind reads it.
    pub y: View<'a, N>,
    /// The gradient of the loss by the output.
    pub dy: View<'a, N>,
    /// The gradient of the loss by the input; `None` if nobody needs it.
    pub dx: Option<ViewMut<'a, N>>,
    /// The gradient of the loss by the earlier output of a kind that joins, to be added to.
    pub de: Option<ViewMut<'a, N>>,
    /// The peak of `de`, to be written by a kind that joins.
    pub de_peak: &'a mut N::Peak,
    /// [`Room::kept`], as the forward function left it; it is not needed afterwards.
    pub kept: &'a mut [u8],
    /// [`Room::backward`].
    pub scratch: &'a mut [u8],
    /// A track for each tensor that the layer keeps to itself.
    pub inner: &'a mut [N::Track],
}

/// What a gradient function is given: one parameter tensor of a kind whose weights are matrices of equal
/// rows. It is called after the backward function.
#[derive(Debug)]
pub struct Gradient<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The input.
    pub x: View<'a, N>,
    /// The output, if the kind reads it.
    pub y: View<'a, N>,
    /// The gradient of the loss by the output.
    pub dy: View<'a, N>,
    /// [`Room::kept`], as the backward function left it. It must be left so for the next rows.
    pub kept: &'a mut [u8],
    /// A track for each tensor that the layer keeps to itself.
    pub inner: &'a [N::Track],
    /// Index of the tensor.
    pub tensor: usize,
    /// Which rows of the matrix, if it is one.
    pub rows: Range<usize>,
    /// The gradient of those rows, or of the whole of another tensor, to be summed into.
    pub dw: Grad<'a, N>,
    /// Whether nothing has been summed yet, so that `dw` is overwritten.
    pub fresh: bool,
}
