//! Scaling of features, fitted on the training part alone.

use super::Dataset;
use crate::run::Scaling;

/// `x ← (x − offset[c]) · factor[c]`, with `c` the channel of a series or image, the column of a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    /// What is taken off each channel.
    pub offset: Vec<f32>,
    /// What each channel is then multiplied by.
    pub factor: Vec<f32>,
}

impl Scaler {
    /// Measures `data`.
    pub fn fit(data: &Dataset, scaling: Scaling) -> Self {
        let shape = data.stored();
        let groups = if shape.rank() == 1 {
            shape.len()
        } else {
            shape.channels()
        };
        let (offset, factor) = (0..groups)
            .map(|group| {
                let values = data
                    .features
                    .iter()
                    .skip(group)
                    .step_by(groups)
                    .map(|value| f64::from(*value));
                let (offset, spread) = match scaling {
                    Scaling::Standard => mean_and_deviation(values),
                    Scaling::Unit => {
                        let low = values.clone().fold(f64::INFINITY, f64::min);
                        let high = values.fold(f64::NEG_INFINITY, f64::max);
                        (low, high - low)
                    }
                    Scaling::None => (0.0, 1.0),
                };
                // A channel that never changes says nothing: it becomes 0, not infinite.
                let factor = if spread > 0.0 && spread.is_finite() {
                    1.0 / spread
                } else {
                    1.0
                };
                (
                    if offset.is_finite() { offset as f32 } else { 0.0 },
                    factor as f32,
                )
            })
            .unzip();
        Self { offset, factor }
    }

    /// Scales every sample of `data`.
    pub fn apply(&self, data: &mut Dataset) {
        for frame in data.features.chunks_mut(self.offset.len().max(1)) {
            for ((value, offset), factor) in frame.iter_mut().zip(&self.offset).zip(&self.factor) {
                *value = (*value - offset) * factor;
            }
        }
    }
}

/// Mean and population standard deviation, in two passes.
fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::network::Shape;

    fn made(shape: Shape, features: Vec<f32>) -> Dataset {
        let count = features.len() / shape.len();
        Dataset {
            features,
            recordings: (0..count as u32).collect(),
            ..Dataset::of(shape)
        }
    }

    #[test]
    fn a_series_is_scaled_by_channel() {
        let mut data = made(
            Shape::series(2, 2),
            vec![1.0, 10.0, 3.0, 10.0, 5.0, 10.0, 7.0, 10.0],
        );
        Scaler::fit(&data, Scaling::Standard).apply(&mut data);
        // Mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; the constant channel becomes 0.
        let root = 5f32.sqrt();
        let expected = [
            -3.0 / root,
            0.0,
            -1.0 / root,
            0.0,
            1.0 / root,
            0.0,
            3.0 / root,
            0.0,
        ];
        assert!(
            data.features
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-6),
            "{:?}",
            data.features
        );
    }

    #[test]
    fn a_vector_is_scaled_by_column() {
        let mut data = made(Shape::vector(2), vec![0.0, 4.0, 2.0, 8.0, 1.0, 6.0]);
        Scaler::fit(&data, Scaling::Unit).apply(&mut data);
        assert_eq!(data.features, [0.0, 0.0, 1.0, 1.0, 0.5, 0.5]);
    }

    #[test]
    fn none_changes_nothing() {
        let mut data = made(Shape::vector(2), vec![0.25, 4.0, 2.0, 8.0]);
        Scaler::fit(&data, Scaling::None).apply(&mut data);
        assert_eq!(data.features, [0.25, 4.0, 2.0, 8.0]);
    }
}
