//! Which class is taken for which.

use crate::persist::words::{self, Words};
use crate::persist::{Fingerprint, Malformed, Persist, Restore};
use core::fmt;

/// A class that a confusion matrix does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClassError {
    /// Number of classes.
    pub classes: usize,
    /// The class found, true or predicted.
    pub found: usize,
}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { classes, found } = self;
        write!(
            f,
            "class {found} in a matrix of {classes} classes: make it as large as the model's output"
        )
    }
}

impl core::error::Error for ClassError {}

/// Confusion matrix: `counts[t][p]` samples of true class `t` were predicted as `p`.
///
/// Per class, with `n[t, p]` the counts: precision `n[c, c] / Σt n[t, c]`, recall `n[c, c] / Σp n[c, p]`,
/// and F1, their harmonic mean, `2 n[c, c] / (Σt n[t, c] + Σp n[c, p])`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Confusion<const CLASSES: usize> {
    counts: [[u32; CLASSES]; CLASSES],
}

impl<const CLASSES: usize> Confusion<CLASSES> {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            counts: [[0; CLASSES]; CLASSES],
        }
    }

    /// Counts one sample. A count stays at 2³² - 1.
    ///
    /// # Errors
    /// [`ClassError`] when one of the classes is unknown; nothing is counted.
    pub fn push(&mut self, truth: usize, predicted: usize) -> Result<(), ClassError> {
        let error = |found| ClassError {
            classes: CLASSES,
            found,
        };
        let row = self.counts.get_mut(truth).ok_or(error(truth))?;
        let count = row.get_mut(predicted).ok_or(error(predicted))?;
        *count = count.saturating_add(1);
        Ok(())
    }

    /// The counts, one row per true class.
    pub const fn counts(&self) -> &[[u32; CLASSES]; CLASSES] {
        &self.counts
    }

    /// All samples.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().map(|count| u64::from(*count)).sum()
    }

    /// Samples of true class `class`: the support.
    pub fn support(&self, class: usize) -> u64 {
        let row = self.counts.get(class).into_iter().flatten();
        row.map(|count| u64::from(*count)).sum()
    }

    /// Samples predicted as `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        let column = self.counts.iter().filter_map(|row| row.get(class));
        column.map(|count| u64::from(*count)).sum()
    }

    fn right(&self, class: usize) -> u64 {
        let count = self.counts.get(class).and_then(|row| row.get(class));
        u64::from(count.copied().unwrap_or(0))
    }

    /// Share of right predictions; `None` of nothing.
    pub fn accuracy(&self) -> Option<f32> {
        ratio((0..CLASSES).map(|class| self.right(class)).sum(), self.total())
    }

    /// Of the samples predicted as `class`, the share that is; `None` when none was predicted.
    pub fn precision(&self, class: usize) -> Option<f32> {
        ratio(self.right(class), self.predicted(class))
    }

    /// Of the samples of `class`, the share that was found; `None` when there is none.
    pub fn recall(&self, class: usize) -> Option<f32> {
        ratio(self.right(class), self.support(class))
    }

    /// Harmonic mean of precision and recall; `None` when the class was neither there nor predicted.
    pub fn f1(&self, class: usize) -> Option<f32> {
        ratio(2 * self.right(class), self.support(class) + self.predicted(class))
    }

    /// Mean recall of the classes that are there (balanced accuracy): unlike accuracy, not flattered by a
    /// large class. `None` of nothing.
    pub fn balanced_accuracy(&self) -> Option<f32> {
        let recalls = || (0..CLASSES).filter_map(|class| self.recall(class));
        let present = recalls().count();
        (present > 0).then(|| recalls().sum::<f32>() / present as f32)
    }
}

impl<const CLASSES: usize> Default for Confusion<CLASSES> {
    fn default() -> Self {
        Self::new()
    }
}

/// In one rounding where both numbers are below 2²⁴; never NaN.
fn ratio(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| part as f32 / whole as f32)
}

impl<const CLASSES: usize> Words for Confusion<CLASSES> {
    fn words(&self) -> usize {
        CLASSES * CLASSES
    }

    fn word(&self, index: usize) -> u32 {
        self.counts.iter().flatten().nth(index).copied().unwrap_or(0)
    }

    fn set_word(&mut self, index: usize, value: u32) {
        if let Some(count) = self.counts.iter_mut().flatten().nth(index) {
            *count = value;
        }
    }
}

impl<const CLASSES: usize> Persist for Confusion<CLASSES> {
    fn size(&self) -> usize {
        4 * self.words()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        words::read(self, offset, out);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest
            .number(u64::from_le_bytes(*b"confusn\x01"))
            .number(CLASSES as u64);
    }
}

impl<const CLASSES: usize> Restore for Confusion<CLASSES> {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        words::write(self, offset, data);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scikit-learn 1.9 (`precision_recall_fscore_support`) for these truths and predictions.
    #[test]
    fn figures_per_class() {
        let truth = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
        let predicted = [0, 0, 1, 2, 1, 1, 0, 2, 2, 2];
        let mut matrix = Confusion::<4>::new();
        for (truth, predicted) in truth.into_iter().zip(predicted) {
            matrix.push(truth, predicted).unwrap();
        }
        assert_eq!(matrix.counts()[0], [2, 1, 1, 0]);
        assert_eq!(matrix.accuracy(), Some(0.7));
        assert_eq!(
            [0, 1, 2].map(|c| matrix.precision(c)),
            [2.0 / 3.0, 2.0 / 3.0, 0.75].map(Some)
        );
        assert_eq!(
            [0, 1, 2].map(|c| matrix.recall(c)),
            [0.5, 2.0 / 3.0, 1.0].map(Some)
        );
        assert_eq!(
            [0, 1, 2].map(|c| matrix.f1(c)),
            [4.0 / 7.0, 2.0 / 3.0, 6.0 / 7.0].map(Some)
        );
        assert_eq!((matrix.support(0), matrix.predicted(0)), (4, 3));
        let balanced = matrix.balanced_accuracy().unwrap();
        assert!((balanced - 13.0 / 18.0).abs() < 1e-6, "{balanced}");
        // The fourth class never comes and there is no fifth.
        for class in [3, 4] {
            assert_eq!(
                (matrix.precision(class), matrix.recall(class), matrix.f1(class)),
                (None, None, None)
            );
        }
    }

    #[test]
    fn an_unknown_class_is_refused() {
        let mut matrix = Confusion::<2>::new();
        let error = |found| Err(ClassError { classes: 2, found });
        assert_eq!(matrix.push(2, 0), error(2));
        assert_eq!(matrix.push(0, 3), error(3));
        assert_eq!(matrix, Confusion::new());
        assert_eq!(matrix.accuracy(), None);
        assert_eq!(matrix.balanced_accuracy(), None);
    }

    #[test]
    fn it_is_restored_from_its_bytes() {
        let mut matrix = Confusion::<3>::new();
        for i in 0..700 {
            matrix.push(i % 3, i * i % 3).unwrap();
        }
        let (mut bytes, mut restored) = ([0; 36], Confusion::<3>::new());
        matrix.read(0, &mut bytes);
        for (i, data) in bytes.chunks(5).enumerate() {
            restored.write(5 * i, data).unwrap();
        }
        assert_eq!(restored, matrix);
    }
}
