//! Frozen weights as bytes: `w[k][o] = byte[k][o] · gain[o] · 2^e`.

/// The largest magnitude of a byte.
const LARGEST: u16 = i8::MAX as u16;

/// Writes `weights`, mantissas whose last dimension is `channels`, as a byte each, and behind them the gain of each
/// channel: the smallest at which its largest weight rounds to 127 at most. Rounds to nearest, so no weight moves by more
/// than half a gain.
///
/// A mantissa is within ±8191, so a gain is 65 at most; and since `8191 / 65 < 126.5`, `byte · gain` is a mantissa again.
pub(super) fn pack(weights: &[i16], channels: usize, packed: &mut [u8]) {
    let Some((bytes, gains)) = packed.split_at_mut_checked(weights.len()) else {
        return;
    };
    for (channel, to) in gains.iter_mut().take(channels).enumerate() {
        let of = || weights.iter().skip(channel).step_by(channels.max(1));
        let largest = of().fold(0, |largest: u16, weight| largest.max(weight.unsigned_abs()));
        let gain = fitting(largest);
        let bytes = bytes.iter_mut().skip(channel).step_by(channels.max(1));
        for (byte, weight) in bytes.zip(of()) {
            *byte = nearest(*weight, gain) as u8;
        }
        *to = gain;
    }
}

/// The smallest gain, 1 or more, at which `largest` rounds to a byte: `largest / gain < 127.5`.
fn fitting(largest: u16) -> u8 {
    let gain = 2 * u32::from(largest) / (2 * u32::from(LARGEST) + 1) + 1;
    u8::try_from(gain).unwrap_or(u8::MAX)
}

/// `weight / gain`, rounded to nearest, halves away from zero.
fn nearest(weight: i16, gain: u8) -> i8 {
    let gain = u16::from(gain.max(1));
    let magnitude = weight.unsigned_abs().saturating_add(gain / 2) / gain;
    let magnitude = magnitude.min(LARGEST) as i8;
    if weight < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::number::bfp::MANTISSA;
    use crate::number::{Bfp14, Number};
    use std::{vec, vec::Vec};

    fn there_and_back(weights: &[i16], channels: usize) -> (Vec<i16>, Vec<u8>) {
        let mut packed = vec![0xaa; weights.len() + channels];
        pack(weights, channels, &mut packed);
        let (bytes, gains) = packed.split_at(weights.len());
        let opened = |(index, byte): (usize, &u8)| <Bfp14>::unpacked(*byte as i8, gains[index % channels]);
        (bytes.iter().enumerate().map(opened).collect(), gains.to_vec())
    }

    /// Every mantissa, beside every largest one of its channel that decides about the gain.
    #[test]
    fn no_weight_moves_by_more_than_half_a_step() {
        for largest in (1..=MANTISSA as i16)
            .step_by(61)
            .chain([127, 128, 255, 8128, 8191])
        {
            let weights: Vec<i16> = (-largest..=largest).collect();
            let (again, gains) = there_and_back(&weights, 1);
            let gain = i32::from(gains[0]);
            // The smallest that fits: with one less the largest would not be a byte.
            assert!(
                gain == 1 || 2 * i32::from(largest) >= 255 * (gain - 1),
                "{largest} {gain}"
            );
            for (weight, again) in weights.iter().zip(again) {
                let moved = (i32::from(*weight) - i32::from(again)).abs();
                assert!(
                    2 * moved <= gain && again.unsigned_abs() <= MANTISSA as u16,
                    "{weight} {again} {gain}"
                );
            }
        }
    }

    #[test]
    fn channels_have_gains_of_their_own() {
        // Rows of three channels: tiny, the largest there are, nothing.
        let weights = [100, 8191, 0, -127, -8191, 0, 3, 64, 0];
        let (again, gains) = there_and_back(&weights, 3);
        assert_eq!(gains, [1, 65, 1]);
        assert_eq!(again, [100, 8190, 0, -127, -8190, 0, 3, 65, 0]);
    }
}
