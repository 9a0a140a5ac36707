//! Means over positions, and their gradient.

use super::limit::Limiter;
use super::products::{Block, BlockMut};
use super::rescale::Rescale;
use super::share::Share;
use crate::number::bfp::Peak;

/// Channels whose sums advance together.
const LANES: usize = 8;

/// `y[c] = (1/T) Σ_t x[t][c]`: at most 65,535 mantissas, whose sum has 29 bits.
pub(super) fn mean(x: Block<'_>, y: BlockMut<'_>) -> Peak {
    let channels = y.0.len();
    let share = Share::new(x.0.len().checked_div(channels).unwrap_or(0));
    let out = Rescale::by(y.1 - x.1 + share.fraction());
    let mut limiter = Limiter::new();
    for (block, y) in y.0.chunks_mut(LANES).enumerate() {
        let mut sums = [0_i32; LANES];
        for x in x.0.chunks_exact(channels) {
            for (sum, x) in sums.iter_mut().zip(x.get(block * LANES..).unwrap_or(&[])) {
                *sum += i32::from(*x);
            }
        }
        for (y, sum) in y.iter_mut().zip(sums) {
            *y = limiter.limit(out.of(share.of(sum)));
        }
    }
    limiter.peak()
}

/// `dx[t][c] += dy[c] / T`
pub(super) fn mean_gradient(dy: Block<'_>, dx: BlockMut<'_>) -> Peak {
    let channels = dy.0.len();
    let share = Share::new(dx.0.len().checked_div(channels).unwrap_or(0));
    let out = Rescale::by(dx.1 - dy.1 + share.fraction());
    let mut limiter = Limiter::new();
    for (block, dy) in dy.0.chunks(LANES).enumerate() {
        let mut shares = [0_i32; LANES];
        for (share_of, dy) in shares.iter_mut().zip(dy) {
            *share_of = out.of(share.of((*dy).into()));
        }
        for dx in dx.0.chunks_exact_mut(channels) {
            let dx = dx.get_mut(block * LANES..).unwrap_or(&mut []);
            for (dx, share) in dx.iter_mut().zip(shares).take(dy.len()) {
                *dx = limiter.limit(i32::from(*dx).saturating_add(share));
            }
        }
    }
    limiter.peak()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::number::random::Pcg;
    use std::vec;
    use std::vec::Vec;

    fn drawn(random: &mut Pcg, count: usize) -> Vec<i16> {
        (0..count).map(|_| random.below(16_383) as i16 - 8191).collect()
    }

    #[test]
    fn means_and_their_gradients_are_the_formula() {
        let mut random = Pcg::new(4);
        for channels in [1, 7, 8, 9, 33] {
            for count in [1, 2, 3, 49, 64, 1000] {
                let x = drawn(&mut random, channels * count);
                let mut y = vec![99; channels];
                assert_eq!(mean((&x, -10), (&mut y, -9)).saturated, 0);
                for (c, y) in y.iter().enumerate() {
                    let sum: i32 = x.iter().skip(c).step_by(channels).map(|x| i32::from(*x)).sum();
                    let exact = f64::from(sum) / count as f64 / 2.0;
                    assert!((f64::from(*y) - exact).abs() <= 1.0, "{y} {exact}");
                }
                // A scale that is finer by as much as the share is smaller.
                let finer = usize::BITS as i32 - count.leading_zeros() as i32;
                let (dy, before) = (drawn(&mut random, channels), drawn(&mut random, x.len()));
                let mut dx: Vec<_> = before.iter().map(|dx| dx / 8).collect();
                mean_gradient((&dy, -10), (&mut dx, -8 - finer));
                for (k, (dx, before)) in dx.iter().zip(&before).enumerate() {
                    let share = f64::from(dy[k % channels]) * libm::exp2(f64::from(finer - 2)) / count as f64;
                    let exact = f64::from(before / 8) + share;
                    assert!((f64::from(*dx) - exact).abs() <= 1.0, "{dx} {exact}");
                }
            }
        }
    }

    #[test]
    fn the_largest_mean_fits() {
        for sign in [1, -1] {
            let x = vec![sign * 8191; 65_535];
            let mut y = [0];
            mean((&x, 0), (&mut y, 0));
            assert_eq!(y, [sign * 8191]);
        }
    }
}
