//! Adam.

use super::{Method, Optimizer, ParamMut};
use crate::kernel::Grad;
use crate::math::{Functions, power};
use crate::number::random::Pcg;
use crate::number::{Scalar, cast_mut};

/// `m ← m + (1 − β₁)(g − m)`, `v ← β₂ v + (1 − β₂) g²`,
/// `w ← w − (η / (1 − β₁ᵗ)) · m / (√v / √(1 − β₂ᵗ) + ε)`, with `g ← g + λ w` before
///
/// Keeps two values per parameter. Source: Kingma and Ba, Adam: a method for stochastic
/// optimization, 2015; the order of operations is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Adam {
    /// Learning rate, η.
    pub learning_rate: f32,
    /// Decay of the first moment, β₁.
    pub beta1: f32,
    /// Decay of the second moment, β₂.
    pub beta2: f32,
    /// Added to the root of the second moment, ε.
    pub epsilon: f32,
    /// Weight decay, λ, added to the gradient.
    pub weight_decay: f32,
}

impl Default for Adam {
    /// η = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, no decay.
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

impl Method for Adam {
    const NAME: &'static str = "adam";
    const CODE: u8 = 3;
    const SLOTS: usize = 2;
}

/// What is the same for every parameter of one update of [`Adam`].
#[derive(Debug, Clone, Copy)]
pub struct AdamStep<F> {
    size: F,
    correction: F,
    beta1_rest: F,
    beta2: F,
    beta2_rest: F,
    epsilon: F,
    decay: F,
}

impl<F: Functions + Scalar> Optimizer<F> for Adam {
    type Step = AdamStep<F>;

    fn step(&self, count: u32) -> AdamStep<F> {
        let beta1 = F::from_f32(self.beta1, ());
        let beta2 = F::from_f32(self.beta2, ());
        AdamStep {
            size: F::from_f32(self.learning_rate, ()) / (F::ONE - power(beta1, count)),
            correction: F::sqrt(F::ONE - power(beta2, count)),
            beta1_rest: F::ONE - beta1,
            beta2,
            beta2_rest: F::ONE - beta2,
            epsilon: F::from_f32(self.epsilon, ()),
            decay: F::from_f32(self.weight_decay, ()),
        }
    }

    fn update(
        step: &AdamStep<F>,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        state: &mut [u8],
        _: &mut Pcg,
    ) {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        let Some((m, v)) = cast_mut::<F>(state).split_at_mut_checked(w.len()) else {
            return;
        };
        for (((w, g), m), v) in w.iter_mut().zip(gradient.data).zip(m).zip(v) {
            let g = if step.decay == F::ZERO {
                *g
            } else {
                *g + step.decay * *w
            };
            *m += step.beta1_rest * (g - *m);
            *v = step.beta2 * *v + step.beta2_rest * g * g;
            *w -= step.size * *m / (F::sqrt(*v) / step.correction + step.epsilon);
        }
    }
}
