//! RMSprop.

use super::{Method, Moved, Optimizer, ParamMut, State};
use crate::kernel::{Grad, Loops};
use crate::number::Scalar;
use crate::number::random::Pcg;

/// `g ← g + λ w`, `v ← α v + (1 − α) g²`, `w ← w − η g / (√v + ε)`
///
/// `CENTERED` keeps the mean gradient too, `a ← a + (1 − α)(g − a)`, and takes `√(v − a²)` for `√v`. `MOMENTUM` keeps
/// `b ← μ b + g / (√v + ε)`, and `w ← w − η b`. They are types, since the state that they need is planned.
/// Rounding can make `v − a²` fall below zero, where PyTorch gets NaN; here it is zero then.
///
/// Keeps one value per parameter, and one more for each of the two. Sources: Tieleman and Hinton, lecture 6.5, 2012; centered:
/// Graves, Generating sequences with recurrent neural networks, 2013. The order of operations is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RmsProp<const CENTERED: bool = false, const MOMENTUM: bool = false> {
    /// Learning rate, η.
    pub learning_rate: f32,
    /// Decay of the mean square, α.
    pub alpha: f32,
    /// Added to the root of the mean square, ε.
    pub epsilon: f32,
    /// Momentum, μ; without `MOMENTUM` it is not used.
    pub momentum: f32,
    /// Weight decay, λ, added to the gradient.
    pub weight_decay: f32,
}

impl<const CENTERED: bool, const MOMENTUM: bool> Default for RmsProp<CENTERED, MOMENTUM> {
    /// η = 0.01, α = 0.99, ε = 1e-8, no decay; μ = 0.9 where there is a momentum.
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            alpha: 0.99,
            epsilon: 1e-8,
            momentum: if MOMENTUM { 0.9 } else { 0.0 },
            weight_decay: 0.0,
        }
    }
}

impl<const CENTERED: bool, const MOMENTUM: bool> Method for RmsProp<CENTERED, MOMENTUM> {
    const NAME: &'static str = "rmsprop";
    const CODE: u8 = 5 + CENTERED as u8 + 2 * MOMENTUM as u8;
    const SLOTS: usize = 1 + CENTERED as usize + MOMENTUM as usize;

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f32) {
        self.learning_rate = rate;
    }
}

impl<F: Loops + Scalar, const CENTERED: bool, const MOMENTUM: bool> Optimizer<F>
    for RmsProp<CENTERED, MOMENTUM>
{
    type Step = Self;

    fn step(&self, _count: u32) -> Self {
        *self
    }

    fn update(
        step: &Self,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        state: State<'_>,
        _: &mut Pcg,
    ) -> Moved<F> {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        // Only as many as there are slots: the others are empty.
        let [v, second, third] = state.vectors::<F, 3>();
        let (mut means, mut speeds) = if CENTERED {
            (second, third)
        } else {
            (third, second)
        };
        let rate = F::from_f32(step.learning_rate, ());
        let alpha = F::from_f32(step.alpha, ());
        let epsilon = F::from_f32(step.epsilon, ());
        let momentum = F::from_f32(step.momentum, ());
        let decay = F::from_f32(step.weight_decay, ());
        let share = F::ONE - alpha;
        for ((w, v), g) in w.iter_mut().zip(v).zip(&*gradient.data) {
            let g = if decay == F::ZERO { *g } else { *g + decay * *w };
            *v = alpha * *v + share * g * g;
            let mut square = *v;
            if CENTERED && let Some(a) = means.split_off_first_mut() {
                *a += share * (g - *a);
                square = *v - *a * *a;
                if square < F::ZERO {
                    square = F::ZERO;
                }
            }
            let mut step = g / (F::sqrt(square) + epsilon);
            if MOMENTUM && let Some(b) = speeds.split_off_first_mut() {
                *b = momentum * *b + step;
                step = *b;
            }
            *w -= rate * step;
        }
        Default::default()
    }
}
