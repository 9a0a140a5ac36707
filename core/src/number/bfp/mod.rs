//! BFP14: block fixed point, for chips without a floating-point unit.

mod bytes;
mod master;
mod scalar;
mod track;

pub use master::{FINE, High, LIMIT, Low8, Low16, Master};
pub use scalar::Q32;
use track::EXPONENTS;
pub use track::{Field, Track};
pub(crate) use track::{count, counted, exponent, forget, get, set, set_exponent, turn};

use super::random::Pcg;
use super::{Element, Number, nearest};
use core::marker::PhantomData;
use core::num::Saturating;
use core::ops::Range;

/// 16-bit block fixed point: mantissas within ±8191 and one power-of-two exponent per tensor.
///
/// `value = mantissa · 2^exponent`. A product of two mantissas has 26 bits, so 32 of them fit an `i32`
/// with room for rounding: accumulators cannot overflow. Master weights have more bits below the plane that is
/// multiplied with, so that small updates are not lost: `M` says how many ([`Low16`], [`Low8`], or [`High`]
/// for none). Activations are rounded to nearest.
/// Sources: Wilkinson, Rounding errors in algebraic processes, 1963 (block floating point); Köster et
/// al., Flexpoint, 2017 (training in it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bfp14<M: Master = Low16>(PhantomData<M>);

/// The exponent that all elements of a tensor share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Exponent(pub i16);

/// The largest mantissa.
pub const MANTISSA: i32 = 8191;

/// Fraction bits of a bias: Q7.24.
pub const BIAS_FRACTION: i16 = 24;

/// `mantissa · 2^exponent` as `f32`, by integer operations alone.
pub(crate) fn to_f32(mantissa: i64, exponent: i32) -> f32 {
    let magnitude = mantissa.unsigned_abs();
    if magnitude == 0 {
        return 0.0;
    }
    // Normalised to 24 bits, cut off below.
    let top = 63 - magnitude.leading_zeros() as i32;
    let fraction = if top > 23 {
        magnitude >> (top - 23)
    } else {
        magnitude << (23 - top)
    };
    let biased = top + exponent + 127;
    let sign = if mantissa < 0 { 1 << 31 } else { 0 };
    match biased {
        ..=0 => f32::from_bits(sign),
        1..=254 => f32::from_bits(sign | (biased as u32) << 23 | (fraction as u32 & 0x7f_ffff)),
        _ => f32::from_bits(sign | 0x7f80_0000),
    }
}

/// `value · 2^−exponent`, to the nearest, and limited to `±limit`.
fn from_f32(value: f32, exponent: i32, limit: i32) -> i32 {
    let limit = i64::from(limit);
    nearest(value, -exponent).clamp(-limit, limit) as i32
}

/// The finest exponent at which `largest` rounds to a mantissa below `2^bits`, from its bits alone.
fn fitting(largest: f32, bits: i32) -> Exponent {
    let stored = largest.to_bits();
    let biased = (stored >> 23) as i32;
    if !(1..255).contains(&biased) {
        return Exponent(START);
    }
    let fraction = (stored & 0x7f_ffff) as i32;
    // A fraction of as many ones as the mantissa has bits would round up to the next power of two.
    let up = bits < 24 && fraction >> (23 - bits) == (1 << bits) - 1;
    let exponent = biased - 127 + 1 - bits + i32::from(up);
    Exponent(exponent.clamp(*EXPONENTS.start(), *EXPONENTS.end()) as i16)
}

/// The bits of `2^exponent`, which order as the floats do.
fn power_of_two(exponent: i32) -> u32 {
    ((exponent.clamp(-126, 127) + 127) as u32) << 23
}

/// `value` with 32 fraction bits, limited to what leaves 16 bits of headroom.
pub(crate) fn fixed(value: f32) -> i64 {
    nearest(value, 32).clamp(-LARGEST, LARGEST)
}

/// The largest magnitude of [`fixed`].
const LARGEST: i64 = (1 << 47) - 1;

impl Element for i16 {
    type Scale = Exponent;

    fn to_f32(self, scale: Exponent) -> f32 {
        to_f32(self.into(), scale.0.into())
    }

    fn from_f32(value: f32, scale: Exponent) -> Self {
        from_f32(value, scale.0.into(), MANTISSA) as Self
    }

    fn fitting(largest: f32) -> Exponent {
        fitting(largest, 13)
    }
}

impl Element for i32 {
    type Scale = Exponent;

    fn to_f32(self, scale: Exponent) -> f32 {
        to_f32(self.into(), scale.0.into())
    }

    fn from_f32(value: f32, scale: Exponent) -> Self {
        from_f32(value, scale.0.into(), i32::MAX)
    }

    fn fitting(largest: f32) -> Exponent {
        fitting(largest, 31)
    }
}

/// A bias, in Q7.24.
impl Element for Saturating<i32> {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        to_f32(self.0.into(), -i32::from(BIAS_FRACTION))
    }

    fn from_f32(value: f32, (): ()) -> Self {
        Self(from_f32(value, -i32::from(BIAS_FRACTION), i32::MAX))
    }

    /// Q7.24 fits whatever it can and saturates at the rest.
    fn fitting(_: f32) {}
}

/// The exponent that a tensor has before anything is known of it: 13 fraction bits, ±1.
const START: i16 = -13;

/// The exponent of weights that are all zero: ±1/8. They grow, by no more than doubling in an update once they are beyond
/// their range, so a range too small would hold them back.
const ZEROS: i16 = -16;

/// The largest magnitude that a primitive produced, in mantissas before saturation, and how many elements were saturated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peak {
    /// The largest magnitude.
    pub largest: u32,
    /// Elements that did not fit.
    pub saturated: u32,
}

/// A weight tensor to update: the plane that is multiplied with, and what lies below it.
#[derive(Debug)]
pub struct Planes<'a, M: Master> {
    /// Mantissas, within ±8191.
    pub high: &'a mut [i16],
    /// What lies below each.
    pub low: M::Plane<'a>,
}

impl<M: Master> Number for Bfp14<M> {
    const NAME: &'static str = M::NAME;
    const CODE: u8 = M::CODE;

    type Elem = i16;
    type Bias = Saturating<i32>;
    type Gradient = i32;
    type Scalar = Q32;
    type Track = Track;
    type Peak = Peak;
    type WeightsMut<'a> = Planes<'a, M>;

    const WEIGHT_BYTES: usize = M::BYTES;
    const STATE_BYTES: usize = 2;
    const CALIBRATES: bool = true;
    const BYTES: bool = true;

    fn unpacked(byte: i8, gain: u8) -> i16 {
        i16::from(byte) * i16::from(gain)
    }

    fn pack(weights: &[i16], channels: usize, packed: &mut [u8]) {
        bytes::pack(weights, channels, packed);
    }

    fn weights_mut(bytes: &mut [u8], window: Range<usize>) -> Planes<'_, M> {
        master::planes(bytes, window)
    }

    /// The exponent leaves one bit of headroom above the largest weight. Rounds to nearest.
    fn store_weights(bytes: &mut [u8], track: Option<&mut Track>, values: impl Iterator<Item = f32> + Clone) {
        let largest = values.clone().fold(0, |largest: u32, value| {
            largest.max(value.to_bits() & 0x7fff_ffff)
        });
        let mut scale = i32::from(START);
        while scale < 15 && largest >= power_of_two(12 + scale) {
            scale += 1;
        }
        while largest > 0 && scale > -30 && largest < power_of_two(11 + scale) {
            scale -= 1;
        }
        if largest == 0 {
            scale = ZEROS.into();
        }
        let count = bytes.len() / M::BYTES;
        let half = 1 << (FINE - 1) >> (8 * (M::BYTES - 2));
        let Planes { high, low } = Self::weights_mut(bytes, 0..count);
        for ((high, low), value) in high.iter_mut().zip(low).zip(values) {
            let fine = from_f32(value, scale - FINE, LIMIT);
            *high = M::store(fine, half, low);
        }
        if let Some(track) = track {
            *track = Track::default();
            set_exponent(Some(track), scale);
        }
    }

    /// Without a float instruction.
    fn draw(random: &mut Pcg, bound: f32) -> f32 {
        random.within(bound)
    }

    fn scale(track: Option<&Track>) -> Exponent {
        exponent(track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_leave_headroom() {
        assert_eq!(fixed(-0.75), -(3 << 30));
        assert_eq!([fixed(1e9), fixed(f32::NEG_INFINITY)], [LARGEST, -LARGEST]);
    }

    /// Against the formula in double precision, over exponents and values about every power of two.
    #[test]
    fn floats_become_mantissas_by_their_bits() {
        for exponent in -40..=20 {
            for power in -50..=40 {
                for factor in [1.0, 1.000_000_1, 1.25, 1.5, 1.499_999_9, 1.999_999_9] {
                    for (value, limit) in [(factor, 8191), (-factor, LIMIT), (factor, i32::MAX)] {
                        let value = value * libm::exp2f(power as f32);
                        let scaled = libm::round(f64::from(value) * libm::exp2(-f64::from(exponent)));
                        let exact = scaled.clamp(-f64::from(limit), f64::from(limit));
                        assert_eq!(
                            from_f32(value, exponent, limit),
                            exact as i32,
                            "{value} {exponent}"
                        );
                    }
                }
            }
        }
        assert_eq!(
            [
                f32::NAN,
                f32::INFINITY,
                f32::NEG_INFINITY,
                0.0,
                -0.0,
                f32::MIN_POSITIVE / 2.0
            ]
            .map(|value| from_f32(value, -13, 8191)),
            [0, 8191, -8191, 0, 0, 0]
        );
    }
}
