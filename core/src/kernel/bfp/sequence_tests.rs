//! Sequences in block fixed point: each primitive against its formula in double precision, at scales from fine
//! to coarse, and at the ends of every range.

extern crate std;

use super::*;
use crate::number::Element;
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

const UNIT_SCALE: i16 = -(UNIT as i16);
/// Elements of a cell.
const LENGTH: usize = 60;

/// A tensor in integers, and the numbers that it stands for.
#[derive(Clone)]
struct Both {
    mantissas: Vec<i16>,
    scale: i16,
    values: Vec<f64>,
}

impl Both {
    fn new(mantissas: Vec<i16>, scale: i16) -> Self {
        let values = mantissas
            .iter()
            .map(|m| f64::from(m.to_f32(Exponent(scale))))
            .collect();
        Self {
            mantissas,
            scale,
            values,
        }
    }

    fn drawn(random: &mut Pcg, count: usize, most: i16, scale: i16) -> Self {
        let mut draw = || random.below(2 * most as u32 + 1) as i32 - i32::from(most);
        Self::new((0..count).map(|_| draw() as i16).collect(), scale)
    }

    /// Gates: `count` of sigmoids, then `more` of tanh.
    fn gates(random: &mut Pcg, count: usize, more: usize) -> Self {
        let mut gates = Self::drawn(random, count + more, i16::MAX, UNIT_SCALE).mantissas;
        gates[..count].iter_mut().for_each(|gate| *gate = gate.abs());
        Self::new(gates, UNIT_SCALE)
    }

    fn view(&self) -> View<'_, Bfp14> {
        View {
            data: &self.mantissas,
            scale: Exponent(self.scale),
        }
    }

    fn at(&mut self, scale: i16) -> ViewMut<'_, Bfp14> {
        ViewMut {
            data: &mut self.mantissas,
            scale: Exponent(scale),
        }
    }

    /// The same tensor, one being computed in integers and the other in double precision.
    fn twins(&mut self, scale: i16) -> (ViewMut<'_, Bfp14>, ViewMut<'_, f64>) {
        self.scale = scale;
        (
            ViewMut {
                data: &mut self.mantissas,
                scale: Exponent(scale),
            },
            ViewMut {
                data: &mut self.values,
                scale: (),
            },
        )
    }

    fn exact(&self) -> View<'_, f64> {
        View::plain(&self.values)
    }

    /// No element is farther from what it should be than `steps` of its scale and `share` of `of`.
    fn near(&self, steps: f64, share: f64, what: &str) {
        let step = libm::exp2(self.scale.into());
        let largest = self.values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        for (k, (m, exact)) in self.mantissas.iter().zip(&self.values).enumerate() {
            let found = f64::from(*m) * step;
            assert!(
                (found - exact).abs() <= steps * step + share * largest,
                "{what}, element {k}: {found} and {exact}"
            );
        }
    }
}

/// Scales of sums, state, cell and output, from fine to coarse.
const SCALES: [[i16; 4]; 4] = [
    [-13, -13, -13, -13],
    [-11, -12, -11, -13],
    [-9, -11, -10, -14],
    [-14, -15, -13, -12],
];

#[test]
fn a_gru_is_its_formula() {
    let random = &mut Pcg::new(1);
    for [sums, states, _, output] in SCALES {
        let mut gates = Both::drawn(random, 3 * LENGTH, 8191, sums);
        let state = Both::drawn(random, 3 * LENGTH, 8191, states);
        // An output is within ±1.
        let most = (1_i32 << -output).min(8191) as i16;
        let before = Both::drawn(random, LENGTH, most, output);
        for before in [before, Both::new(vec![], output)] {
            let mut gates = gates.clone();
            let mut y = Both::drawn(random, LENGTH, 9, output);
            let mut exact = y.values.clone();
            let (in_gates, in_values) = gates.twins(sums);
            f64::gru(
                in_values,
                state.exact(),
                before.exact(),
                ViewMut {
                    data: &mut exact,
                    scale: (),
                },
            );
            let peak = <Bfp14>::gru(in_gates, state.view(), before.view(), y.at(output));
            gates.scale = UNIT_SCALE;
            gates.near(1.0, 1.2e-4, "gates");
            // What does not fit the output's scale is limited, and counted.
            let limit = 8191.0 * libm::exp2(output.into());
            let beyond = exact.iter().filter(|y| y.abs() > limit * 1.001).count();
            assert!(peak.saturated as usize >= beyond);
            y.values = exact.iter().map(|y| y.clamp(-limit, limit)).collect();
            y.near(1.0, 2e-4, "output");
        }
        gates.mantissas.fill(0);
    }
}

#[test]
fn the_gradient_of_a_gru_is_its_formula() {
    let random = &mut Pcg::new(2);
    for [_, states, _, output] in SCALES {
        for (from, out) in [(-13, -13), (-20, -19), (-9, -10)] {
            let mut gates = Both::gates(random, 2 * LENGTH, LENGTH);
            let mut term = Both::drawn(random, LENGTH, 8191, states);
            let before = Both::drawn(random, LENGTH, (1_i32 << -output).min(8191) as i16, output);
            let mut dy = Both::drawn(random, LENGTH, 8191, from);
            let (in_gates, values) = gates.twins(out);
            let (in_term, term_values) = term.twins(out);
            let (in_dy, dy_values) = dy.twins(from);
            f64::gru_gradient(values, term_values, (), before.exact(), dy_values);
            let peak = <Bfp14>::gru_gradient(in_gates, in_term, Exponent(states), before.view(), in_dy);
            assert!(peak.largest > 0);
            if peak.saturated == 0 {
                gates.near(2.0, 2e-4, "sums");
                term.near(1.0, 1e-4, "the state's part");
            }
            dy.near(1.0, 1e-4, "carried");
        }
    }
}

#[test]
fn an_lstm_is_its_formula() {
    let random = &mut Pcg::new(3);
    for [sums, _, cells, output] in SCALES {
        let mut gates = Both::drawn(random, 4 * LENGTH, 8191, sums);
        let mut cell = Both::drawn(random, LENGTH, 4095, cells);
        let mut y = Both::drawn(random, LENGTH, 9, output);
        let mut exact = y.values.clone();
        let (in_gates, gate_values) = gates.twins(sums);
        let (in_cell, cell_values) = cell.twins(cells);
        f64::lstm(
            gate_values,
            cell_values,
            ViewMut {
                data: &mut exact,
                scale: (),
            },
        );
        let [of_cell, of_output] = <Bfp14>::lstm(in_gates, in_cell, y.at(output));
        gates.scale = UNIT_SCALE;
        gates.near(1.0, 1.2e-4, "gates");
        let limit = |scale: i16| 8191.0 * libm::exp2(scale.into());
        for (tensor, peak, exact, scale) in [
            (&mut cell, of_cell, None, cells),
            (&mut y, of_output, Some(exact), output),
        ] {
            let exact = exact.unwrap_or_else(|| tensor.values.clone());
            let beyond = exact.iter().filter(|v| v.abs() > limit(scale) * 1.001).count();
            assert!(peak.saturated as usize >= beyond);
            tensor.values = exact
                .iter()
                .map(|v| v.clamp(-limit(scale), limit(scale)))
                .collect();
            // The output is that of the cell as it was rounded.
            tensor.near(1.0, 2e-4 + libm::exp2(f64::from(cells) - 1.0), "cell or output");
        }
    }
}

#[test]
fn the_gradient_of_an_lstm_is_its_formula() {
    let random = &mut Pcg::new(4);
    for [_, _, cells, _] in SCALES {
        for (from, carried, out) in [(-13, -12, -11), (-20, -18, -17), (-9, -9, -8)] {
            let mut gates = Both::gates(random, 4 * LENGTH, 0);
            gates = {
                // The third is a tanh.
                let mut mantissas = gates.mantissas;
                mantissas[2 * LENGTH..3 * LENGTH]
                    .iter_mut()
                    .step_by(2)
                    .for_each(|g| *g = -*g);
                Both::new(mantissas, UNIT_SCALE)
            };
            let cell = Both::drawn(random, LENGTH, 8191, cells);
            let past = Both::drawn(random, LENGTH, 8191, cells);
            let dy = Both::drawn(random, LENGTH, 4095, from);
            let mut dcell = Both::drawn(random, LENGTH, 4095, carried);
            let (in_gates, values) = gates.twins(out);
            let (in_dcell, dcell_values) = dcell.twins(carried);
            f64::lstm_gradient(values, cell.exact(), past.exact(), dy.exact(), dcell_values);
            let [sums, of_cell] =
                <Bfp14>::lstm_gradient(in_gates, cell.view(), past.view(), dy.view(), in_dcell);
            assert_eq!((sums.saturated, of_cell.saturated), (0, 0), "{cells} {out}");
            gates.near(2.0, 5e-4, "sums");
            dcell.near(1.5, 2e-4, "carried");
        }
    }
}

#[test]
fn scores_become_probabilities() {
    let random = &mut Pcg::new(5);
    for (count, width, scale) in [
        (1, 1, -13),
        (2, 4, -12),
        (7, 16, -10),
        (64, 16, -9),
        (300, 3, -11),
        (64, 128, -3),
    ] {
        let mut scores = Both::drawn(random, count, 8191, scale);
        let (mantissas, values) = scores.twins(scale);
        f64::attend(values, width);
        <Bfp14>::attend(mantissas, width);
        scores.scale = UNIT_SCALE;
        scores.near(1.0, 3.5e-4, "probabilities");
        let sum: i32 = scores.mantissas.iter().map(|p| i32::from(*p)).sum();
        assert!((sum - 32768).abs() <= 8 + count as i32 / 2, "their sum is {sum}");
    }
    // Scores that are all alike, however low, share alike.
    let mut scores = Both::new(vec![-8191; 8], 2);
    <Bfp14>::attend(scores.at(2), 5);
    assert!(scores.mantissas.iter().all(|p| (4095..=4097).contains(p)));
}

#[test]
fn the_gradient_of_probabilities_is_its_formula() {
    let random = &mut Pcg::new(6);
    for (width, products, means, out) in [
        (1, -13, -13, -12),
        (4, -12, -13, -12),
        (16, -20, -20, -20),
        (99, -9, -9, -11),
    ] {
        let mut p = Both::gates(random, LENGTH, 0);
        let dp = Both::drawn(random, LENGTH, 8191, products);
        let mean = Both::drawn(random, LENGTH, 8191, means);
        let (mantissas, values) = p.twins(out);
        f64::attend_gradient(values, dp.exact(), mean.exact(), width);
        let peak = <Bfp14>::attend_gradient(mantissas, dp.view(), mean.view(), width);
        assert_eq!(peak.saturated, 0, "{width}");
        p.near(1.0, 2.5e-4, "scores");
    }
}

fn view(data: &[i16], scale: i16) -> View<'_, Bfp14> {
    View {
        data,
        scale: Exponent(scale),
    }
}

fn own(data: &mut [i16], scale: i16) -> ViewMut<'_, Bfp14> {
    ViewMut {
        data,
        scale: Exponent(scale),
    }
}

/// The largest magnitudes that each element can have, with either sign: nothing overflows.
#[test]
fn no_cell_overflows_at_the_ends_of_its_ranges() {
    let ends = [-i16::MAX, -8191, -1, 0, 1, 8191, i16::MAX];
    let scales = [-60, -31, -16, -15, -13, -8, 0, 15, 30];
    for a in ends {
        for b in ends {
            for s in scales {
                for t in scales {
                    let (gates, term) = (&mut [a, b, b, a][..], &mut [b.clamp(-8191, 8191)][..]);
                    let one = [a.clamp(-8191, 8191)];
                    let (y, dy) = (&mut [0][..], &mut [b.clamp(-8191, 8191)][..]);
                    <Bfp14>::lstm_gradient(
                        own(gates, s),
                        view(&one, t),
                        view(&one, t),
                        view(&one, s),
                        own(dy, t),
                    );
                    <Bfp14>::lstm(own(gates, s), own(term, t), own(y, s));
                    let gates = &mut [a.max(0), b.max(0), a][..];
                    <Bfp14>::gru_gradient(
                        own(gates, s),
                        own(term, s),
                        Exponent(t),
                        view(&one, t),
                        own(dy, t),
                    );
                    let state = [one[0]; 3];
                    let gates = &mut [a, b, a].map(|m: i16| m.clamp(-8191, 8191))[..];
                    <Bfp14>::gru(own(gates, s), view(&state, t), view(&one, t), own(y, s));
                    let scores = &mut [one[0], dy[0], 0][..];
                    <Bfp14>::attend(own(scores, s), 1);
                    <Bfp14>::attend_gradient(
                        own(scores, t),
                        view(&[8191, -8191, 0], s),
                        view(&[-8191, 8191, 1], t),
                        1,
                    );
                }
            }
        }
    }
}

#[test]
fn probabilities_go_into_a_sum_whole() {
    let random = &mut Pcg::new(7);
    for terms in [1, 7, 8, 9, 100] {
        let w = Both::drawn(random, 3 * terms, 8191, -12);
        let x = Both::gates(random, 0, terms);
        let mut y = Both::drawn(random, 6, 100, -8);
        let sweep = Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: terms,
            first: 0,
            target: 1,
            outputs: 3,
        };
        let (mantissas, values) = y.twins(-8);
        let bias = [0.5, -1.0, 0.25];
        f64::affine_more(w.exact(), &bias, x.exact(), values, sweep);
        let bias = bias.map(|b: f64| Saturating((b * 16_777_216.0) as i32));
        let peak = <Bfp14>::affine_more(w.view(), &bias, x.view(), mantissas, sweep);
        assert_eq!(peak.saturated, 0);
        y.near(1.0, 1e-5, "sums");
    }
    // As many of the largest products as there can be.
    for sign in [1, -1] {
        let w = Both::new(vec![8191; 8192], -13);
        let x = Both::new(vec![sign * i16::MAX; 8192], UNIT_SCALE);
        let mut y = Both::new(vec![0], -13);
        let sweep = Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: 8192,
            first: 0,
            target: 0,
            outputs: 1,
        };
        let peak = <Bfp14>::affine_more(w.view(), &[], x.view(), y.at(-13), sweep);
        assert_eq!((y.mantissas[0], peak.saturated), (sign * 8191, 1));
    }
}

#[test]
fn weight_gradients_have_room_for_all_frames_of_all_samples() {
    let sweep = |from: usize, positions| Sweep {
        positions,
        start: 2 * from,
        step: 2,
        length: 2,
        first: 0,
        target: from,
        outputs: 3,
    };
    let random = &mut Pcg::new(8);
    let (x, dy) = (
        Both::drawn(random, 200, 8191, -13),
        Both::drawn(random, 300, 8191, -20),
    );
    let gradient = |pieces: &[(usize, usize)]| {
        let (mut dw, mut track) = ([77; 6], Default::default());
        for (index, (from, count)) in pieces.iter().enumerate() {
            let grad = Grad {
                data: &mut dw,
                track: Some(&mut track),
            };
            <Bfp14>::series_weights(x.view(), dy.view(), grad, sweep(*from, *count), index == 0, 100);
        }
        (dw, <Bfp14 as crate::kernel::Kernel>::gradient_scale(Some(&track)))
    };
    let (whole, scale) = gradient(&[(0, 100)]);
    let step = libm::exp2(scale.0.into());
    for (k, dw) in whole.iter().enumerate() {
        let exact: f64 = (0..100)
            .map(|t| x.values[2 * t + k / 3] * dy.values[3 * t + k % 3])
            .sum();
        assert!((f64::from(*dw) * step - exact).abs() <= 2.0 * step, "{k}: {dw}");
    }
    // In pieces, at the same scale, each frame rounded by itself.
    let single: Vec<(usize, usize)> = (0..100).map(|t| (t, 1)).collect();
    let (pieces, same) = gradient(&single);
    assert_eq!(scale, same);
    for (a, b) in whole.iter().zip(pieces) {
        assert!((a - b).abs() <= 50, "{a} and {b}");
    }
    // A piece without a frame begins with nothing.
    assert_eq!(gradient(&[(0, 0)]).0, [0; 6]);
    // The largest there can be.
    let (x, dy) = (Both::new(vec![8191; 200], 0), Both::new(vec![-8191; 300], 0));
    let mut dw = [0; 6];
    for _ in 0..32 {
        let grad = Grad {
            data: &mut dw,
            track: None,
        };
        <Bfp14>::series_weights(x.view(), dy.view(), grad, sweep(0, 100), false, 100);
    }
    let exact = 3200.0 * 8191.0 * 8191.0 / 128.0;
    assert!(
        dw.iter().all(|dw| (f64::from(*dw) + exact).abs() <= 1000.0),
        "{dw:?} {exact}"
    );
}

#[test]
fn a_token_names_a_row_or_gives_nothing() {
    let table = Both::new((0..10).map(|k| 100 * k + 3).collect(), -12);
    for (scale, tokens, rows) in [
        (
            0,
            [4, 0, 5, -1, 2, i16::MAX],
            [Some(4), Some(0), None, None, Some(2), None],
        ),
        (
            -2,
            [16, 0, 6, -4, 8, 2],
            [Some(4), Some(0), None, None, Some(2), None],
        ),
        (
            1,
            [2, 0, 3, -1, 1, i16::MAX],
            [Some(4), Some(0), None, None, Some(2), None],
        ),
        (
            40,
            [0, 1, 0, 1, 0, 1],
            [Some(0), None, Some(0), None, Some(0), None],
        ),
        (
            -40,
            [0, 1, 0, 1, 0, 1],
            [Some(0), None, Some(0), None, Some(0), None],
        ),
    ] {
        let tokens = Both::new(tokens.to_vec(), scale);
        let mut y = Both::new(vec![55; 12], -11);
        let peak = <Bfp14>::look_up(table.view(), tokens.view(), y.at(-11));
        let missing = rows.iter().filter(|row| row.is_none()).count();
        assert_eq!(peak.saturated, 2 * missing as u32);
        let dy = Both::new((1..13).collect(), -17);
        let (mut dw, mut track) = ([1000; 10], Default::default());
        let grad = Grad {
            data: &mut dw,
            track: Some(&mut track),
        };
        <Bfp14>::look_up_gradient(tokens.view(), dy.view(), grad);
        assert_eq!(
            <Bfp14 as crate::kernel::Kernel>::gradient_scale(Some(&track)),
            Exponent(-17)
        );
        let mut expected = [1000; 10];
        for (t, row) in rows.iter().enumerate() {
            for c in 0..2 {
                let found = y.mantissas[2 * t + c];
                match row {
                    Some(row) => {
                        // Half of what is in the table, halves up.
                        assert_eq!(found, (table.mantissas[2 * row + c] + 1) >> 1);
                        expected[2 * row + c] += (1 + 2 * t + c) as i32;
                    }
                    None => assert_eq!(found, 0),
                }
            }
        }
        assert_eq!(dw, expected);
    }
}

/// Slices that do not fit change nothing, or less than all.
#[test]
fn short_slices_do_not_panic() {
    let mut none = Both::new(vec![], -13);
    let mut some = Both::new(vec![5; 7], -13);
    let one = Both::new(vec![5], -13);
    <Bfp14>::lstm(some.at(-13), one.clone().at(-13), none.clone().at(-13));
    <Bfp14>::gru(one.clone().at(-13), one.view(), one.view(), some.at(-13));
    <Bfp14>::look_up(none.view(), none.view(), some.at(-13));
    <Bfp14>::look_up(none.view(), one.view(), some.at(-13));
    <Bfp14>::attend(none.at(-13), 0);
    let sweep = Sweep {
        positions: 3,
        start: 5,
        step: 4,
        length: 6,
        first: 1,
        target: 2,
        outputs: 3,
    };
    <Bfp14>::affine_more(one.view(), &[], one.view(), some.at(-13), sweep);
    let mut dw = [0; 4];
    let grad = Grad {
        data: &mut dw,
        track: None,
    };
    <Bfp14>::series_weights(one.view(), some.view(), grad, sweep, true, 3);
}
