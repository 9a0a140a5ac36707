use super::*;
use crate::collect::{Pool, Tally};
use crate::load::{Label, Samples};
use crate::number::random::Pcg;
use crate::persist::{Malformed, Persist, Restore};
use crate::prepare::Scaled;
extern crate std;
use std::vec::Vec;

/// Counts around an offset, as a sensor at rest or in motion gives them.
fn counts(n: usize, offset: i32, spread: u32, seed: u64) -> Vec<i16> {
    let mut random = Pcg::new(seed);
    (0..n)
        .map(|_| (offset + random.below(2 * spread + 1) as i32 - spread as i32) as i16)
        .collect()
}

/// Against the two-pass formula in f64, with a mean that is large against the deviation: where the
/// difference of squares would lose every digit.
#[test]
fn statistics_equal_the_two_pass_formula() {
    for (n, offset, spread) in [
        (1, 500, 5),
        (2, -3, 100),
        (1_000, 30_000, 2),
        (400_000, 16_384, 800),
    ] {
        let x = counts(n, offset, spread, 11);
        let mut scaler = Standardizer::<1>::new(1e-3);
        scaler.push(&x).unwrap();
        let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
        let variance = x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n as f64;
        let [found] = scaler.mean();
        assert!(
            (f64::from(found) - mean).abs() <= 2e-6 * mean.abs(),
            "{n}: mean {found}, not {mean}"
        );
        let [found] = scaler.deviation();
        let deviation = variance.sqrt();
        assert!(
            (f64::from(found) - deviation).abs() <= 1e-3 * deviation,
            "{n}: {found}, not {deviation}"
        );
        assert_eq!(scaler.count() as usize, n);
    }
}

#[test]
fn channels_are_apart_and_scaled_values_are_standard() {
    let (a, b) = (counts(5_000, 16_000, 900, 1), counts(5_000, -200, 30, 2));
    let frames: Vec<i16> = a.iter().zip(&b).flat_map(|(a, b)| [*a, *b]).collect();
    let mut scaler = Standardizer::<2>::new(1.0);
    scaler.push(&frames).unwrap();
    let mut y = std::vec![0.0; frames.len()];
    scaler.apply(&frames, &mut y).unwrap();
    for c in 0..2 {
        let channel = || y.iter().skip(c).step_by(2).map(|&y| f64::from(y));
        let mean = channel().sum::<f64>() / 5_000.0;
        let square = channel().map(|y| y * y).sum::<f64>() / 5_000.0;
        assert!(
            mean.abs() < 1e-3 && (square - 1.0).abs() < 1e-3,
            "channel {c}: {mean}, {square}"
        );
    }
    let mut values: Vec<f32> = frames.iter().map(|&x| f32::from(x)).collect();
    scaler.apply_values(&mut values).unwrap();
    assert_eq!(values, y);
}

#[test]
fn a_stuck_channel_is_divided_by_the_least_deviation() {
    let mut scaler = Standardizer::<1>::new(2.0);
    scaler.push(&[100; 50]).unwrap();
    let mut y = [0.0];
    scaler.apply(&[105], &mut y).unwrap();
    assert_eq!(y, [2.5]);
    // No statistics at all: unchanged.
    Standardizer::<1>::new(2.0).apply(&[105], &mut y).unwrap();
    assert_eq!(y, [105.0]);
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let mut scaler = Standardizer::<1>::new(bad);
        scaler.push(&[100; 50]).unwrap();
        scaler.apply(&[100], &mut y).unwrap();
        assert_eq!(y, [0.0]);
        scaler.apply(&[i16::MAX], &mut y).unwrap();
        assert!(y[0].is_finite() && y[0] > 1e37, "{y:?}");
    }
}

#[test]
fn what_is_not_finite_is_reported_and_never_stored() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        let mut scaler = Standardizer::<2>::new(1e-6);
        scaler.push_values(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        let mut before = scaler;
        let error = scaler.push_values(&[5.0, 6.0, 7.0, bad, 1.0, 1.0]);
        assert_eq!(error, Err(StandardizerError::NotFinite { index: 3 }));
        before.push_values(&[5.0, 6.0]).unwrap();
        assert_eq!(scaler, before, "the frames before it, and no half frame");
    }
    let mut scaler = Standardizer::<1>::new(1e-6);
    scaler.push_values(&[1.0, 2.0]).unwrap();
    let mut values = [1.0, f32::NAN, 1.0];
    assert_eq!(
        scaler.apply_values(&mut values),
        Err(StandardizerError::NotFinite { index: 1 })
    );
}

#[test]
fn lengths_and_freezing_are_checked() {
    let mut scaler = Standardizer::<3>::new(1.0);
    let length = |input, output| {
        Err(StandardizerError::Length {
            channels: 3,
            input,
            output,
        })
    };
    assert_eq!(scaler.push(&[1; 4]), length(4, 4));
    assert_eq!(scaler.apply(&[1; 6], &mut [0.0; 3]), length(6, 3));
    assert_eq!(scaler.apply_values(&mut [0.0; 2]), length(2, 2));
    scaler.push(&[1; 6]).unwrap();
    scaler.freeze();
    let frozen = scaler;
    assert_eq!(scaler.push(&[9; 3]), Err(StandardizerError::Frozen));
    assert_eq!(scaler, frozen);
}

/// Cut anywhere, restored in pieces of any size: the same bits as never cut.
#[test]
fn a_cut_run_learns_the_same_statistics() {
    let frames = counts(3 * 60, 1_000, 700, 5);
    for cut in 0..60 {
        let mut uncut = Standardizer::<3>::new(0.5);
        uncut.push(&frames[..3 * cut]).unwrap();
        let mut bytes = std::vec![0xaa; uncut.size()];
        uncut.read(0, &mut bytes);
        let mut resumed = Standardizer::<3>::new(0.5);
        let piece = 1 + cut % 7;
        for (i, data) in bytes.chunks(piece).enumerate() {
            resumed.write(i * piece, data).unwrap();
        }
        assert_eq!(resumed, uncut);
        uncut.push(&frames[3 * cut..]).unwrap();
        resumed.push(&frames[3 * cut..]).unwrap();
        assert_eq!(resumed, uncut);
    }
}

#[test]
fn statistics_that_nothing_can_have_are_malformed() {
    let mut scaler = Standardizer::<1>::new(1.0);
    scaler.push(&[1, 2, 3]).unwrap();
    scaler.freeze();
    let mut bytes = [0; 24];
    scaler.read(0, &mut bytes);
    assert_eq!(scaler.write(0, &bytes), Ok(()));
    assert!(scaler.frozen());
    for (at, value) in [(8, f32::NAN), (12, f32::NAN), (16, f32::INFINITY), (16, -1.0)] {
        let mut broken = bytes;
        broken[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert_eq!(scaler.write(0, &broken), Err(Malformed));
        assert_eq!(scaler, Standardizer::new(1.0));
    }
}

#[test]
fn a_pool_is_read_scaled() {
    let (mut samples, mut labels, mut tallies) = ([0; 8], [0; 2], [Tally::ZERO; 3]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1).unwrap();
    pool.offer(&[0, 0, 2, 4], 0).unwrap();
    pool.offer(&[4, 8, 6, 12], 2).unwrap();
    let mut scaler = Standardizer::<2>::new(1.0);
    scaler.push(&[0, 0, 4, 8]).unwrap();
    let scaled = Scaled::new(&pool, &scaler);
    let mut x = [0.0; 4];
    assert_eq!(scaled.len(), 2);
    assert_eq!(scaled.read(1, &mut x), Some(Label::Class(2)));
    assert_eq!(x, [1.0, 1.0, 2.0, 2.0]);
    assert_eq!(scaled.read(2, &mut x), None);
    assert_eq!(scaled.read(0, &mut x[..2]), None);
    assert_eq!(x, [1.0, 1.0, 2.0, 2.0]);
}
