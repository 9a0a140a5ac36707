//! Cross-entropies in floating point.

use crate::kernel::Loops;

/// The largest logit; zero of none.
fn highest<F: Loops>(z: &[F]) -> F {
    let mut highest = z.first().copied().unwrap_or(F::ZERO);
    for z in z {
        if *z > highest {
            highest = *z;
        }
    }
    highest
}

/// `dz ← e^(z − highest)`; returns their sum.
fn exponentials<F: Loops>(z: &[F], highest: F, dz: &mut [F]) -> F {
    let mut sum = F::ZERO;
    for (dz, z) in dz.iter_mut().zip(z) {
        *dz = F::exp(*z - highest);
        sum += *dz;
    }
    sum
}

pub(super) fn softmax_cross_entropy<F: Loops>(z: &[F], class: usize, dz: &mut [F]) -> F {
    let highest = highest(z);
    let sum = exponentials(z, highest, dz);
    let logit = z.get(class).copied().unwrap_or(F::ZERO);
    let loss = F::ln(sum) - (logit - highest);
    let scale = F::ONE / sum;
    for (o, dz) in dz.iter_mut().enumerate() {
        *dz *= scale;
        if o == class {
            *dz -= F::ONE;
        }
    }
    loss
}

pub(super) fn weighted<F: Loops>(z: &[F], class: usize, smoothing: F, weights: &[f32], dz: &mut [F]) -> F {
    let count = z.len().min(dz.len());
    let highest = highest(z);
    let sum = exponentials(z, highest, dz);
    let log = F::ln(sum);
    let share = smoothing / F::from_count(count.max(1) as u32);
    // What the answer should be, class by class; it need not sum to one.
    let wanted = |k: usize| {
        let weight = weights.get(k).map_or(F::ONE, |weight| F::from_f32(*weight, ()));
        let hit = if k == class { F::ONE - smoothing } else { F::ZERO };
        (hit + share) * weight
    };
    let (mut loss, mut whole) = (F::ZERO, F::ZERO);
    for (k, z) in z.iter().enumerate().take(count) {
        let q = wanted(k);
        whole += q;
        loss += q * (log - (*z - highest));
    }
    let scale = whole / sum;
    for (k, dz) in dz.iter_mut().enumerate() {
        *dz = *dz * scale - wanted(k);
    }
    loss
}

pub(super) fn next_token<F: Loops>(
    z: &[F],
    vocabulary: usize,
    frames: usize,
    token: impl Fn(usize) -> Option<usize>,
    dz: &mut [F],
) -> F {
    if vocabulary == 0 {
        return F::ZERO;
    }
    let count = F::from_count(frames.max(1) as u32);
    let share = F::ONE / count;
    let mut sum = F::ZERO;
    let rows = z.chunks_exact(vocabulary).zip(dz.chunks_exact_mut(vocabulary));
    for (t, (z, dz)) in rows.enumerate() {
        match token(t).filter(|_| t < frames) {
            Some(token) => {
                sum += softmax_cross_entropy(z, token, dz);
                for dz in dz {
                    *dz *= share;
                }
            }
            None => dz.fill(F::ZERO),
        }
    }
    sum / count
}
