//! Products with matrices: dense layers, and convolutions as sweeps.
//!
//! Everything here works on mantissas and exponents, whatever the master weights are. Weights lie input-major, so the
//! sums of some outputs advance together and nothing walks down a column of weights.

mod sums;

pub(super) use sums::{GROUP, GROUP_SHIFT, MOST_TERMS, Sums, bias_bits, weight_bits};

use super::limit::Limiter;
use super::rescale::Rescale;
use crate::kernel::{Runs, Sweep};
use crate::math::fixed::{shift, shift_wide};
use crate::number::bfp::{BIAS_FRACTION, Peak};
use core::num::Saturating;
use sums::{Columns, add_groups, dot, down};

/// Mantissas and their exponent.
pub(super) type Block<'a> = (&'a [i16], i32);
/// Mantissas to write and their exponent.
pub(super) type BlockMut<'a> = (&'a mut [i16], i32);

/// `y = b + W x` with the sum over several runs, at each position; `y += W x` where `b` is empty.
pub(super) fn affine(
    w: Block<'_>,
    b: &[Saturating<i32>],
    x: Block<'_>,
    y: BlockMut<'_>,
    runs: &Runs,
) -> Peak {
    let Sweep {
        positions,
        target,
        outputs,
        ..
    } = runs.sweep;
    let mut end = End::new(w.1 + x.1, y.1);
    let Some(y) = y.0.get_mut(target * outputs..) else {
        return Peak::default();
    };
    let y = y.get_mut(..positions * outputs).unwrap_or(&mut []);
    let mut from = 0;
    while from < outputs {
        from += match outputs - from {
            16.. => end.block::<16>(y, b, (w.0, x.0), runs, from),
            8.. => end.block::<8>(y, b, (w.0, x.0), runs, from),
            4.. => end.block::<4>(y, b, (w.0, x.0), runs, from),
            _ => end.block::<1>(y, b, (w.0, x.0), runs, from),
        };
    }
    end.peak()
}

/// What becomes of sums at the end.
pub(super) struct End {
    out: Rescale,
    /// From a bias to the scale of the sums.
    bias: i32,
    limiter: Limiter,
}

impl End {
    /// Outputs `from..from + B` at every position; returns how many those are.
    #[inline(never)]
    fn block<const B: usize>(
        &mut self,
        y: &mut [i16],
        b: &[Saturating<i32>],
        (w, x): (&[i16], &[i16]),
        runs: &Runs,
        from: usize,
    ) -> usize {
        let bias = b.get(from..).and_then(<[_]>::first_chunk::<B>);
        let bias = bias.map(|b| b.map(|b| shift(b.0, self.bias)));
        let (out, mut limiter) = (self.out, self.limiter);
        for (p, y) in y.chunks_exact_mut(runs.sweep.outputs).enumerate() {
            let Some(y) = y.get_mut(from..).and_then(<[_]>::first_chunk_mut::<B>) else {
                break;
            };
            let sums = sums_at::<B>(w, x, runs, p, from);
            match &bias {
                Some(bias) => {
                    for ((y, sum), b) in y.iter_mut().zip(sums).zip(bias) {
                        *y = limiter.limit(out.of(sum.saturating_add(*b)));
                    }
                }
                None => {
                    for (y, sum) in y.iter_mut().zip(sums) {
                        *y = limiter.limit(i32::from(*y).saturating_add(out.of(sum)));
                    }
                }
            }
        }
        self.limiter = limiter;
        B
    }

    /// Of products at `2^products`, for outputs at `2^y`.
    pub(super) const fn new(products: i32, y: i32) -> Self {
        let sums = products + GROUP_SHIFT;
        Self {
            out: Rescale::by(y - sums),
            bias: sums + BIAS_FRACTION as i32,
            limiter: Limiter::new(),
        }
    }

    /// What was seen.
    pub(super) const fn peak(&self) -> Peak {
        self.limiter.peak()
    }

    /// `y = b + sums`, or `y += sums` without `b`.
    #[inline]
    pub(super) fn put<const B: usize>(
        &mut self,
        y: &mut [i16],
        b: Option<&[Saturating<i32>]>,
        sums: [i32; B],
    ) {
        match b {
            Some(b) if !b.is_empty() => {
                for ((y, sum), b) in y.iter_mut().zip(sums).zip(b) {
                    let sum = sum.saturating_add(shift(b.0, self.bias));
                    *y = self.limiter.limit(self.out.of(sum));
                }
            }
            _ => {
                for (y, sum) in y.iter_mut().zip(sums) {
                    let sum = i32::from(*y).saturating_add(self.out.of(sum));
                    *y = self.limiter.limit(sum);
                }
            }
        }
    }
}

/// The sums of `B` outputs from `from` on at position `p`.
#[inline]
fn sums_at<const B: usize>(w: &[i16], x: &[i16], runs: &Runs, p: usize, from: usize) -> [i32; B] {
    let outputs = runs.sweep.outputs;
    let mut sums = Sums::<B>::new();
    runs.each(|run| {
        let start = run.start + p * run.step;
        if let (Some(x), Some(rows)) = (x.get(start..start + run.length), w.get(run.first * outputs..)) {
            let width = outputs;
            sums.add(x, Columns { rows, width, from });
        }
    });
    sums.end()
}

/// `dx += Wᵀ dy`, at each position of the sweep.
pub(super) fn affine_input(w: Block<'_>, dy: Block<'_>, dx: BlockMut<'_>, sweep: Sweep) -> Peak {
    let outputs = sweep.outputs;
    let out = Rescale::by(dx.1 - (w.1 + dy.1 + GROUP_SHIFT));
    let mut limiter = Limiter::new();
    let (Some(w), Some(dy)) = (
        w.0.get(sweep.first * outputs..),
        dy.0.get(sweep.target * outputs..),
    ) else {
        return Peak::default();
    };
    if outputs == 0 {
        return Peak::default();
    }
    for (p, dy) in dy.chunks_exact(outputs).take(sweep.positions).enumerate() {
        let start = sweep.start + p * sweep.step;
        let Some(dx) = dx.0.get_mut(start..start + sweep.length) else {
            return limiter.peak();
        };
        // A convolution of 16 channels, half of whose outputs a relu has set to 0.
        if let Ok(dy) = <&[i16; 16]>::try_from(dy)
            && zeros(dy) >= 4
        {
            let (mut dx, rows) = (dx, w.as_chunks::<16>().0);
            let mut k = 0;
            while let Some(rows) = rows.get(k..).and_then(<[_]>::first_chunk::<8>)
                && let Some((now, _)) = dx.split_first_chunk_mut::<8>()
            {
                for (dx, sum) in now.iter_mut().zip(down(rows, dy)) {
                    *dx = limiter.limit(i32::from(*dx).saturating_add(out.of(sum)));
                }
                dx = dx.get_mut(8..).unwrap_or(&mut []);
                k += 8;
            }
            for (dx, w) in dx.iter_mut().zip(rows.get(k..).unwrap_or(&[])) {
                let sum = out.of(dot(w, dy));
                *dx = limiter.limit(i32::from(*dx).saturating_add(sum));
            }
            continue;
        }
        for (dx, w) in dx.iter_mut().zip(w.chunks_exact(outputs)) {
            let sum = out.of(dot(w, dy));
            *dx = limiter.limit(i32::from(*dx).saturating_add(sum));
        }
    }
    limiter.peak()
}

/// Elements that are 0.
fn zeros(data: &[i16]) -> usize {
    data.iter().filter(|value| **value == 0).count()
}

/// `dW += x dyᵀ` over the positions of the sweep, divided by `2^by`.
pub(super) fn affine_weights(x: &[i16], dy: &[i16], dw: &mut [i32], sweep: Sweep, by: i32, fresh: bool) {
    let Sweep {
        positions,
        start,
        step,
        length,
        first,
        target,
        outputs,
    } = sweep;
    let by = Rescale::by(by);
    let (Some(dy), Some(dw)) = (
        dy.get(target * outputs..)
            .and_then(|dy| dy.get(..positions * outputs)),
        dw.get_mut(first * outputs..),
    ) else {
        return;
    };
    if outputs == 0 || positions == 0 {
        return;
    }
    if fresh && let Some(dw) = dw.get_mut(..length * outputs) {
        dw.fill(0);
    }
    for (k, dw) in dw.chunks_exact_mut(outputs).take(length).enumerate() {
        let Some(x) = x.get(start + k..) else { return };
        if positions == 1 {
            let x = x.first().copied().map_or(0, i32::from);
            for (dw, dy) in dw.iter_mut().zip(dy) {
                *dw = dw.saturating_add(by.of(i32::from(*dy) * x));
            }
            continue;
        }
        let x = (x, step);
        let mut from = 0;
        while from < outputs {
            let Some(dw) = dw.get_mut(from..) else { return };
            let columns = Columns {
                rows: dy,
                width: outputs,
                from,
            };
            from += match outputs - from {
                16.. => groups::<16>(dw, x, columns, positions, by),
                8.. => groups::<8>(dw, x, columns, positions, by),
                4.. => groups::<4>(dw, x, columns, positions, by),
                _ => groups::<1>(dw, x, columns, positions, by),
            };
        }
    }
}

/// [`add_groups`] for the first `B` gradients of a row; returns how many those are.
#[inline]
fn groups<const B: usize>(
    dw: &mut [i32],
    x: (&[i16], usize),
    dy: Columns<'_>,
    positions: usize,
    by: Rescale,
) -> usize {
    if let Some(dw) = dw.first_chunk_mut::<B>() {
        add_groups(dw, x, dy, positions, by);
    }
    B
}

/// `db += Σ_p dy[p]`, divided by `2^by`.
pub(super) fn affine_bias(dy: &[i16], db: &mut [i32], by: i32, fresh: bool) {
    let channels = db.len();
    if channels == 0 {
        return;
    }
    if fresh {
        db.fill(0);
    }
    if by == 0 {
        for dy in dy.chunks_exact(channels) {
            for (db, dy) in db.iter_mut().zip(dy) {
                *db = db.saturating_add((*dy).into());
            }
        }
        return;
    }
    // Many positions and so few channels: outputs have at most 65,535 elements.
    let by = Rescale::by(by);
    for (c, db) in db.iter_mut().enumerate() {
        let sum = dy
            .chunks_exact(channels)
            .filter_map(|dy| dy.get(c))
            .map(|dy| i32::from(*dy))
            .sum();
        *db = db.saturating_add(by.of(sum));
    }
}

/// `‖x‖² ‖dy‖²` with 32 fraction bits: two sums of at most 2⁴² each, of which the 31 highest bits are multiplied.
pub(super) fn outer_square(x: Block<'_>, dy: Block<'_>) -> i64 {
    let [(x, down_x), (dy, down_dy)] = [x, dy].map(|(data, exponent)| {
        let sum: u64 = data.chunks(GROUP).map(|data| u64::from(squares(data))).sum();
        let down = 33_i32.saturating_sub(sum.leading_zeros() as i32).max(0);
        (sum >> down, down + 2 * exponent)
    });
    shift_wide((x * dy) as i64, -(down_x + down_dy + 32))
}

/// `g²` by halves of 16 bits, since a chip without a multiplier of 64 bits takes longer than for three of 32.
#[inline]
pub(super) fn square(g: i32) -> u64 {
    let magnitude = g.unsigned_abs();
    let (high, low) = (magnitude >> 16, magnitude & 0xffff);
    let square = u64::from(low * low);
    if high == 0 {
        return square;
    }
    square + (u64::from(high * low) << 17) + (u64::from(high * high) << 32)
}

/// `Σ x²` of a group.
fn squares(x: &[i16]) -> u32 {
    x.iter().map(|x| u32::from(x.unsigned_abs()).pow(2)).sum()
}

#[cfg(test)]
mod tests;
