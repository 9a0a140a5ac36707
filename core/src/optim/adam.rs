//! Adam.

use super::{Method, Moved, Optimizer, ParamMut, State};
use crate::kernel::blocks::zip;
use crate::kernel::{Grad, Loops, Moments};
use crate::math::one_minus_power;
use crate::number::Scalar;
use crate::number::random::Pcg;

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

/// [`Adam`], with the weight decay apart from the gradient: `w ← w − η λ w` before each update
///
/// Keeps two values per parameter. Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019; the order
/// of operations is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AdamW {
    /// Learning rate, η.
    pub learning_rate: f32,
    /// Decay of the first moment, β₁.
    pub beta1: f32,
    /// Decay of the second moment, β₂.
    pub beta2: f32,
    /// Added to the root of the second moment, ε.
    pub epsilon: f32,
    /// Weight decay, λ.
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

impl Default for AdamW {
    /// η = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, λ = 0.01.
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

impl Method for Adam {
    const NAME: &'static str = "adam";
    const CODE: u8 = 3;
    const SLOTS: usize = 2;

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f32) {
        self.learning_rate = rate;
    }
}

impl Method for AdamW {
    const NAME: &'static str = "adamw";
    const CODE: u8 = 4;
    const SLOTS: usize = 2;

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f32) {
        self.learning_rate = rate;
    }
}

/// What is the same for every parameter of one update of [`Adam`] or [`AdamW`].
#[derive(Debug, Clone, Copy)]
pub struct AdamStep<F> {
    moments: Moments<F>,
    /// λ for Adam, `1 − η λ` for AdamW.
    decay: F,
}

/// The moments' part of update `count`.
fn moments<F: Loops + Scalar>(settings: &Adam, count: u32) -> Moments<F> {
    let beta1 = F::from_f32(settings.beta1, ());
    let beta2 = F::from_f32(settings.beta2, ());
    Moments {
        size: F::from_f32(settings.learning_rate, ()) / one_minus_power(F::ONE - beta1, count),
        correction: F::sqrt(one_minus_power(F::ONE - beta2, count)),
        beta1_rest: F::ONE - beta1,
        beta2,
        beta2_rest: F::ONE - beta2,
        epsilon: F::from_f32(settings.epsilon, ()),
    }
}

impl<F: Loops + Scalar> Optimizer<F> for Adam {
    type Step = AdamStep<F>;

    fn step(&self, count: u32) -> AdamStep<F> {
        AdamStep {
            moments: moments(self, count),
            decay: F::from_f32(self.weight_decay, ()),
        }
    }

    fn update(
        step: &AdamStep<F>,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        state: State<'_>,
        _: &mut Pcg,
    ) -> Moved<F> {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        let [m, v] = state.vectors::<F, 2>();
        let g = gradient.data;
        if step.decay != F::ZERO {
            zip::<F, 8>(g, w, |g, w| g + step.decay * w);
        }
        F::adam(w, m, v, g, &step.moments);
        Default::default()
    }
}

impl<F: Loops + Scalar> Optimizer<F> for AdamW {
    type Step = AdamStep<F>;

    fn step(&self, count: u32) -> AdamStep<F> {
        let adam = Adam {
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: 0.0,
        };
        let rate = F::from_f32(self.learning_rate, ());
        AdamStep {
            moments: moments(&adam, count),
            decay: F::ONE - rate * F::from_f32(self.weight_decay, ()),
        }
    }

    fn update(
        step: &AdamStep<F>,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        state: State<'_>,
        _: &mut Pcg,
    ) -> Moved<F> {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        let [m, v] = state.vectors::<F, 2>();
        for w in w.iter_mut() {
            *w *= step.decay;
        }
        F::adam(w, m, v, gradient.data, &step.moments);
        Default::default()
    }
}
