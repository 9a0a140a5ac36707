//! Contrastive losses. Partners are constants.
//!
//! Lengths are square roots of 62 bits, so that a short vector's has as many digits as a long one's; directions are in Q30.

use super::{Figured, delta, differences, figure};
use crate::kernel::Member;
use crate::kernel::bfp::limit::Limiter;
use crate::kernel::bfp::products::{Block, BlockMut};
use crate::math::fixed::{self, shift_wide};
use crate::number::bfp::{Peak, Q32};
use crate::number::nearest;

/// A length, `mantissa / 2^up` in units of the vector's scale, with a mantissa from 2³⁰ to 2³²; and its inverse.
#[derive(Clone, Copy)]
struct Length {
    mantissa: i64,
    up: i32,
    /// `2⁶² / mantissa`; 0 for no length.
    inverse: i64,
}

impl Length {
    /// Of the sum of squares.
    fn new(square: i64) -> Self {
        let square = square.max(0) as u64;
        let up = (square.leading_zeros().saturating_sub(1) & !1).min(62);
        let mantissa = fixed::root(square << up) as i64;
        Self {
            mantissa,
            up: (up / 2) as i32,
            inverse: (1_i64 << 62).checked_div(mantissa).unwrap_or(0),
        }
    }

    /// A component over the length, in Q30. No more than the length, so the product is at most 2⁶².
    fn direction(self, component: i64) -> i64 {
        let component = shift_wide(component, -self.up).clamp(-self.mantissa, self.mantissa);
        component.saturating_mul(self.inverse) >> 32
    }

    /// At `2^scale`, with 24 fraction bits.
    fn fixed(self, scale: i32) -> i64 {
        shift_wide(self.mantissa, self.up - scale - 24)
    }
}

fn square(all: impl Iterator<Item = i64>) -> i64 {
    all.fold(0, |sum: i64, x| sum.saturating_add(x.saturating_mul(x)))
}

/// A margin in Q24, below 512.
fn margin_of(margin: f32) -> i64 {
    nearest(margin, 24).clamp(0, (1 << 33) - 1)
}

pub(super) fn pair(y: Block<'_>, other: Block<'_>, same: bool, margin: f32, dy: BlockMut<'_>) -> Figured {
    let (apart, fine) = differences(y, other);
    let square = square(apart.clone());
    let mut limiter = Limiter::new();
    if same {
        for (to, apart) in dy.0.iter_mut().zip(apart) {
            *to = delta(&mut limiter, apart, dy.1 - fine);
        }
        return (figure(square, 2 * fine - 1, 1), limiter.peak());
    }
    let distance = Length::new(square);
    let short = margin_of(margin).saturating_sub(distance.fixed(fine));
    if short <= 0 {
        dy.0.fill(0);
        return (Q32(0), Peak::default());
    }
    for (to, apart) in dy.0.iter_mut().zip(apart) {
        // Q24 by Q30. At no distance no direction is the way apart.
        *to = delta(
            &mut limiter,
            short.saturating_mul(-distance.direction(apart)),
            dy.1 + 54,
        );
    }
    // Half of a square in Q48.
    (Q32(short.saturating_mul(short) >> 17), limiter.peak())
}

/// Without the 10⁻⁶ that PyTorch adds to every difference, which is below a mantissa's last bit: at no distance there is
/// no direction.
pub(super) fn triplet(
    [anchor, positive, negative]: [Block<'_>; 3],
    member: Member,
    margin: f32,
    dy: BlockMut<'_>,
) -> Figured {
    let ((near, near_scale), (far, far_scale)) =
        (differences(anchor, positive), differences(anchor, negative));
    let (to_near, to_far) = (
        Length::new(square(near.clone())),
        Length::new(square(far.clone())),
    );
    let loss = margin_of(margin)
        .saturating_add(to_near.fixed(near_scale))
        .saturating_sub(to_far.fixed(far_scale));
    if loss < 0 {
        dy.0.fill(0);
        return (Q32(0), Peak::default());
    }
    let mut limiter = Limiter::new();
    for ((to, near), far) in dy.0.iter_mut().zip(near).zip(far) {
        let (near, far) = (to_near.direction(near), to_far.direction(far));
        let slope = match member {
            Member::Anchor => near - far,
            Member::Positive => -near,
            Member::Negative => far,
        };
        *to = delta(&mut limiter, slope, dy.1 + 30);
    }
    (Q32(loss.saturating_mul(1 << 8)), limiter.peak())
}

/// Elements of the gradient that are summed at a time.
const BLOCK: usize = 16;

/// What the scores of a memory are made of.
struct Scores<'a> {
    y: &'a [i16],
    length: Length,
    /// `1 / τ` in Q16.
    sharpness: i64,
    /// The largest cosine, in Q24.
    highest: i64,
    /// `Σ e^(s − highest)` in Q15, and its reciprocal as in a softmax.
    sum: u32,
    reciprocal: u32,
}

impl Scores<'_> {
    /// `ŷ · ê` in Q24, and the length of `e`.
    fn cosine(&self, e: &[i16]) -> (i64, Length) {
        let length = length(e);
        let along: i64 = self
            .y
            .iter()
            .zip(e)
            .map(|(y, e)| i64::from(i32::from(*y) * i32::from(*e)))
            .sum();
        // As many digits as fit: the product is at most 2⁴², and no more than that of the lengths.
        let digits = along.unsigned_abs().leading_zeros() as i32 - 2;
        let Some(over_y) = (along << digits.min(60)).checked_div(self.length.mantissa) else {
            return (0, length);
        };
        let Some(cosine) = (over_y << 28).checked_div(length.mantissa) else {
            return (0, length);
        };
        let by = digits.min(60) + 28 - 24 - self.length.up - length.up;
        (shift_wide(cosine, by).clamp(-(1 << 24), 1 << 24), length)
    }

    /// How far a score is below the highest, in Q40.
    fn below(&self, cosine: i64) -> i64 {
        (self.highest - cosine).max(0) * self.sharpness
    }

    fn exponential(&self, cosine: i64) -> u32 {
        fixed::exp_negative(u32::try_from(self.below(cosine) >> 28).unwrap_or(u32::MAX))
    }

    /// `p − [positive]` in Q24.
    fn error(&self, cosine: i64, positive: bool) -> i64 {
        let p = self.exponential(cosine).saturating_mul(self.reciprocal) >> 7;
        i64::from(p) - if positive { 1 << 24 } else { 0 }
    }
}

fn length(v: &[i16]) -> Length {
    Length::new(square(v.iter().map(|v| i64::from(*v))))
}

/// There is no room to keep the scores: they are computed anew for each 16 elements of the gradient, so this takes
/// `K n (4 + n/16)` multiplications. An embedding of zeros has no direction, so neither score nor gradient.
pub(super) fn info_nce(
    y: Block<'_>,
    memory: Block<'_>,
    positive: usize,
    temperature: f32,
    dy: BlockMut<'_>,
) -> Figured {
    let width = y.0.len().max(1);
    let rows = || memory.0.chunks_exact(width);
    // τ in Q24; its inverse at most 2¹⁰.
    let sharpness = (1_i64 << 40)
        .checked_div(nearest(temperature, 24))
        .unwrap_or(0)
        .clamp(0, 1 << 26);
    let mut scores = Scores {
        y: y.0,
        length: length(y.0),
        sharpness,
        highest: 0,
        sum: 0,
        reciprocal: 0,
    };
    scores.highest = rows().map(|e| scores.cosine(e).0).max().unwrap_or(0);
    scores.sum = rows()
        .map(|e| scores.exponential(scores.cosine(e).0))
        .fold(0, u32::saturating_add);
    scores.reciprocal = (1_u32 << 31).checked_div(scores.sum).unwrap_or(0);
    // `ŷ · g τ` in Q24: what points along y only changes its length, which ŷ has not.
    let along: i64 = rows()
        .enumerate()
        .map(|(k, e)| {
            let (cosine, _) = scores.cosine(e);
            (scores.error(cosine, k == positive) * cosine) >> 24
        })
        .sum();
    let mut limiter = Limiter::new();
    for (block, (to, y_of)) in dy.0.chunks_mut(BLOCK).zip(y.0.chunks(BLOCK)).enumerate() {
        let mut sums = [0_i64; BLOCK];
        for (k, e) in rows().enumerate() {
            let (cosine, length) = scores.cosine(e);
            let error = scores.error(cosine, k == positive);
            // Q24 by Q30; the errors of all sum to at most 2.
            for (sum, e) in sums.iter_mut().zip(e.get(block * BLOCK..).unwrap_or(&[])) {
                *sum = sum.saturating_add(error * length.direction((*e).into()));
            }
        }
        for ((to, y_of), sum) in to.iter_mut().zip(y_of).zip(sums) {
            let across = sum - scores.length.direction((*y_of).into()) * along;
            // Q30 by Q16, kept as Q24; then by the inverse of the length in its upper 24 bits.
            let slope = ((across >> 24) * sharpness) >> 22;
            let by = 24 + 54 - scores.length.up + y.1 + dy.1;
            *to = delta(&mut limiter, slope.saturating_mul(scores.length.inverse >> 8), by);
        }
    }
    let right = rows()
        .nth(positive)
        .map_or(scores.highest, |e| scores.cosine(e).0);
    let loss = (i64::from(fixed::ln(scores.sum)) << 16) + (scores.below(right) >> 8);
    (Q32(loss.max(0)), limiter.peak())
}
