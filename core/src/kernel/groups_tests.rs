//! Each normalisation against its formula, written with indices, and its gradient against central differences.

extern crate std;

use super::*;
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

const POSITIONS: usize = 5;
const CHANNELS: usize = 6;
const SIZE: usize = POSITIONS * CHANNELS;

fn drawn(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length)
        .map(|_| f64::from(random.uniform()) * 3.0 - 1.0)
        .collect()
}

/// A way to normalise `[POSITIONS][CHANNELS]`, and which group an element belongs to.
struct Kind {
    groups: Groups,
    group_of: fn(position: usize, channel: usize) -> usize,
}

/// Layer, RMS, group (of 3 channels) and instance normalisation.
fn kinds() -> [Kind; 4] {
    let layer = Groups {
        count: POSITIONS,
        runs: 1,
        width: CHANNELS,
        step: CHANNELS,
        gains: 0,
        centred: true,
    };
    let of_channels = |width| Groups {
        count: CHANNELS / width,
        runs: POSITIONS,
        width,
        step: CHANNELS,
        gains: width,
        centred: true,
    };
    [
        Kind {
            groups: layer,
            group_of: |position, _| position,
        },
        Kind {
            groups: Groups {
                centred: false,
                ..layer
            },
            group_of: |position, _| position,
        },
        Kind {
            groups: of_channels(3),
            group_of: |_, channel| channel / 3,
        },
        Kind {
            groups: of_channels(1),
            group_of: |_, channel| channel,
        },
    ]
}

struct Case {
    x: Vec<f64>,
    gain: Vec<f64>,
    shift: Vec<f64>,
}

/// Mean and biased variance of each group.
fn statistics(kind: &Kind, x: &[f64]) -> Vec<(f64, f64)> {
    let Groups { count, centred, .. } = kind.groups;
    (0..count)
        .map(|group| {
            let values: Vec<f64> = (0..SIZE)
                .filter(|i| (kind.group_of)(i / CHANNELS, i % CHANNELS) == group)
                .map(|i| x[i])
                .collect();
            let size = values.len() as f64;
            let mean = if centred {
                values.iter().sum::<f64>() / size
            } else {
                0.0
            };
            (
                mean,
                values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / size,
            )
        })
        .collect()
}

fn formula(kind: &Kind, Case { x, gain, shift }: &Case) -> Vec<f64> {
    let statistics = statistics(kind, x);
    (0..SIZE)
        .map(|i| {
            let (mean, variance) = statistics[(kind.group_of)(i / CHANNELS, i % CHANNELS)];
            (x[i] - mean) / (variance + f64::from(EPSILON)).sqrt() * gain[i % CHANNELS] + shift[i % CHANNELS]
        })
        .collect()
}

fn each(test: impl Fn(&Kind, Case, &mut Pcg)) {
    let mut random = Pcg::new(11);
    for kind in kinds() {
        for _ in 0..10 {
            let case = Case {
                x: drawn(&mut random, SIZE),
                gain: drawn(&mut random, CHANNELS),
                shift: drawn(&mut random, CHANNELS),
            };
            test(&kind, case, &mut random);
        }
    }
}

fn near(got: &[f64], expected: &[f64], bound: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() < bound, "{i}: {got} is not {expected}");
    }
}

#[test]
fn outputs_follow_the_formula() {
    each(|kind, case, _| {
        let mut y = case.x.clone();
        normalise(
            &mut y,
            (&case.gain, &case.shift),
            kind.groups,
            (&mut [], &mut []),
            None,
        );
        near(&y, &formula(kind, &case), 1e-12);
        // Without a shift, and with what is kept.
        let mut bare = case.x.clone();
        let (mut kept, mut inverse) = (vec![0.0; SIZE], vec![0.0; kind.groups.count]);
        normalise(
            &mut bare,
            (&case.gain, &[]),
            kind.groups,
            (&mut kept, &mut inverse),
            None,
        );
        let from_kept: Vec<f64> = (0..SIZE).map(|i| kept[i] * case.gain[i % CHANNELS]).collect();
        near(&bare, &from_kept, 1e-300);
        for i in 0..SIZE {
            assert!((bare[i] + case.shift[i % CHANNELS] - y[i]).abs() < 1e-14);
        }
    });
}

#[test]
fn gradients_are_those_of_the_formula() {
    each(|kind, case, random| {
        let dy = drawn(random, SIZE);
        let loss = |case: &Case| -> f64 { formula(kind, case).iter().zip(&dy).map(|(y, dy)| y * dy).sum() };
        let mut y = case.x.clone();
        let (mut kept, mut inverse) = (vec![0.0; SIZE], vec![0.0; kind.groups.count]);
        let parameters = (&case.gain[..], &case.shift[..]);
        normalise(&mut y, parameters, kind.groups, (&mut kept, &mut inverse), None);
        let mut dx = dy.clone();
        normalise_gradient(&mut dx, &case.gain, kind.groups, (&kept, &inverse));

        let step = 1e-5;
        let difference = |change: &dyn Fn(&mut Case, f64)| {
            let moved = |by| {
                let mut moved = Case {
                    x: case.x.clone(),
                    gain: case.gain.clone(),
                    shift: case.shift.clone(),
                };
                change(&mut moved, by);
                loss(&moved)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        };
        let expected: Vec<f64> = (0..SIZE)
            .map(|i| difference(&|case, by| case.x[i] += by))
            .collect();
        near(&dx, &expected, 1e-7);

        let mut gain = vec![f64::NAN; CHANNELS];
        super::super::channels::gain_gradient(&dy, &kept, &mut gain, true);
        let expected: Vec<f64> = (0..CHANNELS)
            .map(|c| difference(&|case, by| case.gain[c] += by))
            .collect();
        near(&gain, &expected, 1e-7);
        // A second sample adds.
        super::super::channels::gain_gradient(&dy, &kept, &mut gain, false);
        near(&gain, &expected.iter().map(|g| 2.0 * g).collect::<Vec<_>>(), 2e-7);
    });
}

/// PyTorch's running statistics: the unbiased variance.
#[test]
fn running_statistics_follow_those_of_the_groups() {
    each(|kind, case, _| {
        let count = kind.groups.count;
        let size = (SIZE / count) as f64;
        let (mut mean, mut variance) = (vec![0.5; count], vec![2.0; count]);
        let running = Running {
            mean: &mut mean,
            variance: &mut variance,
            momentum: 0.25,
        };
        let mut y = case.x.clone();
        let parameters = (&case.gain[..], &case.shift[..]);
        normalise(&mut y, parameters, kind.groups, (&mut [], &mut []), Some(running));
        near(&y, &formula(kind, &case), 1e-12);
        let own = statistics(kind, &case.x);
        let expected: Vec<f64> = own.iter().map(|(mean, _)| 0.75 * 0.5 + 0.25 * mean).collect();
        near(&mean, &expected, 1e-12);
        let unbiased = |v: f64| v * size / (size - 1.0);
        let expected: Vec<f64> = own
            .iter()
            .map(|(_, v)| 0.75 * 2.0 + 0.25 * unbiased(*v))
            .collect();
        near(&variance, &expected, 1e-12);
    });
}

/// What is not finite shows in the output, and is not stored.
#[test]
fn a_nan_is_not_stored() {
    let [.., instance] = kinds();
    let mut y = [1.0_f32; SIZE];
    y[1] = f32::NAN;
    y[2] = f32::INFINITY;
    let (mut mean, mut variance) = ([0.0; CHANNELS], [1.0; CHANNELS]);
    let running = Running {
        mean: &mut mean,
        variance: &mut variance,
        momentum: 0.1,
    };
    let (ones, zeros) = ([1.0; CHANNELS], [0.0; CHANNELS]);
    normalise(
        &mut y,
        (&ones, &zeros),
        instance.groups,
        (&mut [], &mut []),
        Some(running),
    );
    assert_eq!((mean[1], variance[1], mean[2], variance[2]), (0.0, 1.0, 0.0, 1.0));
    assert_eq!((mean[0], variance[0]), (0.1, 0.9));
    assert!(y[1].is_nan() && y[2].is_nan());
}

/// Slices that do not fit each other give a shorter result and never a panic.
#[test]
fn what_does_not_fit_is_left_out() {
    for kind in kinds() {
        for length in 0..SIZE {
            let mut y = vec![1.0; length];
            let (mut kept, mut inverse) = (vec![0.0; length / 2], vec![0.0; length / 3]);
            let gain = vec![1.0; length % CHANNELS];
            normalise(&mut y, (&gain, &[]), kind.groups, (&mut kept, &mut inverse), None);
            normalise_gradient(&mut y, &gain, kind.groups, (&kept, &inverse));
        }
    }
}
