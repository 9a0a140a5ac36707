//! Stochastic gradient descent.

use super::{Method, Moved, Optimizer, ParamMut, State};
use crate::kernel::blocks::{zip, zip2};
use crate::kernel::{Grad, Loops};
use crate::number::random::Pcg;
use crate::number::{Scalar, View, cast_mut};

/// `w ← w − η (g + λ w)`
///
/// Needs no state. Source: Robbins and Monro, A stochastic approximation method, 1951.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sgd {
    /// Learning rate, η.
    pub learning_rate: f32,
    /// Weight decay, λ.
    pub weight_decay: f32,
}

/// `g ← g + λ w`, `v ← μ v + (1 − d) g`, `w ← w − η v`; with Nesterov's look-ahead `w ← w − η (g + μ v)`.
/// The first update takes `v ← g` whatever the dampening `d`, as in PyTorch.
///
/// Keeps one value per parameter. Sources: Polyak, 1964; Nesterov, 1983, in the form of Sutskever et
/// al., On the importance of initialization and momentum in deep learning, 2013, as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Momentum {
    /// Learning rate, η.
    pub learning_rate: f32,
    /// Momentum, μ.
    pub momentum: f32,
    /// Dampening, d; PyTorch allows none with a look-ahead.
    pub dampening: f32,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// Weight decay, λ.
    pub weight_decay: f32,
}

impl Default for Sgd {
    /// η = 0.01, no decay.
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            weight_decay: 0.0,
        }
    }
}

impl Default for Momentum {
    /// η = 0.01, μ = 0.9, no dampening, no look-ahead, no decay.
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            momentum: 0.9,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

impl Method for Sgd {
    const NAME: &'static str = "sgd";
    const CODE: u8 = 1;
    const SLOTS: usize = 0;

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f32) {
        self.learning_rate = rate;
    }
}

impl Method for Momentum {
    const NAME: &'static str = "momentum";
    const CODE: u8 = 2;
    const SLOTS: usize = 1;

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f32) {
        self.learning_rate = rate;
    }
}

impl<F: Loops + Scalar> Optimizer<F> for Sgd {
    type Step = Self;
    const OUTER: bool = true;

    fn step(&self, _count: u32) -> Self {
        *self
    }

    fn update(
        step: &Self,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        _: State<'_>,
        _: &mut Pcg,
    ) -> Moved<F> {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        let rate = F::from_f32(step.learning_rate, ());
        let decay = F::from_f32(step.weight_decay, ());
        if decay == F::ZERO {
            F::descend(w, gradient.data, rate);
            return Default::default();
        }
        zip::<F, 8>(w, gradient.data, |w, g| w - rate * (g + decay * w));
        Default::default()
    }

    fn update_outer(
        step: &Self,
        w: &mut [F],
        _: Option<&mut ()>,
        x: View<'_, F>,
        dy: View<'_, F>,
        _: &mut [u8],
        _: &mut Pcg,
    ) -> Option<Moved<F>> {
        if step.weight_decay != 0.0 {
            return None;
        }
        F::descend_outer(w, x.data, dy.data, F::from_f32(step.learning_rate, ()));
        Some(Default::default())
    }
}

/// What is the same for every parameter of one update of [`Momentum`].
#[derive(Debug, Clone, Copy)]
pub struct MomentumStep {
    settings: Momentum,
    /// There is nothing yet that the gradient could be dampened against.
    first: bool,
}

impl<F: Loops + Scalar> Optimizer<F> for Momentum {
    type Step = MomentumStep;
    const OUTER: bool = true;

    fn step(&self, count: u32) -> MomentumStep {
        MomentumStep {
            settings: *self,
            first: count <= 1,
        }
    }

    fn update(
        step: &MomentumStep,
        param: ParamMut<'_, F>,
        gradient: Grad<'_, F>,
        state: State<'_>,
        _: &mut Pcg,
    ) -> Moved<F> {
        let (ParamMut::Weight(w) | ParamMut::Bias(w)) = param;
        let [v] = state.vectors::<F, 1>();
        let g = &*gradient.data;
        let settings = &step.settings;
        let rate = F::from_f32(settings.learning_rate, ());
        let momentum = F::from_f32(settings.momentum, ());
        let decay = F::from_f32(settings.weight_decay, ());
        let dampening = F::from_f32(if step.first { 0.0 } else { settings.dampening }, ());
        if decay == F::ZERO && dampening == F::ZERO && !settings.nesterov {
            F::momentum(w, v, g, rate, momentum);
            return Default::default();
        }
        let share = F::ONE - dampening;
        zip2::<F, 4>(w, v, g, |w, v, g| {
            let g = if decay == F::ZERO { g } else { g + decay * w };
            let v = momentum * v + share * g;
            (w - rate * if settings.nesterov { g + momentum * v } else { v }, v)
        });
        Default::default()
    }

    fn update_outer(
        step: &MomentumStep,
        w: &mut [F],
        _: Option<&mut ()>,
        x: View<'_, F>,
        dy: View<'_, F>,
        state: &mut [u8],
        _: &mut Pcg,
    ) -> Option<Moved<F>> {
        let settings = &step.settings;
        if settings.weight_decay != 0.0 || settings.nesterov || settings.dampening != 0.0 {
            return None;
        }
        let (rate, momentum) = (
            F::from_f32(settings.learning_rate, ()),
            F::from_f32(settings.momentum, ()),
        );
        F::momentum_outer(w, cast_mut(state), x.data, dy.data, rate, momentum);
        Some(Default::default())
    }
}
