//! The mean of a loss.

use serde::{Deserialize, Serialize};

/// Mean of the losses pushed, `Σ loss / count`.
///
/// The sum is compensated (Kahan, 1965: what rounding dropped is added to the next term), so a long epoch
/// does not lose its last samples. A loss that is not finite is counted apart and leaves the mean alone.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MeanLoss {
    sum: f32,
    dropped: f32,
    count: u32,
    not_finite: u32,
}

impl MeanLoss {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self {
            sum: 0.0,
            dropped: 0.0,
            count: 0,
            not_finite: 0,
        }
    }

    /// Adds one loss; `false` when it, or the sum with it, is infinite or not a number.
    pub const fn push(&mut self, loss: f32) -> bool {
        let term = loss - self.dropped;
        let sum = self.sum + term;
        if !sum.is_finite() {
            self.not_finite = self.not_finite.saturating_add(1);
            return false;
        }
        self.dropped = (sum - self.sum) - term;
        self.sum = sum;
        self.count = self.count.saturating_add(1);
        true
    }

    /// Losses in the mean.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Losses that were left out because they were not finite.
    pub const fn not_finite(&self) -> u32 {
        self.not_finite
    }

    /// The mean; `None` of nothing.
    pub const fn value(&self) -> Option<f32> {
        if self.count == 0 {
            None
        } else {
            Some(self.sum / self.count as f32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_a_long_epoch_keeps_small_terms() {
        let mut mean = MeanLoss::new();
        assert_eq!(mean.value(), None);
        // A plain f32 sum of these stops at 2^24 · 0.1 and is off by percents long before.
        for _ in 0..1_000_000 {
            assert!(mean.push(0.1));
        }
        let value = mean.value().unwrap();
        assert!((value - 0.1).abs() < 1e-7, "{value}");
    }

    #[test]
    fn what_is_not_finite_is_counted_apart() {
        let mut mean = MeanLoss::new();
        mean.push(1.0);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!mean.push(bad));
        }
        assert!(mean.push(3.0));
        assert_eq!((mean.value(), mean.count(), mean.not_finite()), (Some(2.0), 2, 3));
    }
}
