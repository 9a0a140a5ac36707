//! Losses in 16-bit block fixed point. Figures have 32 fraction bits.
//!
//! A loss is taken once per sample, of one output: what is computed once is in 64 bits, and so are products with a
//! reciprocal, one for each element.

mod classes;
mod contrast;
mod values;

#[cfg(test)]
mod tests;

use super::limit::Limiter;
use super::products::Block;
use super::{block, block_mut};
use crate::kernel::{Judge, Judged, Member};
use crate::math::fixed::shift_wide;
use crate::number::bfp::{Bfp14, Master, Peak, Q32};
use crate::number::{View, ViewMut};

impl<M: Master> Judge for Bfp14<M> {
    fn softmax_cross_entropy(z: View<'_, Self>, class: usize, dz: ViewMut<'_, Self>) -> Judged<Self> {
        classes::softmax_cross_entropy(block(z), class, block_mut(dz))
    }

    fn mean_squared_error(y: View<'_, Self>, target: View<'_, Self>, dy: ViewMut<'_, Self>) -> Judged<Self> {
        values::squared(block(y), block(target), block_mut(dy))
    }

    fn weighted_cross_entropy(
        z: View<'_, Self>,
        class: usize,
        smoothing: f32,
        weights: &[f32],
        dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        classes::weighted(block(z), class, smoothing, weights, block_mut(dz))
    }

    fn next_token(
        z: View<'_, Self>,
        vocabulary: usize,
        frames: usize,
        token: impl Fn(usize) -> Option<usize>,
        dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        classes::next_token(block(z), vocabulary, frames, token, block_mut(dz))
    }

    fn binary_cross_entropy(
        z: View<'_, Self>,
        target: View<'_, Self>,
        dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        values::binary_cross_entropy(block(z), block(target), block_mut(dz))
    }

    fn mean_absolute_error(y: View<'_, Self>, target: View<'_, Self>, dy: ViewMut<'_, Self>) -> Judged<Self> {
        values::absolute(block(y), block(target), block_mut(dy))
    }

    fn huber(y: View<'_, Self>, target: View<'_, Self>, delta: f32, dy: ViewMut<'_, Self>) -> Judged<Self> {
        values::huber(block(y), block(target), delta, block_mut(dy))
    }

    fn pair(
        y: View<'_, Self>,
        other: View<'_, Self>,
        same: bool,
        margin: f32,
        dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        contrast::pair(block(y), block(other), same, margin, block_mut(dy))
    }

    fn triplet(
        members: [View<'_, Self>; 3],
        member: Member,
        margin: f32,
        dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        contrast::triplet(members.map(block), member, margin, block_mut(dy))
    }

    fn info_nce(
        y: View<'_, Self>,
        memory: View<'_, Self>,
        positive: usize,
        temperature: f32,
        dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        contrast::info_nce(block(y), block(memory), positive, temperature, block_mut(dy))
    }
}

/// `1 / count` with 30 fraction bits.
fn share(count: usize) -> i64 {
    (1_i64 << 30).checked_div(count as i64).unwrap_or(0)
}

/// A gradient's element from a wide value, moved right by `by`.
fn delta(limiter: &mut Limiter, value: i64, by: i32) -> i16 {
    let value = shift_wide(value, by).clamp((-i32::MAX).into(), i32::MAX.into());
    limiter.limit(value as i32)
}

/// The exponent of the differences of two tensors: 9 bits finer than the coarser one, so that 65,535 squares of at most
/// `(2 · 8191 · 2⁹)²` fit 62 bits.
fn fine(u: Block<'_>, v: Block<'_>) -> i32 {
    u.1.max(v.1) - 9
}

/// Differences of two tensors at [`fine`].
fn differences<'a>(u: Block<'a>, v: Block<'a>) -> (impl Iterator<Item = i64> + Clone + 'a, i32) {
    let fine = fine(u, v);
    let (by_u, by_v) = (fine - u.1, fine - v.1);
    let wide = move |value: i16, by: i32| shift_wide(value.into(), by);
    let pairs = u.0.iter().zip(v.0);
    (pairs.map(move |(u, v)| wide(*u, by_u) - wide(*v, by_v)), fine)
}

/// A sum of `terms` at `2^exponent` as a figure, divided by `count`.
fn figure(sum: i64, exponent: i32, count: usize) -> Q32 {
    let sum = shift_wide(sum, -(exponent + 32));
    Q32(sum.checked_div(count.max(1) as i64).unwrap_or(0).max(0))
}

/// A figure and the peak of a gradient.
type Figured = (Q32, Peak);
