//! The loss: how far an output is from what it should be, and in which direction to move it.
//!
//! A loss is a value with its settings, part of the [plan](crate::network::Plan); what a sample's output
//! should be is its [`Target`]. Figures of a batch are averaged over its samples by the trainer.

mod check;
mod classes;
mod contrast;
mod memory;
mod values;

pub use memory::Memory;

use crate::kernel::{Judged, Kernel, LOSSES};
use crate::number::{Shape, View, ViewMut};

/// Which loss a model is trained on.
///
/// Cost is given in operations on the output's `n` elements; no loss keeps anything beside the output
/// and its gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Loss {
    /// Softmax cross-entropy of logits `z[K]` against a class `c`: `L = ln Σ_k e^z[k] − z[c]`,
    /// `dz = softmax(z) − onehot(c)`. Target: [`Class`](Target::Class). Cost: `n` exponentials.
    ///
    /// Source: Bridle, 1990.
    CrossEntropy,
    /// Mean squared error against values: `L = (1/n) Σ (y − t)²`, `dy = (2/n) (y − t)`.
    /// Target: [`Values`](Target::Values) or [`Itself`](Target::Itself). Cost: `2 n` multiplications.
    MeanSquaredError,
    /// Cross-entropy with label smoothing `ε` and a weight `w[k]` per class:
    /// `L = −Σ_k q[k] ln p[k]`, `p = softmax(z)`, `q[k] = w[k] ((1 − ε) [k = c] + ε / K)`,
    /// `dz = p Σ_k q[k] − q`. Target: [`Class`](Target::Class). Cost: `n` exponentials.
    ///
    /// That is PyTorch's `cross_entropy` with `reduction="none"`. A batch is averaged over its samples, so that a sample's
    /// share of an update does not depend on the others'; PyTorch's `reduction="mean"` divides by the
    /// sum of the targets' weights instead, which for a single sample cancels its weight. Without weights both are the same.
    ///
    /// Source: Szegedy et al., Rethinking the Inception architecture, 2016.
    WeightedCrossEntropy {
        /// ε, from 0 to 1.
        smoothing: f32,
        /// One weight per class; none stand for ones.
        weights: &'static [f32],
    },
    /// Binary cross-entropy of logits: `L = (1/n) Σ (max(z, 0) − z t + ln(1 + e^−|z|))`, `dz = (σ(z) − t) / n`.
    /// Target: [`Values`](Target::Values) or [`Itself`](Target::Itself) from 0 to 1; for a model with one output also
    /// [`Class`](Target::Class) 0 or 1. Cost: `n` exponentials and logarithms.
    ///
    /// PyTorch's `binary_cross_entropy_with_logits`.
    BinaryCrossEntropy,
    /// Mean absolute error: `L = (1/n) Σ |y − t|`, `dy = sign(y − t) / n`, 0 where they are equal.
    /// Target: [`Values`](Target::Values) or [`Itself`](Target::Itself).
    ///
    /// PyTorch's `l1_loss`.
    MeanAbsoluteError,
    /// Squared near the target, absolute far from it: `L = (1/n) Σ h(y − t)`, `h(e) = e² / 2` for `|e| ≤ δ`, else
    /// `δ (|e| − δ / 2)`; `dy = clamp(y − t, ±δ) / n`. Target: [`Values`](Target::Values) or [`Itself`](Target::Itself).
    ///
    /// PyTorch's `huber_loss`. Source: Huber, Robust estimation of a location parameter, 1964.
    Huber {
        /// δ, above 0.
        delta: f32,
    },
    /// Contrast of two embeddings at distance `d = ‖y − o‖₂`: `L = d² / 2` if they are of the same kind, else
    /// `max(0, m − d)² / 2`. Target: [`Pair`](Target::Pair). Cost: `2 n` multiplications, a square root.
    ///
    /// The other embedding is a constant of the call. The loss is symmetric, so learning each of the two
    /// with the other as its target, and then updating once, follows the gradient of a siamese network
    /// (halved, since an update averages over the calls).
    ///
    /// Source: Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping, 2006.
    Pair {
        /// m, above 0.
        margin: f32,
    },
    /// Contrast of three embeddings: `L = max(0, d(a, p) − d(a, n) + m)`, `d(u, v) = ‖u − v + 10⁻⁶‖₂`.
    /// Target: [`Triplet`](Target::Triplet) for the anchor; [`Positive`](Target::Positive) and
    /// [`Negative`](Target::Negative) for the other two, which are constants of the anchor's call.
    /// Learning all three, and then updating once, follows the gradient of the whole (divided by three,
    /// since an update averages over the calls). Cost: `5 n` multiplications, two square roots.
    ///
    /// PyTorch's `triplet_margin_loss`. Source: Schroff, Kalenichenko and Philbin, FaceNet, 2015.
    Triplet {
        /// m, above 0.
        margin: f32,
    },
    /// Which of `K` embeddings is the partner of `y`: `L = ln Σ_k e^s[k] − s[p]`, `s[k] = ŷ · ê[k] / τ`,
    /// with `v̂ = v / max(‖v‖₂, 10⁻¹²)`; `dy = (g − ŷ (ŷ · g)) / ‖y‖` with `g = (1/τ) Σ_k (softmax(s)[k] − [k = p]) ê[k]`.
    /// Target: [`Memory`](Target::Memory), whose embeddings are constants. Cost: `4 K n` multiplications, `K` exponentials.
    ///
    /// Source: van den Oord, Li and Vinyals, Representation learning with contrastive predictive coding, 2018;
    /// over a memory: Wu et al., Unsupervised feature learning via non-parametric instance discrimination, 2018.
    InfoNce {
        /// τ, above 0.
        temperature: f32,
    },
    /// Cross-entropy of each frame's logits `z[T][V]` against the token that comes next, averaged over the frames.
    /// Target: [`Tokens`](Target::Tokens), one per frame; or [`Itself`](Target::Itself), where the sample is the `T` tokens
    /// and frame `t` is to tell token `t + 1`, so that the last frame has nothing to tell and no gradient.
    /// Cost: `n` exponentials.
    NextToken,
}

/// What a sample's output should be.
#[derive(Debug)]
pub enum Target<'a, N: Kernel> {
    /// This class.
    Class(usize),
    /// These values.
    Values(View<'a, N>),
    /// The input itself: an autoencoder, or a model of a sequence, needs no label.
    Itself,
    /// These tokens, one per frame.
    Tokens(&'a [u16]),
    /// Near to another embedding, or far from it.
    Pair {
        /// The other embedding.
        other: View<'a, N>,
        /// Whether both are of the same kind.
        same: bool,
    },
    /// As an anchor: nearer to one embedding than to another.
    Triplet {
        /// An embedding of the anchor's kind.
        positive: View<'a, N>,
        /// An embedding of another kind.
        negative: View<'a, N>,
    },
    /// As the positive member of a triplet.
    Positive {
        /// The anchor.
        anchor: View<'a, N>,
        /// The negative member.
        negative: View<'a, N>,
    },
    /// As the negative member of a triplet.
    Negative {
        /// The anchor.
        anchor: View<'a, N>,
        /// The positive member.
        positive: View<'a, N>,
    },
    /// The partner of one embedding among many.
    Memory {
        /// The embeddings, one after the other, each as long as the output. See [`Memory`].
        embeddings: View<'a, N>,
        /// Which of them is the partner.
        positive: usize,
    },
}

impl<N: Kernel> Clone for Target<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Kernel> Copy for Target<'_, N> {}

impl Loss {
    /// The loss's number. It stands in fingerprints, so it does not change.
    pub const fn code(self) -> u8 {
        match self {
            Self::CrossEntropy => 0,
            Self::MeanSquaredError => 1,
            Self::WeightedCrossEntropy { .. } => 2,
            Self::BinaryCrossEntropy => 3,
            Self::MeanAbsoluteError => 4,
            Self::Huber { .. } => 5,
            Self::Pair { .. } => 6,
            Self::Triplet { .. } => 7,
            Self::InfoNce { .. } => 8,
            Self::NextToken => 9,
        }
    }

    /// The loss's bit in a [plan's](crate::network::Plan) mask.
    pub const fn bit(self) -> u128 {
        1 << (LOSSES + self.code() as u32)
    }

    /// The loss, and its gradient by the output, in `dy`.
    ///
    /// `x` is the sample, which is its own target for [`Target::Itself`]; `output` is the shape of `y`. A target that does
    /// not fit the loss gives no loss and no gradient (`None`). Losses outside `USES` are not compiled in.
    pub fn gradient<N: Kernel, const USES: u128>(
        self,
        output: Shape,
        x: View<'_, N>,
        y: View<'_, N>,
        target: Target<'_, N>,
        dy: ViewMut<'_, N>,
    ) -> Option<Judged<N>> {
        if USES & N::KINDS & self.bit() == 0 {
            return None;
        }
        match self {
            Self::CrossEntropy if has::<N>(USES, 0) => classes::plain(y, target, dy),
            Self::MeanSquaredError if has::<N>(USES, 1) => values::squared(x, y, target, dy),
            Self::WeightedCrossEntropy { smoothing, weights } if has::<N>(USES, 2) => {
                classes::weighted(y, target, smoothing, weights, dy)
            }
            Self::BinaryCrossEntropy if has::<N>(USES, 3) => values::binary(x, y, target, dy),
            Self::MeanAbsoluteError if has::<N>(USES, 4) => values::absolute(x, y, target, dy),
            Self::Huber { delta } if has::<N>(USES, 5) => values::huber(x, y, target, delta, dy),
            Self::Pair { margin } if has::<N>(USES, 6) => contrast::pair(y, target, margin, dy),
            Self::Triplet { margin } if has::<N>(USES, 7) => contrast::triplet(y, target, margin, dy),
            Self::InfoNce { temperature } if has::<N>(USES, 8) => {
                contrast::info_nce(y, target, temperature, dy)
            }
            Self::NextToken if has::<N>(USES, 9) => classes::next_token(output, x, y, target, dy),
            _ => None,
        }
    }
}

/// Whether the mask and the number have the loss of that code. Both are constants, so what they leave out is not
/// compiled.
#[inline(always)]
const fn has<N: Kernel>(uses: u128, code: u32) -> bool {
    uses & N::KINDS & 1 << (LOSSES + code) != 0
}

#[cfg(test)]
mod tests;
