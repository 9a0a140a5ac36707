//! The primitives in 16-bit block fixed point.
//!
//! No accumulator can overflow: see [`products`] for the bounds. Integer sums do not depend on their order, so
//! accelerated twins may take any within a group.

mod attend;
mod cells;
mod channels;
mod gate;
mod groups;
mod judge;
mod kinds;
mod limit;
mod mean;
mod moments;
mod normal;
mod products;
mod rescale;
mod running;
mod sequence;
mod share;
mod spatial;

use super::{Grad, Kernel, Run, Runs, Sweep};
use crate::math::Unary;
use crate::math::fixed::{self, shift_wide};
use crate::number::bfp::{self, Bfp14, Exponent, Field, Master, Peak, Q32, Track};
use crate::number::{View, ViewMut};
use core::num::Saturating;
use limit::{Limiter, bits};
use products::{Block, BlockMut};

impl<M: Master> Kernel for Bfp14<M> {
    const KINDS: u128 =
        kinds::PRODUCTS | kinds::POINTWISE | kinds::SPATIAL | kinds::NORMAL | kinds::SEQUENCE | kinds::JUDGE;
    const FUSES: bool = true;
    /// `32 · 8191² < 2³¹`
    const MOST_SAMPLES: u16 = 32;
    const MOST_TERMS: u32 = products::MOST_TERMS;

    fn higher(a: Peak, b: Peak) -> Peak {
        limit::higher(a, b)
    }

    fn follow(mut track: Option<&mut Track>, peak: Peak) {
        let so_far = bfp::get(track.as_deref(), Field::Window);
        let largest = i32::from(so_far).max(peak.largest.min(i16::MAX as u32) as i32);
        bfp::set(track.as_deref_mut(), Field::Window, largest);
        bfp::count(track, peak.saturated);
    }

    fn counted(track: &Track) -> u32 {
        bfp::counted(track)
    }

    fn forget(track: &mut Track) {
        bfp::forget(track);
    }

    fn turn(tracks: &mut [Track], at_once: bool) -> bool {
        let mut moved = false;
        for track in tracks {
            moved |= bfp::turn(track, at_once);
        }
        moved
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

    fn fits(x: View<'_, Self>) -> bool {
        x.data.iter().all(|x| i32::from(*x).abs() <= bfp::MANTISSA)
    }

    fn copy(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Peak {
        channels::copy(block(x), block_mut(y))
    }

    fn spread(x: View<'_, Self>, y: ViewMut<'_, Self>, run: Run) -> Peak {
        channels::spread(block(x), block_mut(y), run)
    }

    fn scatter(x: View<'_, Self>, y: ViewMut<'_, Self>, run: Run) -> Peak {
        channels::scatter(block(x), block_mut(y), run)
    }

    fn gather(y: View<'_, Self>, x: ViewMut<'_, Self>, run: Run) -> Peak {
        channels::gather(block(y), block_mut(x), run)
    }

    fn affine(
        w: View<'_, Self>,
        b: &[Saturating<i32>],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        sweep: Sweep,
    ) -> Peak {
        products::affine(block(w), b, block(x), block_mut(y), &Runs::one(sweep))
    }

    fn affine_input(w: View<'_, Self>, dy: View<'_, Self>, dx: ViewMut<'_, Self>, sweep: Sweep) -> Peak {
        products::affine_input(block(w), block(dy), block_mut(dx), sweep)
    }

    /// At exponents that do not change within a batch of at most 32 samples, divided by a power of two that is the same
    /// for all calls of a layer: it follows from the positions of the whole of `dy`.
    fn affine_weights(x: View<'_, Self>, dy: View<'_, Self>, dw: Grad<'_, Self>, sweep: Sweep, fresh: bool) {
        let by = products::weight_bits(dy.data.len().checked_div(sweep.outputs).unwrap_or(0));
        set_gradient_scale(dw.track, bits(x.scale) + bits(dy.scale) + by);
        products::affine_weights(x.data, dy.data, dw.data, sweep, by, fresh);
    }

    fn affine_bias(dy: View<'_, Self>, db: Grad<'_, Self>, fresh: bool) {
        let by = products::bias_bits(dy.data.len().checked_div(db.data.len()).unwrap_or(0));
        set_gradient_scale(db.track, bits(dy.scale) + by);
        products::affine_bias(dy.data, db.data, by, fresh);
    }

    fn unary<U: Unary>(y: ViewMut<'_, Self>, from: Exponent) -> Peak {
        let (from, to) = (bits(from), bits(y.scale));
        let mut limiter = Limiter::new();
        for y in y.data {
            *y = limiter.limit(U::integer((*y).into(), from, to));
        }
        limiter.peak()
    }

    fn unary_gradient<U: Unary>(y: View<'_, Self>, dy: ViewMut<'_, Self>, from: Exponent) -> Peak {
        let (scale, by) = (bits(y.scale), bits(dy.scale) - bits(from));
        let mut limiter = Limiter::new();
        for (dy, y) in dy.data.iter_mut().zip(y.data) {
            *dy = limiter.limit(U::integer_slope((*y).into(), scale, (*dy).into(), by));
        }
        limiter.peak()
    }

    fn add(y: ViewMut<'_, Self>, x: View<'_, Self>) -> Peak {
        channels::add(block(x), block_mut(y))
    }

    fn mean(x: View<'_, Self>, y: ViewMut<'_, Self>) -> Peak {
        mean::mean(block(x), block_mut(y))
    }

    fn mean_gradient(dy: View<'_, Self>, dx: ViewMut<'_, Self>) -> Peak {
        mean::mean_gradient(block(dy), block_mut(dx))
    }

    fn square_sum(gradient: &[i32], scale: Exponent) -> Q32 {
        let sum = gradient
            .iter()
            .fold(0_u64, |sum, g| sum.saturating_add(products::square(*g)));
        let sum = sum.min(i64::MAX as u64) as i64;
        Q32(shift_wide(sum, -(2 * bits(scale) + 32)))
    }

    fn outer_square(x: View<'_, Self>, dy: View<'_, Self>) -> Q32 {
        Q32(products::outer_square(block(x), block(dy)))
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

/// Mantissas and exponent of a tensor.
fn block<M: Master>(view: View<'_, Bfp14<M>>) -> Block<'_> {
    (view.data, bits(view.scale))
}

/// Mantissas and exponent of a tensor to write.
fn block_mut<M: Master>(view: ViewMut<'_, Bfp14<M>>) -> BlockMut<'_> {
    (view.data, bits(view.scale))
}

/// Takes note of a gradient's exponent.
fn set_gradient_scale(track: Option<&mut Track>, scale: i32) {
    bfp::set(track, Field::Gradient, scale);
}

#[cfg(test)]
mod tests;
