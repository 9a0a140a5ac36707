//! What a model has to beat: the simplest answer that learns from the same training part.

use super::auc::auc;
use super::score::{Measure, by_recording};
use crate::data::{Dataset, Parts, text};
use crate::run::{Origin, RunFile};
use kilograd::evaluate::Accuracy;
use kilograd::load::Samples;

/// A figure of a simple method on the test part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// What the method is.
    pub name: &'static str,
    /// In which measure it is scored.
    pub measure: Measure,
    /// Its score.
    pub value: f32,
}

/// The baseline for the data of `run`; `None` without a test part.
///
/// * classes: the class whose mean training sample is nearest, `argmin_k ‖x − mean_k‖²`
/// * text: a bigram model with add-one smoothing
/// * odd samples: the distance from the mean training sample, `‖x − mean‖²`, averaged over a recording
/// * any other sample to be reproduced: the mean training sample, as squared error per value
pub fn baseline(run: &RunFile, parts: &Parts) -> Option<Baseline> {
    let (train, test) = (&parts.train, &parts.test);
    let (name, measure, value) = if let Origin::Text { .. } = run.data.origin {
        let perplexity = text::bigram_perplexity(train, test)? as f32;
        ("a bigram model", Measure::Perplexity, perplexity)
    } else if !train.labels.is_empty() {
        (
            "the nearest class mean",
            Measure::Accuracy,
            nearest_mean(train, test)?,
        )
    } else {
        let mean = mean(train, |_| true)?;
        let distances: Vec<f64> = (0..test.len())
            .map(|index| distance(test.sample(index), &mean) / mean.len().max(1) as f64)
            .collect();
        match auc(&by_recording(test, &distances)) {
            Some(auc) => ("the distance from the mean sample", Measure::Auc, auc),
            None if distances.is_empty() => return None,
            None => {
                let loss = distances.iter().sum::<f64>() / distances.len() as f64;
                ("the mean sample", Measure::Loss, loss as f32)
            }
        }
    };
    Some(Baseline { name, measure, value })
}

/// Mean of the chosen samples; `None` if there is none.
fn mean(data: &Dataset, chosen: impl Fn(usize) -> bool) -> Option<Vec<f64>> {
    let mut sum = vec![0.0; data.stored().len()];
    let mut count = 0u32;
    for index in (0..data.len()).filter(|index| chosen(*index)) {
        for (sum, x) in sum.iter_mut().zip(data.sample(index)) {
            *sum += f64::from(*x);
        }
        count += 1;
    }
    sum.iter_mut().for_each(|sum| *sum /= f64::from(count.max(1)));
    (count > 0).then_some(sum)
}

fn distance(x: &[f32], mean: &[f64]) -> f64 {
    let squares = x.iter().zip(mean).map(|(x, m)| (f64::from(*x) - m).powi(2));
    squares.sum()
}

fn nearest_mean(train: &Dataset, test: &Dataset) -> Option<f32> {
    let means: Vec<(u16, Vec<f64>)> = (0..train.classes.len() as u16)
        .filter_map(|class| {
            let of_class = mean(train, |index| train.labels.get(index) == Some(&class));
            of_class.map(|mean| (class, mean))
        })
        .collect();
    let mut accuracy = Accuracy::new();
    for (index, label) in test.labels.iter().enumerate() {
        let x = test.sample(index);
        let nearest = means
            .iter()
            .min_by(|(_, a), (_, b)| distance(x, a).total_cmp(&distance(x, b)));
        accuracy.push(nearest.is_some_and(|(class, _)| class == label));
    }
    accuracy.value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::network::Shape;

    #[test]
    fn the_nearest_mean_is_found_by_hand() {
        let made = |features: &[f32], labels: &[u16]| Dataset {
            features: features.to_vec(),
            labels: labels.to_vec(),
            classes: vec!["low".into(), "high".into()],
            recordings: (0..labels.len() as u32).collect(),
            ..Dataset::of(Shape::vector(1))
        };
        // Means 2 and 8: the border is 5.
        let train = made(&[1.0, 3.0, 7.0, 9.0], &[0, 0, 1, 1]);
        let test = made(&[4.0, 4.9, 5.1, 9.0], &[0, 1, 1, 1]);
        assert_eq!(nearest_mean(&train, &test), Some(0.75));
    }
}
