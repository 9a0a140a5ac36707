//! Softmax, dropout and the functions with settings: formulas, and central differences.

extern crate std;

use super::*;
use crate::math::{Elu, Gelu, LeakyRelu, Silu};
use std::vec::Vec;

fn drawn(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length)
        .map(|_| f64::from(random.uniform()) * 6.0 - 3.0)
        .collect()
}

fn view(data: &[f64]) -> View<'_, f64> {
    View::plain(data)
}

fn view_mut(data: &mut [f64]) -> ViewMut<'_, f64> {
    ViewMut { data, scale: () }
}

fn near(got: &[f64], expected: &[f64], bound: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((got - expected).abs() < bound, "{i}: {got} is not {expected}");
    }
}

/// The gradient of `Σ dy · f(x)` by each element of `x`.
fn differences(x: &[f64], dy: &[f64], f: impl Fn(&mut Vec<f64>)) -> Vec<f64> {
    let step = 1e-5;
    let loss = |i: usize, by: f64| {
        let mut y = x.to_vec();
        y[i] += by;
        f(&mut y);
        y.iter().zip(dy).map(|(y, dy)| y * dy).sum::<f64>()
    };
    (0..x.len())
        .map(|i| (loss(i, step) - loss(i, -step)) / (2.0 * step))
        .collect()
}

#[test]
fn softmax_follows_its_formula() {
    let mut random = Pcg::new(1);
    for width in [1, 2, 5, 9] {
        let x = drawn(&mut random, 3 * width);
        let mut y = x.clone();
        f64::softmax(view_mut(&mut y), (), width);
        let expected: Vec<f64> = (0..x.len())
            .map(|i| {
                let row = &x[i / width * width..][..width];
                x[i].exp() / row.iter().map(|x| x.exp()).sum::<f64>()
            })
            .collect();
        near(&y, &expected, 1e-14);
        let dy = drawn(&mut random, x.len());
        let mut dx = dy.clone();
        f64::softmax_gradient(view(&y), view_mut(&mut dx), (), width);
        near(
            &dx,
            &differences(&x, &dy, |y| f64::softmax(view_mut(y), (), width)),
            1e-9,
        );
    }
}

/// Large logits do not overflow, and what is not finite shows.
#[test]
fn softmax_of_extremes() {
    let mut y = [1e30_f32, -1e30, 1e30, 1.0, 1.0, f32::NAN];
    f32::softmax(
        ViewMut {
            data: &mut y,
            scale: (),
        },
        (),
        3,
    );
    assert_eq!(y[..3], [0.5, 0.0, 0.5]);
    assert!(y[3..].iter().all(|y| y.is_nan()));
}

#[test]
fn functions_with_settings_have_their_gradients() {
    fn check<S: Shaped>(setting: f32, random: &mut Pcg) {
        let (x, dy) = (drawn(random, 23), drawn(random, 23));
        let (mut y, mut dx) = (x.clone(), dy.clone());
        f64::shaped::<S>(setting, view_mut(&mut y));
        f64::shaped_gradient::<S>(setting, view(&y), view_mut(&mut dx));
        near(
            &dx,
            &differences(&x, &dy, |y| f64::shaped::<S>(setting, view_mut(y))),
            1e-8,
        );
    }
    let mut random = Pcg::new(2);
    check::<LeakyRelu>(0.25, &mut random);
    check::<Elu>(0.75, &mut random);
}

#[test]
fn curves_keep_their_slopes() {
    fn check<C: Curve>(random: &mut Pcg) {
        let (x, dy) = (drawn(random, 23), drawn(random, 23));
        let (mut plain, mut y, mut dx) = (x.clone(), x.clone(), dy.clone());
        let mut slopes = [f64::NAN; 23];
        f64::curve::<C>(view_mut(&mut plain), (), &mut []);
        f64::curve::<C>(view_mut(&mut y), (), &mut slopes);
        assert_eq!(plain, y);
        f64::multiply(view_mut(&mut dx), (), &slopes);
        near(
            &dx,
            &differences(&x, &dy, |y| f64::curve::<C>(view_mut(y), (), &mut [])),
            1e-8,
        );
    }
    let mut random = Pcg::new(3);
    check::<Gelu>(&mut random);
    check::<Silu>(&mut random);
}

/// The share that is dropped is the rate, what is left is scaled so that the mean stays, and the same
/// state of the generator gives the same mask.
#[test]
fn dropout_keeps_the_mean() {
    const SIZE: usize = 40_000;
    for rate in [0.0_f32, 0.25, 0.9] {
        let scale = 1.0 / (1.0 - f64::from(rate));
        let (mut first, mut again) = (Pcg::new(4), Pcg::new(4));
        let (mut y, mut dy) = ([2.0; SIZE], [1.0; SIZE]);
        f64::dropout(view_mut(&mut y), rate, &mut first);
        f64::dropout(view_mut(&mut dy), rate, &mut again);
        assert_eq!(first.state(), again.state());
        assert!(
            y.iter()
                .zip(&dy)
                .all(|(y, dy)| *y == 2.0 * dy && (*dy == 0.0 || *dy == scale))
        );
        let dropped = dy.iter().filter(|dy| **dy == 0.0).count() as f64 / SIZE as f64;
        assert!((dropped - f64::from(rate)).abs() < 0.01, "{dropped} of {rate}");
    }
}
