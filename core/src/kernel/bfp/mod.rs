//! The primitives in 16-bit block fixed point.
//!
//! No accumulator can overflow. A product of mantissas is at most 8191²; 32 of them plus the rounding
//! addend are `32 · 8191² + 128 < 2³¹`. Each such group, divided by 256, goes into an outer sum, which
//! holds 256 groups: `256 · (32 · 8191² + 128) / 256 < 2³¹`. So a sum has up to 8,192 terms. Integer
//! sums do not depend on their order, so accelerated twins may take any.

mod gate;
mod judge;
mod kinds;
mod limit;
mod normal;
mod sequence;
mod spatial;

use super::{Grad, Kernel, Sweep};
use crate::math::Unary;
use crate::math::fixed::{self, shift, shift_wide};
use crate::number::bfp::{self, BIAS_FRACTION, Bfp14, Exponent, Field, Master, Peak, Q32, Track};
use crate::number::{View, ViewMut};
use core::num::Saturating;
use limit::{Limiter, bits};

/// Products that one group sums.
const GROUP: usize = 32;
/// Bits by which a group is divided before it goes into the outer sum.
const GROUP_SHIFT: i32 = 8;

/// `Σ a[k] b[k]`, divided by 256.
fn dot<'a>(a: impl Iterator<Item = &'a i16>, b: impl Iterator<Item = &'a i16>) -> i32 {
    let (mut outer, mut inner, mut count) = (0_i32, 0_i32, 0);
    for (a, b) in a.zip(b) {
        inner += i32::from(*a) * i32::from(*b);
        count += 1;
        if count == GROUP {
            outer = outer.saturating_add(shift(inner, GROUP_SHIFT));
            (inner, count) = (0, 0);
        }
    }
    outer.saturating_add(shift(inner, GROUP_SHIFT))
}

impl<M: Master> Kernel for Bfp14<M> {
    const KINDS: u128 =
        kinds::PRODUCTS | kinds::POINTWISE | kinds::SPATIAL | kinds::NORMAL | kinds::SEQUENCE | kinds::JUDGE;
    const FUSES: bool = true;
    /// `32 · 8191² < 2³¹`
    const MOST_SAMPLES: u16 = 32;
    const MOST_TERMS: u32 = 8192;

    fn higher(a: Peak, b: Peak) -> Peak {
        limit::higher(a, b)
    }

    fn follow(mut track: Option<&mut Track>, peak: Peak) {
        let so_far = bfp::get(track.as_deref(), Field::Window);
        let largest = i32::from(so_far).max(peak.largest.min(i16::MAX as u32) as i32);
        bfp::set(track.as_deref_mut(), Field::Window, largest);
        bfp::count(track, Field::Saturated, peak.saturated);
    }

    fn turn(tracks: &mut [Track], at_once: bool) -> bool {
        tracks
            .iter_mut()
            .fold(false, |moved, track| bfp::turn(track, at_once) || moved)
    }

    fn follow_gradient(track: Option<&mut Track>, gradient: &[i32]) {
        if gradient.is_empty() {
            return bfp::set(track, Field::Running, 0);
        }
        let largest = gradient.iter().map(|g| g.unsigned_abs()).max().unwrap_or(0);
        let bits = (32 - largest.leading_zeros()) as i32;
        let so_far = i32::from(bfp::get(track.as_deref(), Field::Running));
        bfp::set(track, Field::Running, bits.max(so_far));
    }

    fn copy(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Peak {
        let by = bits(y.scale) - bits(x.scale);
        let mut limiter = Limiter::new();
        for (y, x) in y.data.iter_mut().zip(x.data) {
            *y = limiter.limit(shift(i32::from(*x), by));
        }
        limiter.peak()
    }

    fn affine(
        w: View<'_, Self>,
        b: &[Saturating<i32>],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
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
            for (o, (y, b)) in y.iter_mut().zip(b).enumerate() {
                let column = w.get(o..).unwrap_or(&[]).iter().step_by(outputs);
                let sum = dot(x.iter(), column).saturating_add(shift(b.0, bias));
                *y = limiter.limit(shift(sum, by));
            }
        }
        limiter.peak()
    }

    fn affine_input(w: View<'_, Self>, dy: View<'_, Self>, dx: ViewMut<'_, Self>, sweep: Sweep) -> Peak {
        let outputs = sweep.outputs;
        let by = bits(dx.scale) - (bits(w.scale) + bits(dy.scale) + GROUP_SHIFT);
        let mut limiter = Limiter::new();
        let Some(w) = w.data.get(sweep.first * outputs..) else {
            return Peak::default();
        };
        let Some(dy) = dy.data.get(sweep.target * outputs..) else {
            return Peak::default();
        };
        if outputs == 0 {
            return Peak::default();
        }
        for (p, dy) in dy.chunks_exact(outputs).take(sweep.positions).enumerate() {
            let start = sweep.start + p * sweep.step;
            let Some(dx) = dx.data.get_mut(start..start + sweep.length) else {
                return limiter.peak();
            };
            for (dx, w) in dx.iter_mut().zip(w.chunks_exact(outputs)) {
                let sum = shift(dot(w.iter(), dy.iter()), by);
                *dx = limiter.limit(i32::from(*dx).saturating_add(sum));
            }
        }
        limiter.peak()
    }

    /// Sums `x · dy` as it is: at exponents that do not change within a batch of at most 32 samples,
    /// an `i32` holds them.
    fn affine_weights(x: View<'_, Self>, dy: View<'_, Self>, dw: Grad<'_, Self>, sweep: Sweep, fresh: bool) {
        let outputs = sweep.outputs;
        set_gradient_scale(dw.track, bits(x.scale) + bits(dy.scale));
        let Some(dy) = dy.data.get(sweep.target * outputs..) else {
            return;
        };
        let Some(dw) = dw.data.get_mut(sweep.first * outputs..) else {
            return;
        };
        if outputs == 0 {
            return;
        }
        for (p, dy) in dy.chunks_exact(outputs).take(sweep.positions).enumerate() {
            let start = sweep.start + p * sweep.step;
            let Some(x) = x.data.get(start..start + sweep.length) else {
                return;
            };
            for (dw, x) in dw.chunks_exact_mut(outputs).zip(x) {
                for (dw, dy) in dw.iter_mut().zip(dy) {
                    let before = if fresh && p == 0 { 0 } else { *dw };
                    *dw = before.saturating_add(i32::from(*x) * i32::from(*dy));
                }
            }
        }
    }

    fn affine_bias(dy: View<'_, Self>, db: Grad<'_, Self>, fresh: bool) {
        set_gradient_scale(db.track, bits(dy.scale));
        let db = db.data;
        if db.is_empty() {
            return;
        }
        if fresh {
            db.fill(0);
        }
        for dy in dy.data.chunks_exact(db.len()) {
            for (db, dy) in db.iter_mut().zip(dy) {
                *db = db.saturating_add((*dy).into());
            }
        }
    }

    fn unary<U: Unary>(y: ViewMut<'_, Self>, _: Exponent) -> Peak {
        let mut limiter = Limiter::new();
        for y in y.data {
            *y = limiter.limit(U::integer(i32::from(*y)));
        }
        limiter.peak()
    }

    fn unary_gradient<U: Unary>(y: View<'_, Self>, dy: ViewMut<'_, Self>, _: Exponent) -> Peak {
        let mut limiter = Limiter::new();
        for (dy, y) in dy.data.iter_mut().zip(y.data) {
            *dy = limiter.limit(U::integer_slope(i32::from(*y), i32::from(*dy)));
        }
        limiter.peak()
    }

    fn add(y: ViewMut<'_, Self>, x: View<'_, Self>) -> Peak {
        let by = bits(y.scale) - bits(x.scale);
        let mut limiter = Limiter::new();
        for (y, x) in y.data.iter_mut().zip(x.data) {
            *y = limiter.limit(i32::from(*y).saturating_add(shift(i32::from(*x), by)));
        }
        limiter.peak()
    }

    fn mean(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Peak {
        let channels = y.data.len();
        let count = x.data.len().checked_div(channels).unwrap_or(0).max(1) as i64;
        // 16 further bits, so that the division rounds and not the sum.
        let by = bits(y.scale) - bits(x.scale) + 16;
        let mut limiter = Limiter::new();
        for (c, y) in y.data.iter_mut().enumerate() {
            let sum: i64 = x
                .data
                .get(c..)
                .unwrap_or(&[])
                .iter()
                .step_by(channels.max(1))
                .map(|x| i64::from(*x))
                .sum();
            let mean = shift_wide((sum << 16).checked_div(count).unwrap_or(0), by);
            *y = limiter.limit(mean.clamp(i32::MIN.into(), i32::MAX.into()) as i32);
        }
        limiter.peak()
    }

    fn mean_gradient(dy: View<'_, Self>, dx: ViewMut<'_, Self>) -> Peak {
        let channels = dy.data.len();
        let count = dx.data.len().checked_div(channels).unwrap_or(0).max(1) as i64;
        let by = bits(dx.scale) - bits(dy.scale) + 16;
        let mut limiter = Limiter::new();
        for dx in dx.data.chunks_exact_mut(channels.max(1)) {
            for (dx, dy) in dx.iter_mut().zip(dy.data) {
                let share = shift_wide((i64::from(*dy) << 16).checked_div(count).unwrap_or(0), by);
                *dx = limiter.limit(i32::from(*dx).saturating_add(share.clamp(-(1 << 20), 1 << 20) as i32));
            }
        }
        limiter.peak()
    }

    fn square_sum(gradient: &[i32], scale: Exponent) -> Q32 {
        let sum = gradient.iter().fold(0_i64, |sum, g| {
            let g = i64::from(*g);
            sum.saturating_add(g.saturating_mul(g))
        });
        Q32(shift_wide(sum, -(2 * bits(scale) + 32)))
    }

    fn root(square: Q32) -> Q32 {
        Q32((fixed::root(square.0.max(0) as u64) << 16) as i64)
    }

    fn scale_gradient(gradient: &mut [i32], factor: Option<Q32>, count: u32) {
        let count = i64::from(count.max(1));
        let factor = factor.map_or(1 << 32, |factor| factor.0.clamp(0, 1 << 32));
        let scale = factor / count;
        for g in gradient {
            *g = shift_wide(i64::from(*g).saturating_mul(scale), 32) as i32;
        }
    }

    fn clip_factor(norm: Q32, bound: f32) -> Option<Q32> {
        let bound = bfp::fixed(bound);
        // Both at 16 fraction bits, so that the quotient has 32 again.
        let factor = (bound << 16).checked_div(norm.0 >> 16)?;
        (norm.0 > bound).then_some(Q32(factor))
    }

    fn clamp_gradient(gradient: &mut [i32], scale: Exponent, bound: f32) {
        let most = shift_wide(bfp::fixed(bound), 32 + i32::from(scale.0)).clamp(0, i32::MAX.into()) as i32;
        for g in gradient {
            *g = (*g).clamp(-most, most);
        }
    }

    fn gradient_scale(track: Option<&Track>) -> Exponent {
        Exponent(bfp::get(track, Field::Gradient))
    }
}

/// Takes note of a gradient's exponent.
fn set_gradient_scale(track: Option<&mut Track>, scale: i32) {
    bfp::set(track, Field::Gradient, scale);
}

#[cfg(test)]
mod tests;
