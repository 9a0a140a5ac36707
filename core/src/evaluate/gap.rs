//! The distance between what a model learned and what it can do.

use serde::{Deserialize, Serialize};

/// Training and validation loss epoch by epoch: the generalisation gap, `validation - training`.
///
/// A gap that widens while the validation loss no longer falls is overfitting.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gap {
    training: f32,
    validation: f32,
    best_training: f32,
    best_validation: f32,
    epochs: u32,
    since_best: u32,
}

impl Gap {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self {
            training: 0.0,
            validation: 0.0,
            best_training: 0.0,
            best_validation: 0.0,
            epochs: 0,
            since_best: 0,
        }
    }

    /// Adds the mean losses of an epoch; `false`, and nothing is kept, when one is not finite.
    pub const fn push(&mut self, training: f32, validation: f32) -> bool {
        if !training.is_finite() || !validation.is_finite() {
            return false;
        }
        self.training = training;
        self.validation = validation;
        if self.epochs == 0 || validation < self.best_validation {
            self.best_training = training;
            self.best_validation = validation;
            self.since_best = 0;
        } else {
            self.since_best = self.since_best.saturating_add(1);
        }
        self.epochs = self.epochs.saturating_add(1);
        true
    }

    /// Epochs pushed.
    pub const fn epochs(&self) -> u32 {
        self.epochs
    }

    /// The gap of the last epoch; `None` before the first.
    pub const fn value(&self) -> Option<f32> {
        if self.epochs == 0 {
            None
        } else {
            Some(self.validation - self.training)
        }
    }

    /// The gap of the epoch with the lowest validation loss; `None` before the first.
    pub const fn at_best(&self) -> Option<f32> {
        if self.epochs == 0 {
            None
        } else {
            Some(self.best_validation - self.best_training)
        }
    }

    /// The lowest validation loss; `None` before the first epoch.
    pub const fn best_validation(&self) -> Option<f32> {
        if self.epochs == 0 {
            None
        } else {
            Some(self.best_validation)
        }
    }

    /// Epochs since the validation loss was lowest; 0 when it was in the last one.
    pub const fn since_best(&self) -> u32 {
        self.since_best
    }

    /// Whether the model overfits: the validation loss was lowest `patience` epochs ago or more, the
    /// training loss has fallen since, and the gap is wider.
    pub fn overfits(&self, patience: u32) -> bool {
        self.since_best >= patience.max(1)
            && self.training < self.best_training
            && self.value() > self.at_best()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overfitting_is_a_gap_that_widens_past_the_best_epoch() {
        let mut gap = Gap::new();
        assert_eq!(
            (gap.value(), gap.at_best(), gap.best_validation()),
            (None, None, None)
        );
        for (training, validation) in [(4.0, 4.5), (2.0, 3.0), (1.0, 3.5)] {
            assert!(gap.push(training, validation));
        }
        assert_eq!(
            (gap.value(), gap.at_best(), gap.best_validation()),
            (Some(2.5), Some(1.0), Some(3.0))
        );
        assert_eq!((gap.since_best(), gap.epochs()), (1, 3));
        assert!(gap.overfits(1) && !gap.overfits(2));
        // A new best ends it.
        assert!(gap.push(0.9, 2.5));
        assert!(!gap.overfits(1));
        assert_eq!(gap.since_best(), 0);
    }

    #[test]
    fn a_loss_that_rises_on_both_sides_is_no_overfitting() {
        let mut gap = Gap::new();
        gap.push(1.0, 1.5);
        gap.push(5.0, 9.0);
        assert!(!gap.overfits(1));
    }

    #[test]
    fn what_is_not_finite_is_not_kept() {
        let mut gap = Gap::new();
        gap.push(1.0, 2.0);
        let before = gap;
        for (training, validation) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::INFINITY, 1.0)] {
            assert!(!gap.push(training, validation));
        }
        assert_eq!(gap, before);
    }
}
