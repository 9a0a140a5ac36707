//! The primitives that carry everything: the only hot code of the house.
//!
//! Each is written once per family of numbers (`float`, `bfp`) and reached through [`Kernel`],
//! so that a layer is written once for all of them.
//!
//! **Canonical order.** Weights lie input-major, `w[input][output]`, and every sum is taken one term
//! after the other, in the order of memory. Outputs are the lanes: sixteen sums of different outputs
//! advance together, which is what SIMD registers of a desktop and the register file of a
//! Cortex-M4F both like, and no sum is ever split. So the order does not depend on the machine.

mod bfp;
pub(crate) mod blocks;
mod channels;
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod cortex_m4;
pub mod float;
mod gate;
mod groups;
mod judge;
mod loops;
mod normal;
mod sequence;
mod spatial;

pub use channels::Channels;
pub use gate::Gate;
pub(crate) use groups::EPSILON;
pub use groups::{Groups, Running};
pub(crate) use judge::Judged;
pub use judge::{Judge, Member};
pub use loops::{Loops, Moments};
pub use normal::Normal;
pub use sequence::Sequence;
pub use spatial::{Axis, Runs, Spatial, Window};

use crate::number::{Number, Scale, View, ViewMut};
use core::ops::Range;

/// A matrix that is swept over an input: a dense layer is one position, a convolution many.
///
/// At position `p`, `y[p·outputs + o] = b[o] + Σ_k x[start + p·step + k] · w[(first + k)·outputs + o]`
/// for `k` in `0..length`. A convolution's padding is a shorter sum: `first` and `length` leave out
/// the taps that would read outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Number of positions.
    pub positions: usize,
    /// Where position 0 reads, in elements of `x`.
    pub start: usize,
    /// Elements of `x` from one position to the next.
    pub step: usize,
    /// Terms of each sum.
    pub length: usize,
    /// First row of the weights used.
    pub first: usize,
    /// Where position 0 writes, in positions of `y`.
    pub target: usize,
    /// Sums at each position.
    pub outputs: usize,
}

impl Sweep {
    /// The sweep over some rows of the weights alone, whose first is then row 0: for a gradient that is
    /// taken some rows at a time.
    pub(crate) fn rows(self, rows: &Range<usize>) -> Self {
        let from = self.first.max(rows.start);
        let to = (self.first + self.length).min(rows.end);
        Self {
            start: self.start + (from - self.first),
            length: to.saturating_sub(from),
            first: from.saturating_sub(rows.start),
            ..self
        }
    }
}

/// Part of the channels of each position: those from `from` on, `length` of `width`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Channels of the wider tensor.
    pub width: usize,
    /// First of them.
    pub from: usize,
    /// How many.
    pub length: usize,
}

/// First bit of the losses in a mask of what is used; those of the layer kinds are below.
pub const LOSSES: u32 = 96;

/// What a layer can ask of a number.
///
/// Slices that do not fit each other give a shorter result and never a panic; the planner makes
/// sure that they do fit.
pub trait Kernel: Number + Gate + Spatial + Normal + Sequence + Judge {
    /// Layer kinds (by [code](crate::network::Layer::code)) and, from bit [`LOSSES`] on, losses (by
    /// [code](crate::loss::Loss::code)) that this number can run.
    const KINDS: u128;

    /// Whether some rows of a tensor can be updated without looking at the others, as a fused update does.
    const FUSES: bool;

    /// Samples of a batch whose gradients can be summed.
    const MOST_SAMPLES: u16;

    /// Terms that one sum of products can have.
    const MOST_TERMS: u32;

    /// The larger of two peaks.
    fn higher(a: Self::Peak, b: Self::Peak) -> Self::Peak;

    /// Takes note of a tensor's peak.
    fn follow(track: Option<&mut Self::Track>, peak: Self::Peak);

    /// Ends a window: moves each activation's scale to what its peaks ask for, and says whether one moved.
    /// `at_once` in the calibration, when the scale is still arbitrary.
    fn turn(tracks: &mut [Self::Track], at_once: bool) -> bool;

    /// What went wrong with a tensor since it was last [forgotten](Self::forget): of an activation the elements that did not
    /// fit, of a parameter the updates that were lost. Floats keep no account.
    fn counted(_track: &Self::Track) -> u32 {
        0
    }

    /// Begins that account anew.
    fn forget(_track: &mut Self::Track) {}

    /// Takes note of the size of a parameter's gradient, before its first update; forgets it if `_gradient` is empty.
    fn follow_gradient(_track: Option<&mut Self::Track>, _gradient: &[Self::Gradient]) {}

    /// Whether a sample can be multiplied with: block fixed point needs mantissas within their range.
    fn fits(_x: View<'_, Self>) -> bool {
        true
    }

    /// `y = x`. The scales may differ.
    fn copy(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Self::Peak;

    /// `y[p·width + from + c] = x[p·length + c]`: all of `x` becomes some channels of `y`.
    fn spread(_x: View<'_, Self>, _y: ViewMut<'_, Self>, _run: Run) -> Self::Peak {
        Self::Peak::default()
    }

    /// `y[p·width + from + c] += x[p·length + c]`.
    fn scatter(_x: View<'_, Self>, _y: ViewMut<'_, Self>, _run: Run) -> Self::Peak {
        Self::Peak::default()
    }

    /// `x[p·length + c] += y[p·width + from + c]`, the gradient of [`spread`](Self::spread).
    fn gather(_y: View<'_, Self>, _x: ViewMut<'_, Self>, _run: Run) -> Self::Peak {
        Self::Peak::default()
    }

    /// `y = b + W x`, at each position of the sweep; `y += W x` where `b` is empty.
    fn affine(
        w: View<'_, Self>,
        b: &[Self::Bias],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        sweep: Sweep,
    ) -> Self::Peak;

    /// `dx += Wᵀ dy`, at each position of the sweep.
    fn affine_input(w: View<'_, Self>, dy: View<'_, Self>, dx: ViewMut<'_, Self>, sweep: Sweep)
    -> Self::Peak;

    /// `dW += x dyᵀ`, over the positions of the sweep. With `fresh`, `dW` holds nothing yet.
    fn affine_weights(x: View<'_, Self>, dy: View<'_, Self>, dw: Grad<'_, Self>, sweep: Sweep, fresh: bool);

    /// `db += Σ_p dy[p]`. With `fresh`, `db` holds nothing yet.
    fn affine_bias(dy: View<'_, Self>, db: Grad<'_, Self>, fresh: bool);

    /// `y ← f(y)`, each element where it lies. `from` is the scale at which `y` holds the input.
    fn unary<U: crate::math::Unary>(y: ViewMut<'_, Self>, from: Scale<Self>) -> Self::Peak;

    /// `dy ← dy · f′`, from the function's output `y`. `from` is the scale at which `dy` is found.
    fn unary_gradient<U: crate::math::Unary>(
        y: View<'_, Self>,
        dy: ViewMut<'_, Self>,
        from: Scale<Self>,
    ) -> Self::Peak;

    /// `y ← y + x`. The scales may differ.
    fn add(y: ViewMut<'_, Self>, x: View<'_, Self>) -> Self::Peak;

    /// `y[c] = (1/T) Σ_t x[t][c]` for `T = x.len() / y.len()`.
    fn mean(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Self::Peak;

    /// `dx[t][c] += dy[c] / T`, the gradient of [`mean`](Self::mean).
    fn mean_gradient(dy: View<'_, Self>, dx: ViewMut<'_, Self>) -> Self::Peak;

    /// `Σ g²`, in sixteen lanes for floats (see [`Loops::square_sum`]).
    fn square_sum(
        gradient: &[Self::Gradient],
        scale: <Self::Gradient as crate::number::Element>::Scale,
    ) -> Self::Scalar;

    /// `‖x dyᵀ‖² = ‖x‖² ‖dy‖²`.
    fn outer_square(_x: View<'_, Self>, _dy: View<'_, Self>) -> Self::Scalar {
        Self::Scalar::default()
    }

    /// The square root of a figure, for a norm.
    fn root(square: Self::Scalar) -> Self::Scalar;

    /// `g ← g · factor / count`, for the mean over a batch and for clipping.
    fn scale_gradient(gradient: &mut [Self::Gradient], factor: Option<Self::Scalar>, count: u32);

    /// `bound / (norm + 1e-6)` if the norm is above the bound, as in PyTorch.
    fn clip_factor(norm: Self::Scalar, bound: f32) -> Option<Self::Scalar>;

    /// `g ← max(−bound, min(g, bound))`; what is not a number stays.
    fn clamp_gradient(
        gradient: &mut [Self::Gradient],
        scale: <Self::Gradient as crate::number::Element>::Scale,
        bound: f32,
    );

    /// The scale of `track`'s gradient.
    fn gradient_scale(track: Option<&Self::Track>) -> <Self::Gradient as crate::number::Element>::Scale;

    /// Sets all to zero.
    fn clear(data: &mut [Self::Elem]) {
        data.fill(Self::Elem::default());
    }
}

/// The gradient of one parameter tensor, and the track in which its scale is kept.
#[derive(Debug)]
pub struct Grad<'a, N: Number> {
    /// One element per parameter.
    pub data: &'a mut [N::Gradient],
    /// The parameter tensor's track.
    pub track: Option<&'a mut N::Track>,
}
