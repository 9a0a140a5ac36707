//! What runs in a number came to, against the same runs in `f32`.

use super::tasks::Goal;
use super::{Cell, Found};
use crate::run::NumberFile;

/// A mean over seeds, and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// `Σ g / n`.
    pub mean: f64,
    /// `√(Σ (g − mean)² / (n − 1) / n)`; 0 for one seed.
    pub error: f64,
    /// The lowest.
    pub worst: f64,
}

impl Gap {
    /// Of these values; zero of none.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            error: (squares / (count - 1.0).max(1.0) / count).sqrt(),
            worst: values.iter().copied().reduce(f64::min).unwrap_or(0.0),
        }
    }
}

/// A number against `f32` on one task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The number.
    pub number: NumberFile,
    /// Mean accuracy in percent, if there are classes.
    pub accuracy: Option<f64>,
    /// Accuracy less that of `f32`, in points, seed by seed.
    pub gap: Option<Gap>,
    /// Samples answered right, over all seeds, less those of `f32`.
    pub right: i64,
    /// Mean loss on the test part.
    pub loss: f64,
    /// `Σ loss / Σ loss of f32 − 1`, in percent.
    pub loss_change: f64,
    /// The same of the mean perplexity.
    pub perplexity_change: Option<f64>,
    /// Whether the task's goal is met.
    pub met: bool,
}

impl Summary {
    /// Of the `index`-th number of what was found; `f32` is the first.
    pub fn of(found: &Found, index: usize, goal: Goal) -> Option<Self> {
        let (float, cells) = (found.cells.first()?, found.cells.get(index)?);
        let accuracy = |cell: &Cell| cell.score.accuracy.map(|share| 100.0 * f64::from(share));
        let right = |cells: &[Cell]| -> i64 {
            let share = |cell: &Cell| f64::from(cell.score.accuracy.unwrap_or(0.0)) * cell.samples as f64;
            cells.iter().map(|cell| share(cell).round() as i64).sum()
        };
        let gaps: Option<Vec<f64>> = cells
            .iter()
            .zip(float)
            .map(|(cell, float)| Some(accuracy(cell)? - accuracy(float)?))
            .collect();
        let change = |of: &dyn Fn(&Cell) -> f64| {
            let sum = |cells: &[Cell]| cells.iter().map(of).sum::<f64>();
            100.0 * (sum(cells) / sum(float) - 1.0)
        };
        let perplexed = cells.iter().all(|cell| cell.score.perplexity.is_some());
        let count = cells.len().max(1) as f64;
        let all: Option<Vec<f64>> = cells.iter().map(accuracy).collect();
        let mut summary = Self {
            number: *found.numbers.get(index)?,
            accuracy: all.map(|all| all.iter().sum::<f64>() / count),
            gap: gaps.map(|gaps| Gap::of(&gaps)),
            right: right(cells) - right(float),
            loss: cells.iter().map(|cell| f64::from(cell.score.loss)).sum::<f64>() / count,
            loss_change: change(&|cell| f64::from(cell.score.loss)),
            perplexity_change: perplexed
                .then(|| change(&|cell| f64::from(cell.score.perplexity.unwrap_or(0.0)))),
            met: false,
        };
        summary.met = goal.is_met(&summary);
        Some(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Score;

    fn found(float: &[(f32, f32)], fixed: &[(f32, f32)]) -> Found {
        let cells = |all: &[(f32, f32)]| {
            let cell = |(accuracy, loss): &(f32, f32)| Cell {
                score: Score {
                    loss: *loss,
                    accuracy: Some(*accuracy),
                    auc: None,
                    perplexity: None,
                },
                samples: 200,
            };
            all.iter().map(cell).collect()
        };
        Found {
            numbers: vec![NumberFile::F32, NumberFile::Bfp14],
            cells: vec![cells(float), cells(fixed)],
        }
    }

    #[test]
    fn the_error_is_that_of_the_mean_of_pairs() {
        // Pairs differ by 0.5, −0.5 and 1.5 points, whatever the seeds themselves do.
        let found = found(
            &[(0.90, 0.2), (0.95, 0.1), (0.80, 0.7)],
            &[(0.905, 0.3), (0.945, 0.1), (0.815, 0.61)],
        );
        let summary = Summary::of(&found, 1, Goal::SHARED).unwrap();
        let gap = summary.gap.unwrap();
        assert!(
            (gap.mean - 0.5).abs() < 1e-4 && (gap.worst + 0.5).abs() < 1e-4,
            "{gap:?}"
        );
        assert!((gap.error - 1.0 / 3f64.sqrt()).abs() < 1e-4, "{gap:?}");
        assert_eq!(summary.right, 3);
        assert!((summary.loss_change - 1.0).abs() < 1e-4, "{summary:?}");
        assert!(!summary.met);
    }
}
