//! Contrastive losses in floating point. Partners are constants.

use super::Member;
use crate::kernel::Loops;

/// `Σ (u − v + shift)²`
fn square_distance<F: Loops>(u: &[F], v: &[F], shift: F) -> F {
    let mut sum = F::ZERO;
    for (u, v) in u.iter().zip(v) {
        let difference = *u - *v + shift;
        sum += difference * difference;
    }
    sum
}

fn dot<F: Loops>(u: &[F], v: &[F]) -> F {
    let mut sum = F::ZERO;
    for (u, v) in u.iter().zip(v) {
        sum += *u * *v;
    }
    sum
}

pub(super) fn pair<F: Loops>(y: &[F], other: &[F], same: bool, margin: F, dy: &mut [F]) -> F {
    let half = F::ONE / (F::ONE + F::ONE);
    let square = square_distance(y, other, F::ZERO);
    let (loss, factor) = if same {
        (half * square, F::ONE)
    } else {
        let distance = F::sqrt(square);
        let short = margin - distance;
        if short <= F::ZERO {
            (F::ZERO, F::ZERO)
        } else if distance == F::ZERO {
            // No direction is the way apart; PyTorch's gradient of a norm at zero is zero too.
            (half * short * short, F::ZERO)
        } else {
            (half * short * short, -(short / distance))
        }
    };
    for ((dy, y), other) in dy.iter_mut().zip(y).zip(other) {
        *dy = factor * (*y - *other);
    }
    loss
}

/// `1 / d`, and 0 where the distance has no slope.
fn inverse<F: Loops>(distance: F) -> F {
    if distance == F::ZERO {
        F::ZERO
    } else {
        F::ONE / distance
    }
}

pub(super) fn triplet<F: Loops>(
    [anchor, positive, negative]: [&[F]; 3],
    member: Member,
    margin: F,
    dy: &mut [F],
) -> F {
    // PyTorch's `pairwise_distance` adds this to every difference.
    let shift = F::from_f32(1e-6, ());
    let near = F::sqrt(square_distance(anchor, positive, shift));
    let far = F::sqrt(square_distance(anchor, negative, shift));
    let loss = margin + near - far;
    if loss < F::ZERO {
        dy.fill(F::ZERO);
        return F::ZERO;
    }
    let (to_near, to_far) = (inverse(near), inverse(far));
    for (((dy, a), p), n) in dy.iter_mut().zip(anchor).zip(positive).zip(negative) {
        let near = to_near * (*a - *p + shift);
        let far = to_far * (*a - *n + shift);
        *dy = match member {
            Member::Anchor => near - far,
            Member::Positive => -near,
            Member::Negative => far,
        };
    }
    loss
}

/// The least norm that is divided by, as in PyTorch's `normalize`.
fn least<F: Loops>() -> F {
    F::from_f32(1e-12, ())
}

fn norm<F: Loops>(v: &[F]) -> F {
    let norm = F::sqrt(dot(v, v));
    if norm < least() { least() } else { norm }
}

pub(super) fn info_nce<F: Loops>(y: &[F], memory: &[F], positive: usize, temperature: F, dy: &mut [F]) -> F {
    if y.is_empty() {
        return F::ZERO;
    }
    let length = norm(y);
    let score = |e: &[F]| dot(y, e) / (length * norm(e)) / temperature;
    // Scores are computed twice, since there is no room to keep them.
    let mut highest = None;
    for e in memory.chunks_exact(y.len()) {
        let score = score(e);
        if highest.is_none_or(|highest| score > highest) {
            highest = Some(score);
        }
    }
    let highest = highest.unwrap_or(F::ZERO);
    let mut sum = F::ZERO;
    dy.fill(F::ZERO);
    for e in memory.chunks_exact(y.len()) {
        let share = F::exp(score(e) - highest);
        sum += share;
        add(dy, e, share / norm(e));
    }
    let scale = F::ONE / sum;
    for dy in dy.iter_mut() {
        *dy *= scale;
    }
    let mut loss = F::ln(sum) + highest;
    if let Some(e) = memory.chunks_exact(y.len()).nth(positive) {
        loss -= score(e);
        add(dy, e, -(F::ONE / norm(e)));
    }
    // dy is the gradient by ŷ, times τ. What points along y only changes its length, which ŷ has not.
    let unit = F::ONE / length;
    let along = if length > least() {
        dot(y, dy) * unit * unit
    } else {
        // So short that it is divided by the least norm, which does not depend on it.
        F::ZERO
    };
    let scale = unit / temperature;
    for (dy, y) in dy.iter_mut().zip(y) {
        *dy = (*dy - along * *y) * scale;
    }
    loss
}

/// `dy ← dy + factor · e`
fn add<F: Loops>(dy: &mut [F], e: &[F], factor: F) {
    for (dy, e) in dy.iter_mut().zip(e) {
        *dy += factor * *e;
    }
}
