//! `Sequence` in block fixed point: look-up, and sums over the frames of a series.
//!
//! Gates and probabilities have 15 fraction bits and fill their 16 bits, two more than a mantissa: they are
//! within ±1 whatever the data, and go into products of matrices at most as one of the two factors.

use super::limit::{Limiter, bits};
use super::products::{self, GROUP_SHIFT, weight_bits};
use super::{attend, cells, set_gradient_scale};
use crate::kernel::{Grad, Sequence, Sweep};
use crate::math::fixed::shift;
use crate::number::bfp::{BIAS_FRACTION, Bfp14, Exponent, Master, Peak};
use crate::number::{View, ViewMut};
use core::num::Saturating;

/// Fraction bits of a gate or a probability.
pub(super) const UNIT: i32 = 15;

/// Products of a mantissa and one of 16 bits that one group sums: `8 · 8191 · 32767 + 128 < 2³¹`.
const WIDE_GROUP: usize = 8;

impl<M: Master> Sequence for Bfp14<M> {
    fn unit() -> Exponent {
        Exponent(-UNIT as i16)
    }

    fn token(element: i16, scale: Exponent) -> Option<usize> {
        row(element, scale, 1 << 16)
    }

    fn affine_more(
        w: View<'_, Self>,
        b: &[Saturating<i32>],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        sweep: Sweep,
    ) -> Peak {
        affine_more(w, b, x, y, sweep)
    }

    fn series_weights(
        x: View<'_, Self>,
        dy: View<'_, Self>,
        dw: Grad<'_, Self>,
        sweep: Sweep,
        fresh: bool,
        terms: usize,
    ) {
        series_weights(x, dy, dw, sweep, fresh, terms);
    }

    /// A token `t` is the value `t`: at the exponent 0 the mantissa itself.
    fn look_up(table: View<'_, Self>, tokens: View<'_, Self>, y: ViewMut<'_, Self>) -> Peak {
        let by = bits(y.scale) - bits(table.scale);
        let mut limiter = Limiter::new();
        let mut missing = 0;
        let Some(width) = y
            .data
            .len()
            .checked_div(tokens.data.len())
            .filter(|width| *width > 0)
        else {
            return Peak::default();
        };
        for (y, token) in y.data.chunks_exact_mut(width).zip(tokens.data) {
            match row(*token, tokens.scale, table.data.len() / width)
                .and_then(|row| table.data.get(row * width..))
            {
                Some(row) => {
                    for (y, w) in y.iter_mut().zip(row) {
                        *y = limiter.limit(shift((*w).into(), by));
                    }
                }
                None => {
                    y.fill(0);
                    missing += width as u32;
                }
            }
        }
        let Peak { largest, saturated } = limiter.peak();
        Peak {
            largest,
            saturated: saturated.saturating_add(missing),
        }
    }

    /// Sums `dy` as it is: an `i32` holds 2¹⁸ of them, those of 32 samples of 8,192 frames.
    fn look_up_gradient(tokens: View<'_, Self>, dy: View<'_, Self>, dtable: Grad<'_, Self>) {
        set_gradient_scale(dtable.track, bits(dy.scale));
        let Some(width) = dy
            .data
            .len()
            .checked_div(tokens.data.len())
            .filter(|width| *width > 0)
        else {
            return;
        };
        let rows = dtable.data.len() / width;
        for (dy, token) in dy.data.chunks_exact(width).zip(tokens.data) {
            let row = row(*token, tokens.scale, rows);
            let Some(dw) = row.and_then(|row| dtable.data.get_mut(row * width..)) else {
                continue;
            };
            for (dw, dy) in dw.iter_mut().zip(dy) {
                *dw = dw.saturating_add((*dy).into());
            }
        }
    }

    fn lstm(gates: ViewMut<'_, Self>, cell: ViewMut<'_, Self>, y: ViewMut<'_, Self>) -> [Peak; 2] {
        cells::lstm(gates, cell, y)
    }

    fn lstm_gradient(
        gates: ViewMut<'_, Self>,
        cell: View<'_, Self>,
        before: View<'_, Self>,
        dy: View<'_, Self>,
        dcell: ViewMut<'_, Self>,
    ) -> [Peak; 2] {
        cells::lstm_gradient(gates, cell, before, dy, dcell)
    }

    fn gru(
        gates: ViewMut<'_, Self>,
        state: View<'_, Self>,
        before: View<'_, Self>,
        y: ViewMut<'_, Self>,
    ) -> Peak {
        cells::gru(gates, state, before, y)
    }

    fn gru_gradient(
        gates: ViewMut<'_, Self>,
        term: ViewMut<'_, Self>,
        from: Exponent,
        before: View<'_, Self>,
        dy: ViewMut<'_, Self>,
    ) -> Peak {
        cells::gru_gradient(gates, term, from, before, dy)
    }

    fn attend(scores: ViewMut<'_, Self>, width: usize) {
        attend::attend(scores, width);
    }

    fn attend_gradient(p: ViewMut<'_, Self>, dp: View<'_, Self>, mean: View<'_, Self>, width: usize) -> Peak {
        attend::attend_gradient(p, dp, mean, width)
    }
}

/// The row of a table that a token names: one of `rows`, if the token is a whole number.
fn row(token: i16, scale: Exponent, rows: usize) -> Option<usize> {
    let (token, exponent) = (u32::try_from(token).ok()?, bits(scale));
    let whole = if exponent >= 0 {
        // More than 16 bits are no row of any table.
        token.checked_mul(1 << exponent.min(16))?
    } else {
        let below = (-exponent).min(16);
        (token & ((1 << below) - 1) == 0).then_some(token >> below)?
    };
    Some(whole as usize).filter(|row| *row < rows)
}

/// `Σ a[k] b[k]`, divided by 256, where one of the two may fill its 16 bits.
fn dot_wide<'a>(a: &'a [i16], mut b: impl Iterator<Item = &'a i16>) -> i32 {
    let mut outer = 0_i32;
    for a in a.chunks(WIDE_GROUP) {
        let mut inner = 0_i32;
        for (a, b) in a.iter().zip(&mut b) {
            inner += i32::from(*a) * i32::from(*b);
        }
        outer = outer.saturating_add(shift(inner, GROUP_SHIFT));
    }
    outer
}

fn affine_more<M: Master>(
    w: View<'_, Bfp14<M>>,
    b: &[Saturating<i32>],
    x: View<'_, Bfp14<M>>,
    y: ViewMut<'_, Bfp14<M>>,
    sweep: Sweep,
) -> Peak {
    let outputs = sweep.outputs;
    let sums = bits(w.scale) + bits(x.scale) + GROUP_SHIFT;
    let by = bits(y.scale) - sums;
    let bias = sums + i32::from(BIAS_FRACTION);
    let mut limiter = Limiter::new();
    let Some(w) = w.data.get(sweep.first * outputs..) else {
        return Peak::default();
    };
    let Some(y) = y.data.get_mut(sweep.target * outputs..) else {
        return Peak::default();
    };
    if outputs == 0 {
        return Peak::default();
    }
    for (p, y) in y.chunks_exact_mut(outputs).take(sweep.positions).enumerate() {
        let start = sweep.start + p * sweep.step;
        let Some(x) = x.data.get(start..start + sweep.length) else {
            return limiter.peak();
        };
        for (o, y) in y.iter_mut().enumerate() {
            let column = w.get(o..).unwrap_or(&[]).iter().step_by(outputs);
            let more = b.get(o).map_or(0, |b| shift(b.0, bias));
            let sum = shift(dot_wide(x, column).saturating_add(more), by);
            *y = limiter.limit(sum.saturating_add((*y).into()));
        }
    }
    limiter.peak()
}

/// Divided by a power of two that is the same for all calls, so that an `i32` holds the sum of 32 samples.
fn series_weights<M: Master>(
    x: View<'_, Bfp14<M>>,
    dy: View<'_, Bfp14<M>>,
    dw: Grad<'_, Bfp14<M>>,
    sweep: Sweep,
    fresh: bool,
    terms: usize,
) {
    let by = weight_bits(terms);
    set_gradient_scale(dw.track, bits(x.scale) + bits(dy.scale) + by);
    if fresh && sweep.positions == 0 {
        return dw.data.fill(0);
    }
    products::affine_weights(x.data, dy.data, dw.data, sweep, by, fresh);
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;
