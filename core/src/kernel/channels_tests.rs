//! Running statistics against their definition, normalisation by them against its formula.

extern crate std;

use super::super::groups::EPSILON;
use super::*;
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

fn drawn(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length)
        .map(|_| f64::from(random.uniform()) * 3.0 - 1.0)
        .collect()
}

fn near(got: &[f64], expected: &[f64], bound: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() < bound, "{i}: {got} is not {expected}");
    }
}

/// With a momentum of `1/(k + 1)` at the `k`-th sample, counted from 0, each value of all samples weighs
/// the same, so the statistics must be the mean and the variance of all values: whatever was there before.
#[test]
fn statistics_are_those_of_the_mixture() {
    let mut random = Pcg::new(3);
    for channels in [1, 3, 8, 11, 17] {
        for positions in [1, 2, 7] {
            let samples: Vec<Vec<f64>> = (0..9).map(|_| drawn(&mut random, positions * channels)).collect();
            let (mut mean, mut variance) = (vec![7.0; channels], vec![5.0; channels]);
            for (k, sample) in samples.iter().enumerate() {
                follow(sample, &mut mean, &mut variance, 1.0 / (k as f32 + 1.0));
            }
            for c in 0..channels {
                let values: Vec<f64> = samples
                    .iter()
                    .flat_map(|sample| sample.iter().skip(c).step_by(channels).copied())
                    .collect();
                let count = values.len() as f64;
                let exact = values.iter().sum::<f64>() / count;
                let spread = values.iter().map(|x| (x - exact) * (x - exact)).sum::<f64>() / count;
                // The momentum is an `f32`.
                assert!((mean[c] - exact).abs() < 1e-6, "{} is not {exact}", mean[c]);
                assert!(
                    (variance[c] - spread).abs() < 1e-6,
                    "{} is not {spread}",
                    variance[c]
                );
            }
        }
    }
}

#[test]
fn outputs_and_gradients_follow_the_formula() {
    let mut random = Pcg::new(4);
    for count in [1, 3, 8, 11, 17] {
        for positions in [1, 2, 5] {
            let size = count * positions;
            let x = drawn(&mut random, size);
            let (gain, shift, mean) = (
                drawn(&mut random, count),
                drawn(&mut random, count),
                drawn(&mut random, count),
            );
            let variance: Vec<f64> = drawn(&mut random, count).iter().map(|v| v * v).collect();
            let channels = Channels {
                gain: &gain[..],
                shift: &shift[..],
                mean: &mean[..],
                variance: &variance[..],
            };
            let n = |i: usize| (x[i] - mean[i % count]) / (variance[i % count] + f64::from(EPSILON)).sqrt();
            let expected: Vec<f64> = (0..size)
                .map(|i| n(i) * gain[i % count] + shift[i % count])
                .collect();
            let mut y = x.clone();
            standardise(&mut y, channels, &mut []);
            near(&y, &expected, 1e-12);
            let (mut y, mut kept) = (x.clone(), vec![0.0; size]);
            standardise(&mut y, channels, &mut kept);
            near(&y, &expected, 1e-12);
            near(&kept, &(0..size).map(n).collect::<Vec<_>>(), 1e-12);

            // The statistics are constants, so an output's slope is the quotient of differences.
            let dy = drawn(&mut random, size);
            let mut dx = dy.clone();
            standardise_gradient(&mut dx, &gain, &variance);
            let mut moved: Vec<f64> = x.iter().map(|x| x + 1.0).collect();
            standardise(&mut moved, channels, &mut []);
            let slopes: Vec<f64> = (0..size).map(|i| dy[i] * (moved[i] - y[i])).collect();
            near(&dx, &slopes, 1e-11);
        }
    }
}

#[test]
fn a_nan_is_not_stored() {
    let (mut mean, mut variance) = ([0.5_f32, 0.5, 0.5], [2.0, 2.0, 2.0]);
    follow(&[f32::NAN, f32::INFINITY, 0.5], &mut mean, &mut variance, 0.25);
    assert_eq!((mean, variance), ([0.5; 3], [2.0, 2.0, 1.5]));
}

#[test]
fn what_does_not_fit_is_left_out() {
    for length in 0..40 {
        let mut y = vec![1.0_f64; length];
        let mut few = vec![1.0; length / 2];
        follow(&y, &mut few, &mut vec![1.0; length / 3], 0.1);
        let channels = Channels {
            gain: &few[..],
            shift: &few[..length / 3],
            mean: &few[..length / 4],
            variance: &few[..length / 5],
        };
        standardise(&mut y, channels, &mut vec![1.0; length % 7]);
        standardise_gradient(&mut y, &few, channels.variance);
    }
}
