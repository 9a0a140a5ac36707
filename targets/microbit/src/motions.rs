//! The recordings as a network wants them: each axis with mean 0 and deviation 1, in integers.

use common::motions::{CHANNELS, LENGTH, WIDTH, part};
use kilograd::number::bfp::Exponent;

/// A standard deviation is 1024 mantissas.
pub const SCALE: Exponent = Exponent(-10);
/// Values beyond this many deviations are cut off, so that the mantissa holds them.
const MOST: i32 = 7;

/// `x = (raw − mean) · factor / 2¹⁰`, for each axis. Learned from the recordings that are trained on.
pub struct Scaling {
    mean: [i32; CHANNELS],
    /// `2²⁰ / deviation`
    factor: [i32; CHANNELS],
    /// `MOST` deviations.
    limit: [i32; CHANNELS],
}

impl Scaling {
    /// Means and deviations over the training part.
    pub fn learn() -> Self {
        let (mut sums, mut squares, mut frames) = ([0_i32; CHANNELS], [0_i64; CHANNELS], 0_i32);
        for frame in part(false).flat_map(|(recording, _)| recording.chunks_exact(CHANNELS)) {
            for ((sum, square), raw) in sums.iter_mut().zip(&mut squares).zip(frame) {
                let raw = i32::from(*raw);
                *sum += raw;
                *square += i64::from(raw * raw);
            }
            frames += 1;
        }
        let mut scaling = Self {
            mean: [0; CHANNELS],
            factor: [0; CHANNELS],
            limit: [0; CHANNELS],
        };
        let axes = scaling
            .mean
            .iter_mut()
            .zip(&mut scaling.factor)
            .zip(&mut scaling.limit);
        for (((mean, factor), limit), (sum, square)) in axes.zip(sums.iter().zip(&squares)) {
            *mean = sum / frames.max(1);
            let variance = square / i64::from(frames.max(1)) - i64::from(*mean) * i64::from(*mean);
            let deviation = (variance.max(1) as u64).isqrt() as i32;
            *factor = (1 << 20) / deviation;
            *limit = MOST * deviation;
        }
        scaling
    }

    /// A recording as mantissas.
    pub fn apply(&self, recording: &[i16], into: &mut [i16; WIDTH]) {
        for (raw, into) in recording
            .chunks_exact(CHANNELS)
            .zip(into.chunks_exact_mut(CHANNELS))
        {
            let axes = self.mean.iter().zip(&self.factor).zip(&self.limit);
            for ((raw, into), ((mean, factor), limit)) in raw.iter().zip(into).zip(axes) {
                // Within 7 deviations the product is below 7 · 2²⁰.
                let value = (i32::from(*raw) - mean).clamp(-limit, *limit);
                *into = ((value * factor + (1 << 9)) >> 10) as i16;
            }
        }
    }
}

// The sums of means hold the largest set of raw values.
const _: () = assert!(80 * LENGTH * (1 << 15) < 1 << 31);
