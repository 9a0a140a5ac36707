//! Each loop against its formula, one element after the other, bit for bit: blocks, their tails, and
//! slices that do not fit each other.

use super::*;
use crate::number::random::Pcg;

const MOST: usize = 40;

/// Numbers of mixed magnitude, so that another order of a sum shows in its bits.
fn filled<const N: usize>(random: &mut Pcg) -> [f32; N] {
    core::array::from_fn(|_| {
        let scale = [1.0, 1e-4, 1e4][random.below(3) as usize];
        (random.uniform() - 0.5) * scale
    })
}

fn bits<const N: usize>(values: [f32; N]) -> [u32; N] {
    values.map(f32::to_bits)
}

#[test]
fn zips_stop_at_the_shortest() {
    let mut random = Pcg::new(1);
    for length in 0..=MOST {
        for other in length.saturating_sub(9)..=(length + 9).min(MOST) {
            let (start_a, start_b, c) = (
                filled::<MOST>(&mut random),
                filled::<MOST>(&mut random),
                filled::<MOST>(&mut random),
            );
            let (mut a, mut expected) = (start_a, start_a);
            zip::<f32, 8>(&mut a[..length], &c[..other], |a, c| a - 3.0 * c);
            for i in 0..length.min(other) {
                expected[i] = start_a[i] - 3.0 * c[i];
            }
            assert_eq!(bits(a), bits(expected), "{length} and {other}");

            let (mut a, mut b) = (start_a, start_b);
            let (mut expected_a, mut expected_b) = (start_a, start_b);
            momentum(&mut a[..length], &mut b[..other], &c, 0.1, 0.9);
            for i in 0..length.min(other) {
                expected_b[i] = 0.9 * start_b[i] + c[i];
                expected_a[i] = start_a[i] - 0.1 * expected_b[i];
            }
            assert_eq!(bits(a), bits(expected_a), "{length} and {other}");
            assert_eq!(bits(b), bits(expected_b), "{length} and {other}");
        }
    }
}

#[test]
fn sums_are_in_the_order_of_memory() {
    let mut random = Pcg::new(2);
    for outputs in 0..=MOST {
        for taps in 0..7 {
            for step in [1, 3] {
                let start = filled::<MOST>(&mut random);
                let c = filled::<24>(&mut random);
                let rows = filled::<{ 7 * MOST }>(&mut random);
                let (mut y, mut expected) = (start, start);
                let used = if taps == 0 { 0 } else { (taps - 1) * step + 1 };
                combine(&mut y[..outputs], &c[..used], step, &rows);
                for (o, y) in expected[..outputs].iter_mut().enumerate() {
                    for k in 0..taps {
                        *y += c[k * step] * rows[k * outputs + o];
                    }
                }
                assert_eq!(
                    bits(y),
                    bits(expected),
                    "{outputs} outputs, {taps} taps, step {step}"
                );
            }
        }
    }
}

#[test]
fn projections_are_in_the_order_of_memory() {
    let mut random = Pcg::new(3);
    for outputs in 0..=MOST {
        for inputs in 0..11 {
            let start = filled::<11>(&mut random);
            let dy = filled::<MOST>(&mut random);
            let w = filled::<{ 11 * MOST }>(&mut random);
            let (mut dx, mut expected) = (start, start);
            project(&mut dx[..inputs], &w[..inputs * outputs], &dy[..outputs]);
            for (k, dx) in expected[..inputs].iter_mut().enumerate().filter(|_| outputs > 0) {
                let mut sum = 0.0;
                for o in 0..outputs {
                    sum += dy[o] * w[k * outputs + o];
                }
                *dx += sum;
            }
            assert_eq!(bits(dx), bits(expected), "{outputs} outputs, {inputs} inputs");
        }
    }
}

#[test]
fn outer_products_overwrite_only_what_is_fresh() {
    let mut random = Pcg::new(4);
    for outputs in 0..=MOST {
        for inputs in 0..6 {
            for fresh in [false, true] {
                let start = filled::<{ 6 * MOST }>(&mut random);
                let x = filled::<6>(&mut random);
                let dy = filled::<MOST>(&mut random);
                let (mut dw, mut expected) = (start, start);
                outer(&mut dw[..inputs * outputs], &x, &dy[..outputs], fresh);
                for k in 0..inputs {
                    for o in 0..outputs {
                        let product = x[k] * dy[o];
                        let dw = &mut expected[k * outputs + o];
                        *dw = if fresh { product } else { *dw + product };
                    }
                }
                assert_eq!(bits(dw), bits(expected), "{outputs} outputs, {inputs} inputs");
            }
        }
    }
}

#[test]
fn squares_are_summed_in_sixteen_lanes() {
    let mut random = Pcg::new(5);
    for length in 0..=MOST {
        let g = filled::<MOST>(&mut random);
        let mut lanes = [0.0f32; 16];
        for (i, g) in g[..length].iter().enumerate() {
            lanes[i % 16] += g * g;
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        let expected = lanes[0];
        assert_eq!(square_sum(&g[..length]).to_bits(), expected.to_bits(), "{length}");
    }
}
