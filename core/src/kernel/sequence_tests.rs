//! Each primitive against its formula: what is written, what is left alone, and slices that do not fit.

use super::*;
use crate::number::random::Pcg;

fn filled<const N: usize>(random: &mut Pcg) -> [f64; N] {
    core::array::from_fn(|_| f64::from(random.uniform()) * 4.0 - 2.0)
}

fn view(data: &[f64]) -> View<'_, f64> {
    View::plain(data)
}

fn view_mut(data: &mut [f64]) -> ViewMut<'_, f64> {
    ViewMut { data, scale: () }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp_())
}

/// `e^x` and `tanh x` where the standard library is not there.
trait Exponential {
    fn exp_(self) -> f64;
    fn tanh_(self) -> f64;
}

impl Exponential for f64 {
    fn exp_(self) -> f64 {
        libm::exp(self)
    }

    fn tanh_(self) -> f64 {
        libm::tanh(self)
    }
}

fn near(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (k, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (a - b).abs() <= 1e-13 * (1.0 + b.abs()),
            "{what}, element {k}: {a} and {b}"
        );
    }
}

#[test]
fn an_affine_sum_goes_on_from_what_is_there() {
    let mut random = Pcg::new(1);
    let (w, b, x) = (
        filled::<20>(&mut random),
        filled::<4>(&mut random),
        filled::<9>(&mut random),
    );
    let start = filled::<16>(&mut random);
    for bias in [&b[..], &[]] {
        let sweep = Sweep {
            positions: 2,
            start: 1,
            step: 3,
            length: 2,
            first: 2,
            target: 1,
            outputs: 4,
        };
        let (mut y, mut expected) = (start, start);
        f64::affine_more(view(&w), bias, view(&x), view_mut(&mut y), sweep);
        for p in 0..2 {
            for o in 0..4 {
                let y = &mut expected[(1 + p) * 4 + o];
                *y += bias.get(o).copied().unwrap_or(0.0);
                for k in 0..2 {
                    *y += x[1 + p * 3 + k] * w[(2 + k) * 4 + o];
                }
            }
        }
        assert_eq!(y, expected);
    }
}

#[test]
fn a_token_names_a_row_or_gives_no_number() {
    let mut random = Pcg::new(2);
    let table = filled::<15>(&mut random);
    let tokens = [
        4.0,
        0.0,
        2.5,
        5.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        1.0 + 1e-12,
        -0.0,
        2.0,
    ];
    let rows = [
        Some(4),
        Some(0),
        None,
        None,
        None,
        None,
        None,
        None,
        Some(0),
        Some(2),
    ];
    let mut y = [7.0; 30];
    f64::look_up(view(&table), view(&tokens), view_mut(&mut y));
    let dy = filled::<30>(&mut random);
    let start = filled::<15>(&mut random);
    let (mut dw, mut expected) = (start, start);
    // The gradient of those tokens that have a row.
    for (t, token) in tokens.iter().enumerate().filter(|(t, _)| rows[*t].is_some()) {
        let grad = Grad {
            data: &mut dw,
            track: None,
        };
        f64::look_up_gradient(view(&[*token]), view(&dy[t * 3..][..3]), grad);
    }
    for (t, row) in rows.iter().enumerate() {
        let y = &y[t * 3..][..3];
        match row {
            Some(row) => {
                assert_eq!(y, &table[row * 3..][..3], "token {t}");
                for c in 0..3 {
                    expected[row * 3 + c] += dy[t * 3 + c];
                }
            }
            None => assert!(y.iter().all(|y| y.is_nan()), "token {t}: {y:?}"),
        }
    }
    assert_eq!(dw, expected);
    // A token without one makes the whole gradient no number, so that the sample is refused.
    let grad = Grad {
        data: &mut dw,
        track: None,
    };
    f64::look_up_gradient(view(&tokens), view(&dy), grad);
    assert!(dw.iter().all(|dw| dw.is_nan()));
}

#[test]
fn a_frame_of_an_lstm() {
    let mut random = Pcg::new(3);
    for first in [false, true] {
        let (sums, before) = (filled::<20>(&mut random), filled::<5>(&mut random));
        let before = if first { [0.0; 5] } else { before };
        let (mut gates, mut cell, mut y) = (sums, before, [9.0; 5]);
        f64::lstm(view_mut(&mut gates), view_mut(&mut cell), view_mut(&mut y));
        let (dy, dc) = (filled::<5>(&mut random), filled::<5>(&mut random));
        let (mut dgates, mut dcell) = (gates, dc);
        let past = if first { &[][..] } else { &before };
        f64::lstm_gradient(
            view_mut(&mut dgates),
            view(&cell),
            view(past),
            view(&dy),
            view_mut(&mut dcell),
        );
        for k in 0..5 {
            let (i, f) = (sigmoid(sums[k]), sigmoid(sums[5 + k]));
            let (g, o) = (sums[10 + k].tanh_(), sigmoid(sums[15 + k]));
            let c = f * before[k] + i * g;
            near(
                &[
                    gates[k],
                    gates[5 + k],
                    gates[10 + k],
                    gates[15 + k],
                    cell[k],
                    y[k],
                ],
                &[i, f, g, o, c, o * c.tanh_()],
                "forward",
            );
            let slope = 1.0 - c.tanh_() * c.tanh_();
            let total = dc[k] + dy[k] * o * slope;
            near(
                &[dgates[k], dgates[5 + k], dgates[10 + k], dgates[15 + k], dcell[k]],
                &[
                    total * g * i * (1.0 - i),
                    total * before[k] * f * (1.0 - f),
                    total * i * (1.0 - g * g),
                    dy[k] * c.tanh_() * o * (1.0 - o),
                    total * f,
                ],
                "backward",
            );
        }
    }
}

#[test]
fn a_frame_of_a_gru() {
    let mut random = Pcg::new(4);
    for first in [false, true] {
        let (sums, state) = (filled::<15>(&mut random), filled::<15>(&mut random));
        let before = if first { [0.0; 5] } else { filled(&mut random) };
        let past = if first { &[][..] } else { &before };
        let (mut gates, mut y) = (sums, [9.0; 5]);
        f64::gru(view_mut(&mut gates), view(&state), view(past), view_mut(&mut y));
        let dy = filled::<5>(&mut random);
        let (mut dgates, mut dnext) = (gates, dy);
        let mut term = [0.0; 5];
        term.copy_from_slice(&state[10..]);
        f64::gru_gradient(
            view_mut(&mut dgates),
            view_mut(&mut term),
            (),
            view(past),
            view_mut(&mut dnext),
        );
        for k in 0..5 {
            let r = sigmoid(sums[k] + state[k]);
            let z = sigmoid(sums[5 + k] + state[5 + k]);
            let n = (sums[10 + k] + r * state[10 + k]).tanh_();
            near(
                &[gates[k], gates[5 + k], gates[10 + k], y[k]],
                &[r, z, n, (1.0 - z) * n + z * before[k]],
                "forward",
            );
            let dn = dy[k] * (1.0 - z) * (1.0 - n * n);
            near(
                &[dgates[k], dgates[5 + k], dgates[10 + k], term[k], dnext[k]],
                &[
                    dn * state[10 + k] * r * (1.0 - r),
                    dy[k] * (before[k] - n) * z * (1.0 - z),
                    dn * r,
                    dn,
                    dy[k] * z,
                ],
                "backward",
            );
        }
    }
}

#[test]
fn probabilities_of_scores() {
    let mut random = Pcg::new(5);
    // The shift keeps what is far above the range of an exponential finite.
    for offset in [0.0, 5000.0] {
        let scores: [f64; 7] = filled(&mut random).map(|s| s + offset);
        let mut p = scores;
        f64::attend(view_mut(&mut p), 9);
        let weight = |s: f64| ((s - offset) / 3.0).exp_();
        let sum: f64 = scores.iter().map(|s| weight(*s)).sum();
        let expected = scores.map(|s| weight(s) / sum);
        near(&p, &expected, "probabilities");
        let dp = filled::<7>(&mut random);
        let mean: f64 = p.iter().zip(dp).map(|(p, dp)| p * dp).sum();
        let mut ds = p;
        f64::attend_gradient(view_mut(&mut ds), view(&dp), view(&[mean; 7]), 9);
        for k in 0..7 {
            let expected: f64 = (0..7)
                .map(|j| dp[j] * p[j] * (if j == k { 1.0 } else { 0.0 } - p[k]) / 3.0)
                .sum();
            near(&[ds[k]], &[expected], "gradient");
        }
    }
}

/// Nothing panics where slices do not fit, and nothing is written that has no gates.
#[test]
fn slices_that_do_not_fit() {
    let (mut gates, mut cell, mut y) = ([1.0; 7], [2.0; 2], [3.0; 2]);
    f64::lstm(view_mut(&mut gates), view_mut(&mut cell), view_mut(&mut y));
    assert_eq!((gates, cell, y), ([1.0; 7], [2.0; 2], [3.0; 2]));
    f64::lstm_gradient(
        view_mut(&mut gates),
        view(&cell),
        view(&[]),
        view(&[]),
        view_mut(&mut y),
    );
    f64::gru(view_mut(&mut gates[..5]), view(&[]), view(&[]), view_mut(&mut y));
    f64::gru_gradient(
        view_mut(&mut gates[..5]),
        view_mut(&mut y),
        (),
        view(&[]),
        view_mut(&mut cell),
    );
    assert_eq!((gates, cell, y), ([1.0; 7], [2.0; 2], [3.0; 2]));
    f64::attend(view_mut(&mut []), 0);
    f64::look_up(view(&[]), view(&[]), view_mut(&mut y));
    f64::look_up(view(&[1.0]), view(&[0.0, 0.0, 0.0]), view_mut(&mut y));
    assert_eq!(y, [3.0; 2]);
    f64::look_up(view(&[]), view(&[0.0]), view_mut(&mut y));
    assert!(y.iter().all(|y| y.is_nan()));
    let sweep = Sweep {
        positions: 3,
        start: 5,
        step: 1,
        length: 9,
        first: 8,
        target: 0,
        outputs: 2,
    };
    f64::affine_more(view(&[1.0]), &[], view(&[1.0]), view_mut(&mut cell), sweep);
    assert_eq!(cell, [2.0; 2]);
}
