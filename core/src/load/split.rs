//! Which samples are for training and which are held out.

use super::Permutation;

/// A random division of `0..len` into a training part and a validation part that never meet.
///
/// Both are runs of one keyed [`Permutation`], so no index is in both and none is left out, and the
/// same `len`, size and key give the same division after a restart, with nothing saved.
///
/// Divide a set whose samples are independent. Windows that overlap, or that come from one person, share
/// data: such sets are divided before they are cut.
///
/// ```
/// use kilograd::load::Split;
///
/// let split = Split::by_fraction(100, 1, 5, 7);
/// assert_eq!((split.training_len(), split.validation_len()), (80, 20));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    order: Permutation,
    training: u32,
}

impl Split {
    /// Holds out `validation` of `len` samples (all of them when there are fewer).
    pub const fn new(len: u32, validation: u32, key: u64) -> Self {
        Self {
            order: Permutation::new(len, key),
            training: len.saturating_sub(validation),
        }
    }

    /// Holds out `numerator / denominator` of `len` samples, rounded to the nearest number, halves up.
    ///
    /// A fraction between 0 and 1 leaves at least one sample on each side when there are two or more.
    /// One above 1, or a denominator of 0, counts as 1.
    pub const fn by_fraction(len: u32, numerator: u32, denominator: u32, key: u64) -> Self {
        if numerator >= denominator {
            return Self::new(len, len, key);
        }
        let denominator = denominator as u64;
        // At most len, since the fraction is below 1.
        let nearest = ((len as u64 * numerator as u64 + denominator / 2) / denominator) as u32;
        let validation = if numerator == 0 || len < 2 {
            nearest
        } else if nearest == 0 {
            1
        } else if nearest == len {
            len - 1
        } else {
            nearest
        };
        Self::new(len, validation, key)
    }

    /// Holds out nothing.
    pub const fn all(len: u32) -> Self {
        Self::new(len, 0, 0)
    }

    /// Samples on both sides.
    pub const fn len(&self) -> u32 {
        self.order.len()
    }

    /// Whether there is no sample.
    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Samples to train on.
    pub const fn training_len(&self) -> u32 {
        self.training
    }

    /// Samples held out.
    pub const fn validation_len(&self) -> u32 {
        self.order.len() - self.training
    }

    /// Index in the set of training sample `index`; `None` past the end.
    pub fn training(&self, index: u32) -> Option<u32> {
        // With nothing held out there is nothing to choose at random; shuffling is the loader's work.
        let at = || {
            if self.training == self.len() {
                index
            } else {
                self.order.at(index)
            }
        };
        (index < self.training).then(at)
    }

    /// Index in the set of held-out sample `index`; `None` past the end.
    pub fn validation(&self, index: u32) -> Option<u32> {
        (index < self.validation_len()).then(|| self.order.at(self.training + index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_round_and_leave_something_on_each_side() {
        let held =
            |len, numerator, denominator| Split::by_fraction(len, numerator, denominator, 1).validation_len();
        assert_eq!(held(100, 1, 5), 20);
        assert_eq!(held(7, 1, 2), 4);
        assert_eq!(held(3, 1, 10), 1);
        assert_eq!(held(3, 9, 10), 2);
        assert_eq!(held(1, 1, 10), 0);
        assert_eq!(held(0, 1, 2), 0);
        assert_eq!(held(9, 0, 10), 0);
        assert_eq!(held(9, 3, 2), 9);
        assert_eq!(held(9, 1, 0), 9);
        assert_eq!(held(u32::MAX, u32::MAX - 1, u32::MAX), u32::MAX - 1);
        assert_eq!(Split::new(5, 9, 1).validation_len(), 5);
    }

    #[test]
    fn nothing_lies_past_the_end() {
        let split = Split::new(5, 2, 1);
        assert!(split.training(2).is_some() && split.training(3).is_none());
        assert!(split.validation(1).is_some() && split.validation(2).is_none());
        assert_eq!(split.validation(u32::MAX), None);
    }
}
