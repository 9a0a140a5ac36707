//! Schedules: how the learning rate goes over the updates.
//!
//! Rates are computed in double precision and rounded once, so they are PyTorch's to the bit of an `f32`,
//! and the same on every machine. A firmware that gives its run no [`Course`] links none of this.

use crate::math::cosine;
use serde::{Deserialize, Serialize};

/// How the learning rate goes after a warm-up. `t` counts updates from the end of the warm-up, 0 for
/// the first; `η` is the rate that the schedule starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Schedule {
    /// `η`
    Constant,
    /// `η γ^⌊t / every⌋`: PyTorch's `StepLR`.
    Step {
        /// Updates from one step to the next; 0 stands for 1.
        every: u32,
        /// γ
        factor: f32,
    },
    /// `η γ^t`: PyTorch's `ExponentialLR`.
    Exponential {
        /// γ
        factor: f32,
    },
    /// `floor + (η − floor) (1 + cos(π t / T)) / 2`, and `floor` from `t = T` on: PyTorch's `CosineAnnealingLR`, which goes
    /// up again after `T`. Source: Loshchilov and Hutter, SGDR, 2017.
    Cosine {
        /// T, in updates.
        steps: u32,
        /// The rate at its end.
        floor: f32,
    },
    /// `max(η γ^k, floor)`, where `k` grows by one whenever the monitored loss has not fallen by more than
    /// `delta` below its best for more than `patience` epochs: PyTorch's `ReduceLROnPlateau` with
    /// `threshold_mode="abs"`, `threshold=delta`, `min_lr=floor`, no cooldown and `eps=0`. What is monitored is what
    /// early stopping monitors ([`Goals::patience`](crate::train::Goals::patience)).
    Plateau {
        /// Epochs without an improvement that are borne.
        patience: u32,
        /// γ
        factor: f32,
        /// The least rate.
        floor: f32,
        /// By how much a loss must be lower to be better.
        delta: f32,
    },
}

/// Where a [`Schedule::Plateau`] stands. It is part of a run's [`Progress`](crate::train::Progress).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plateau {
    /// The lowest loss, as the bits of an `f32`; none at first.
    best: Option<u32>,
    /// Epochs since.
    bad: u32,
    /// Reductions so far.
    reductions: u32,
}

impl Eq for Plateau {}

impl Plateau {
    /// Before the first epoch.
    pub const NEW: Self = Self {
        best: None,
        bad: 0,
        reductions: 0,
    };

    /// Reductions of the rate so far.
    pub const fn reductions(&self) -> u32 {
        self.reductions
    }

    /// Takes note of an epoch's loss. One that is not finite is no improvement.
    fn judge(&mut self, loss: f32, patience: u32, delta: f32) {
        let better = match self.best {
            Some(best) => loss < f32::from_bits(best) - delta,
            None => true,
        };
        if better && loss.is_finite() {
            self.best = Some(loss.to_bits());
            self.bad = 0;
        } else {
            self.bad = self.bad.saturating_add(1);
        }
        if self.bad > patience {
            self.bad = 0;
            self.reductions = self.reductions.saturating_add(1);
        }
    }
}

/// Something that tells each update's learning rate: a [`Rate`].
pub trait Course {
    /// The learning rate of the update that follows on `steps` updates.
    fn rate(&self, steps: u32, plateau: &Plateau) -> f32;

    /// Takes note of the monitored loss at the end of an epoch.
    fn judge(&self, plateau: &mut Plateau, loss: f32);
}

/// A learning rate over time: a linear warm-up, then a [`Schedule`].
///
/// During the warm-up of `n` updates the rate of update `t` is `η (s + (1 − s) t / n)`: PyTorch's `LinearLR` with
/// `start_factor = s`, followed by the schedule as with `SequentialLR`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rate {
    /// η
    pub base: f32,
    /// Updates of the warm-up, n; 0 for none.
    pub warm_up: u32,
    /// Share of the rate that the warm-up starts from, s.
    pub start: f32,
    /// What comes after.
    pub schedule: Schedule,
}

impl Rate {
    /// `schedule` from the rate `base` on, without a warm-up.
    pub const fn new(base: f32, schedule: Schedule) -> Self {
        Self {
            base,
            warm_up: 0,
            start: 0.0,
            schedule,
        }
    }

    /// Rises from `base · start` to `base` over the first `updates` updates.
    pub const fn warm_up(mut self, updates: u32, start: f32) -> Self {
        self.warm_up = updates;
        self.start = start;
        self
    }
}

impl Course for Rate {
    fn rate(&self, steps: u32, plateau: &Plateau) -> f32 {
        if steps < self.warm_up {
            let start = f64::from(self.start);
            let share = f64::from(steps) / f64::from(self.warm_up);
            return (f64::from(self.base) * (start + (1.0 - start) * share)) as f32;
        }
        self.schedule.rate(self.base, steps - self.warm_up, plateau)
    }

    fn judge(&self, plateau: &mut Plateau, loss: f32) {
        if let Schedule::Plateau { patience, delta, .. } = self.schedule {
            plateau.judge(loss, patience, delta);
        }
    }
}

impl Schedule {
    /// The rate of the update that follows on `steps` updates, from the rate `base`.
    pub fn rate(&self, base: f32, steps: u32, plateau: &Plateau) -> f32 {
        let wide = f64::from(base);
        let rate = match *self {
            Self::Constant => return base,
            Self::Step { every, factor } => wide * power(factor, steps / every.max(1)),
            Self::Exponential { factor } => wide * power(factor, steps),
            Self::Cosine { steps: whole, floor } if steps >= whole => return floor,
            Self::Cosine { steps: whole, floor } => {
                let angle = core::f64::consts::PI * (f64::from(steps) / f64::from(whole));
                let floor = f64::from(floor);
                floor + (wide - floor) * (1.0 + cosine(angle)) / 2.0
            }
            Self::Plateau { factor, floor, .. } => {
                (wide * power(factor, plateau.reductions)).max(floor.into())
            }
        };
        rate as f32
    }
}

/// `factor^exponent` by repeated squaring.
fn power(factor: f32, mut exponent: u32) -> f64 {
    let (mut result, mut square) = (1.0, f64::from(factor));
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
