//! Cross-entropies: exponentials in Q15 from differences in Q12, one reciprocal, probabilities in Q24.

use super::{Figured, delta, share};
use crate::kernel::bfp::limit::Limiter;
use crate::kernel::bfp::products::{Block, BlockMut};
use crate::math::fixed::{self, shift};
use crate::number::bfp::Q32;
use crate::number::nearest;

/// One in Q24.
const ONE: i64 = 1 << 24;

/// What the softmax of some logits needs.
struct Softmax {
    highest: i16,
    by: i32,
    /// `Σ e^(z − highest)` in Q15.
    sum: u32,
    /// `1 / sum`, so that a product with an exponential is in Q31.
    reciprocal: u32,
}

impl Softmax {
    fn new((z, scale): Block<'_>) -> Self {
        let mut softmax = Self {
            highest: z.iter().copied().max().unwrap_or(0),
            by: -12 - scale,
            sum: 0,
            reciprocal: 0,
        };
        softmax.sum = z
            .iter()
            .map(|z| softmax.exponential(*z))
            .fold(0, u32::saturating_add);
        softmax.reciprocal = (1_u32 << 31).checked_div(softmax.sum).unwrap_or(0);
        softmax
    }

    /// `highest − z` in Q12.
    fn below(&self, z: i16) -> u32 {
        shift(i32::from(self.highest) - i32::from(z), self.by).unsigned_abs()
    }

    fn exponential(&self, z: i16) -> u32 {
        fixed::exp_negative(self.below(z))
    }

    /// In Q24.
    fn probability(&self, z: i16) -> i32 {
        (self.exponential(z).saturating_mul(self.reciprocal) >> 7) as i32
    }

    /// `−ln p` of a logit, in Q32.
    fn surprise(&self, z: i16) -> i64 {
        let surprise = (i64::from(fixed::ln(self.sum)) << 16) + (i64::from(self.below(z)) << 20);
        surprise.max(0)
    }
}

pub(super) fn softmax_cross_entropy(z: Block<'_>, class: usize, dz: BlockMut<'_>) -> Figured {
    let softmax = Softmax::new(z);
    let to_delta = dz.1 + 24;
    let mut limiter = Limiter::new();
    for (o, (dz, z)) in dz.0.iter_mut().zip(z.0).enumerate() {
        let target = if o == class { ONE as i32 } else { 0 };
        *dz = limiter.limit(shift(softmax.probability(*z) - target, to_delta));
    }
    let logit = z.0.get(class).copied().unwrap_or(softmax.highest);
    (Q32(softmax.surprise(logit)), limiter.peak())
}

/// Weights of up to 16,384, and their products with shares, in Q24.
pub(super) fn weighted(
    z: Block<'_>,
    class: usize,
    smoothing: f32,
    weights: &[f32],
    dz: BlockMut<'_>,
) -> Figured {
    let softmax = Softmax::new(z);
    let smoothing = nearest(smoothing, 24).clamp(0, ONE);
    let part = smoothing.checked_div(z.0.len().max(1) as i64).unwrap_or(0);
    // What the answer should be, class by class; it need not sum to one.
    let wanted = |k: usize| {
        let weight = weights
            .get(k)
            .map_or(ONE, |weight| nearest(*weight, 24).clamp(0, ONE << 14));
        let hit = if k == class { ONE - smoothing } else { 0 };
        (hit + part).saturating_mul(weight) >> 24
    };
    let (mut loss, mut whole) = (0_i64, 0_i64);
    for (k, z) in z.0.iter().enumerate() {
        let q = wanted(k);
        whole = whole.saturating_add(q);
        // Q24 times Q16.
        loss = loss.saturating_add(q.saturating_mul(softmax.surprise(*z) >> 16) >> 8);
    }
    let mut limiter = Limiter::new();
    for (k, (dy, z)) in dz.0.iter_mut().zip(z.0).enumerate() {
        let p = i64::from(softmax.probability(*z)).saturating_mul(whole) >> 24;
        *dy = delta(&mut limiter, p - wanted(k), dz.1 + 24);
    }
    (Q32(loss), limiter.peak())
}

pub(super) fn next_token(
    z: Block<'_>,
    vocabulary: usize,
    frames: usize,
    token: impl Fn(usize) -> Option<usize>,
    dz: BlockMut<'_>,
) -> Figured {
    let share = share(frames.max(1));
    let mut limiter = Limiter::new();
    let mut sum = 0_i64;
    let rows =
        z.0.chunks_exact(vocabulary.max(1))
            .zip(dz.0.chunks_exact_mut(vocabulary.max(1)));
    for (t, (row, dy)) in rows.enumerate() {
        let Some(token) = token(t).filter(|_| t < frames) else {
            dy.fill(0);
            continue;
        };
        let softmax = Softmax::new((row, z.1));
        for (o, (dy, z)) in dy.iter_mut().zip(row).enumerate() {
            let target = if o == token { ONE } else { 0 };
            let error = i64::from(softmax.probability(*z)) - target;
            *dy = delta(&mut limiter, error * share, dz.1 + 54);
        }
        let logit = row.get(token).copied().unwrap_or(softmax.highest);
        sum = sum.saturating_add(softmax.surprise(logit));
    }
    let mean = sum.checked_div(frames.max(1) as i64).unwrap_or(0);
    (Q32(mean), limiter.peak())
}
