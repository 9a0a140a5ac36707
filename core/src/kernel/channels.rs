//! Normalisation of channels by running statistics: batch normalisation as a device can train it.
//!
//! Channels are the lanes: eight at a time advance from position to position.

use super::groups::{inverse_root, replace};
use crate::math::Functions;

const LANES: usize = 8;

/// `B` values of a row.
fn block<F, const B: usize>(row: &[F], from: usize) -> Option<&[F; B]> {
    row.get(from..).and_then(<[F]>::first_chunk::<B>)
}

fn block_mut<F, const B: usize>(row: &mut [F], from: usize) -> Option<&mut [F; B]> {
    row.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>)
}

/// Moves running statistics towards those of the sample `x`, as the mixture of what they describe, with
/// weight `1 − m`, and of the sample's values, with weight `m`. With the sample's mean `x̄` and variance `v`
/// over its positions and `δ = x̄ − μ`:
///
/// `μ ← μ + m δ`, `σ² ← (1 − m) (σ² + m δ²) + m v`.
///
/// It is exact for any number of positions, one too, where `v = 0` and the variance comes from the
/// distance alone. Source: Finch, Incremental calculation of weighted mean and variance, 2009.
pub(crate) fn follow<F: Functions>(x: &[F], mean: &mut [F], variance: &mut [F], momentum: f32) {
    let channels = mean.len();
    if channels == 0 {
        return;
    }
    let mut from = 0;
    while from + LANES <= channels {
        follow_lanes::<F, LANES>(x, mean, variance, momentum, from);
        from += LANES;
    }
    while from < channels {
        follow_lanes::<F, 1>(x, mean, variance, momentum, from);
        from += 1;
    }
}

fn follow_lanes<F: Functions, const B: usize>(
    x: &[F],
    mean: &mut [F],
    variance: &mut [F],
    momentum: f32,
    from: usize,
) {
    let rows = || {
        x.chunks_exact(mean.len().max(1))
            .filter_map(|row| block::<F, B>(row, from))
    };
    let positions = F::from_count((x.len() / mean.len().max(1)) as u32);
    let mut own = [F::ZERO; B];
    for row in rows() {
        for (sum, x) in own.iter_mut().zip(row) {
            *sum += *x;
        }
    }
    for sum in &mut own {
        *sum = *sum / positions;
    }
    let mut squares = [F::ZERO; B];
    for row in rows() {
        for ((sum, x), own) in squares.iter_mut().zip(row).zip(&own) {
            let distance = *x - *own;
            *sum += distance * distance;
        }
    }
    let (Some(mean), Some(variance)) = (block_mut::<F, B>(mean, from), block_mut::<F, B>(variance, from))
    else {
        return;
    };
    let m = F::from_f32(momentum, ());
    for (((mean, variance), own), square) in mean.iter_mut().zip(variance).zip(own).zip(squares) {
        let delta = own - *mean;
        let spread = (F::ONE - m) * (*variance + m * delta * delta) + m * (square / positions);
        replace(mean, variance, *mean + m * delta, spread);
    }
}

/// The parameters and running statistics of each channel.
#[derive(Debug, Clone, Copy)]
pub struct Channels<'a, B> {
    /// What the normalised value is multiplied by.
    pub gain: &'a [B],
    /// What is added then.
    pub shift: &'a [B],
    /// The running mean.
    pub mean: &'a [B],
    /// The running variance.
    pub variance: &'a [B],
}

/// `n = (x − μ) / √(σ² + ε)`, then `y = gain · n + shift`. `y` holds `x` before; `kept` takes `n`, where it is
/// not empty.
pub(crate) fn standardise<F: Functions>(y: &mut [F], channels: Channels<'_, F>, kept: &mut [F]) {
    let count = channels.mean.len();
    if count == 0 {
        return;
    }
    let mut from = 0;
    while from + LANES <= count {
        standardise_lanes::<F, LANES>(y, channels, kept, from);
        from += LANES;
    }
    while from < count {
        standardise_lanes::<F, 1>(y, channels, kept, from);
        from += 1;
    }
}

fn standardise_lanes<F: Functions, const B: usize>(
    y: &mut [F],
    channels: Channels<'_, F>,
    kept: &mut [F],
    from: usize,
) {
    let (Some(gain), Some(shift), Some(mean), Some(variance)) = (
        block::<F, B>(channels.gain, from),
        block::<F, B>(channels.shift, from),
        block::<F, B>(channels.mean, from),
        block::<F, B>(channels.variance, from),
    ) else {
        return;
    };
    let scale = variance.map(inverse_root);
    let count = channels.mean.len().max(1);
    let mut kept = kept.chunks_exact_mut(count);
    for row in y.chunks_exact_mut(count) {
        let Some(row) = block_mut::<F, B>(row, from) else {
            return;
        };
        for ((x, mean), scale) in row.iter_mut().zip(mean).zip(&scale) {
            *x = (*x - *mean) * *scale;
        }
        if let Some(kept) = kept.next().and_then(|kept| block_mut::<F, B>(kept, from)) {
            *kept = *row;
        }
        for ((x, gain), shift) in row.iter_mut().zip(gain).zip(shift) {
            *x = *x * *gain + *shift;
        }
    }
}

/// `dx[c] = dy[c] · gain[c] / √(σ²[c] + ε)`, at each position. `dx` holds `dy` before.
pub(crate) fn standardise_gradient<F: Functions>(dx: &mut [F], gain: &[F], variance: &[F]) {
    let count = variance.len();
    if count == 0 {
        return;
    }
    for (c, (gain, variance)) in gain.iter().zip(variance).enumerate() {
        let scale = *gain * inverse_root(*variance);
        for dx in dx.iter_mut().skip(c).step_by(count) {
            *dx *= scale;
        }
    }
}

/// `dgain[c] += Σ_t dy[t][c] · n[t][c]`. With `fresh`, `dgain` holds nothing yet.
pub(crate) fn gain_gradient<F: Functions>(dy: &[F], kept: &[F], gain: &mut [F], fresh: bool) {
    if gain.is_empty() {
        return;
    }
    if fresh {
        gain.fill(F::ZERO);
    }
    for (dy, kept) in dy.chunks_exact(gain.len()).zip(kept.chunks_exact(gain.len())) {
        for ((sum, dy), n) in gain.iter_mut().zip(dy).zip(kept) {
            *sum += *dy * *n;
        }
    }
}

#[cfg(test)]
#[path = "channels_tests.rs"]
mod tests;
