//! The share of right answers.

use crate::loss::Loss;
use crate::number::Element;
use serde::{Deserialize, Serialize};

/// Index of the largest score, the first of equal ones: the class that a model predicts.
/// `None` when there is no score or one is not a number.
pub fn argmax<T: Copy + PartialOrd>(scores: &[T]) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (index, &score) in scores.iter().enumerate() {
        // A score that does not compare with itself is not a number.
        score.partial_cmp(&score)?;
        if best.is_none_or(|(_, largest)| score > largest) {
            best = Some((index, score));
        }
    }
    best.map(|(index, _)| index)
}

/// The class that a model trained on `loss` predicts: the [largest](argmax) score; for a single logit of a
/// [binary cross-entropy](Loss::BinaryCrossEntropy) class 1 if it is above 0, else class 0.
pub fn predicted<E: Element>(loss: Loss, scores: &[E]) -> Option<usize> {
    match (loss, scores) {
        (Loss::BinaryCrossEntropy, [score]) => {
            score.partial_cmp(score)?;
            Some(usize::from(*score > E::default()))
        }
        _ => argmax(scores),
    }
}

/// Accuracy, `right / count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Accuracy {
    right: u32,
    count: u32,
}

impl Accuracy {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self { right: 0, count: 0 }
    }

    /// Counts one answer. Full after 2³² - 1: later ones change nothing.
    pub const fn push(&mut self, right: bool) {
        if self.count < u32::MAX {
            self.count += 1;
            self.right += right as u32;
        }
    }

    /// Counts the answer with the largest score; one without ([`argmax`] is `None`) is wrong.
    pub fn push_scores<T: Copy + PartialOrd>(&mut self, scores: &[T], class: u16) {
        self.push(argmax(scores) == Some(usize::from(class)));
    }

    /// Right answers.
    pub const fn right(&self) -> u32 {
        self.right
    }

    /// All answers.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The accuracy, 0 to 1; `None` of nothing.
    pub const fn value(&self) -> Option<f32> {
        if self.count == 0 {
            None
        } else {
            Some(self.right as f32 / self.count as f32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_logit_tells_one_of_two_classes() {
        let binary = |score: f32| predicted(Loss::BinaryCrossEntropy, &[score]);
        let classes = [binary(0.5), binary(-0.5), binary(0.0), binary(f32::NAN)];
        assert_eq!(classes, [Some(1), Some(0), Some(0), None]);
        assert_eq!(predicted(Loss::CrossEntropy, &[0.5_f32]), Some(0));
        assert_eq!(predicted(Loss::BinaryCrossEntropy, &[0.5_f32, 0.75]), Some(1));
    }

    #[test]
    fn argmax_takes_the_first_largest_and_refuses_nan() {
        assert_eq!(argmax(&[-3.0, -1.0, -2.0]), Some(1));
        assert_eq!(argmax(&[1.0, 5.0, 5.0]), Some(1));
        assert_eq!(argmax(&[f32::NEG_INFINITY]), Some(0));
        assert_eq!(argmax(&[1_i16, 7, 2]), Some(1));
        assert_eq!(argmax::<f32>(&[]), None);
        for scores in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
            assert_eq!(argmax(&scores), None);
        }
    }

    #[test]
    fn accuracy_is_the_share_of_right_answers() {
        let mut accuracy = Accuracy::new();
        assert_eq!(accuracy.value(), None);
        accuracy.push_scores(&[0.1, 0.9], 1);
        accuracy.push_scores(&[0.1, 0.9], 0);
        accuracy.push_scores(&[f32::NAN, 0.9], 1);
        accuracy.push(true);
        assert_eq!((accuracy.right(), accuracy.count()), (2, 4));
        assert_eq!(accuracy.value(), Some(0.5));
        let mut full = Accuracy {
            right: 7,
            count: u32::MAX,
        };
        full.push(true);
        assert_eq!((full.right(), full.count()), (7, u32::MAX));
    }
}
