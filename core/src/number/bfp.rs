//! BFP14: block fixed point, for chips without a floating-point unit.

use super::{Element, Number, Scalar, View, cast, cast_mut};
use core::num::Saturating;
use core::ops::Range;

/// 16-bit block fixed point: mantissas within ±8191 and one power-of-two exponent per tensor.
///
/// `value = mantissa · 2^exponent`. A product of two mantissas has 26 bits, so 32 of them fit an `i32`
/// with room for rounding: accumulators cannot overflow. Master weights have a second plane of
/// 16 bits below the first, so that small updates are not lost. Rounding is to nearest.
/// Sources: Wilkinson, Rounding errors in algebraic processes, 1963 (block floating point); Köster et
/// al., Flexpoint, 2017 (training in it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bfp14;

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

/// `value · 2^−exponent`, rounded to nearest and limited to `±limit`.
fn from_f32(value: f32, exponent: i32, limit: i32) -> i32 {
    let scaled = if exponent <= 0 {
        value * power_of_two(-exponent)
    } else {
        value / power_of_two(exponent)
    };
    let limit = limit as f32;
    if scaled >= limit {
        limit as i32
    } else if scaled <= -limit {
        -limit as i32
    } else {
        libm::roundf(scaled) as i32
    }
}

fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent.clamp(-126, 127) + 127) as u32) << 23)
}

/// `value` with 32 fraction bits, limited to what leaves 16 bits of headroom.
pub(crate) fn fixed(value: f32) -> i64 {
    i64::from(from_f32(value, -16, i32::MAX)) << 16
}

impl Element for i16 {
    type Scale = Exponent;

    fn to_f32(self, scale: Exponent) -> f32 {
        to_f32(self.into(), scale.0.into())
    }

    fn from_f32(value: f32, scale: Exponent) -> Self {
        from_f32(value, scale.0.into(), MANTISSA) as Self
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
}

/// A figure in fixed point with 32 fraction bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Q32(pub i64);

impl Scalar for Q32 {
    fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    fn over(self, count: u32) -> Self {
        Self(self.0.checked_div(i64::from(count)).unwrap_or(self.0))
    }

    fn is_finite(self) -> bool {
        true
    }

    fn to_f32(self) -> f32 {
        to_f32(self.0, -32)
    }

    fn to_bits(self) -> u64 {
        self.0 as u64
    }

    fn from_bits(bits: u64) -> Self {
        Self(bits as i64)
    }
}

/// What is kept per tensor: its exponent; its gradient's exponent (for a parameter); the largest
/// magnitude in the present window; and the running one. Magnitudes are mantissas before saturation.
pub type Track = [i16; 4];

/// The exponent that a tensor has before anything is known of it: 13 fraction bits, ±1.
const START: i16 = -13;

/// A weight tensor to update: the plane that is multiplied with, and the one below it.
#[derive(Debug)]
pub struct Planes<'a> {
    /// Mantissas, within ±8191.
    pub high: &'a mut [i16],
    /// Signed remainders: `value = (high + low / 65536) · 2^exponent`.
    pub low: &'a mut [i16],
}

/// The exponent of a track; that of a track that was never set is [`START`].
pub(crate) fn exponent(track: Option<&Track>) -> Exponent {
    match track {
        Some([0, ..]) | None => Exponent(START),
        Some([exponent, ..]) => Exponent(*exponent),
    }
}

impl Number for Bfp14 {
    const NAME: &'static str = "bfp14";
    const CODE: u8 = 16;

    type Elem = i16;
    type Bias = Saturating<i32>;
    type Gradient = i32;
    type Scalar = Q32;
    type Track = Track;
    type Peak = u32;
    type WeightsMut<'a> = Planes<'a>;

    const WEIGHT_BYTES: usize = 4;
    const STATE_BYTES: usize = 2;
    const CALIBRATES: bool = true;

    fn weights<'a>(bytes: &'a [u8], track: Option<&Track>) -> View<'a, Self> {
        let planes = cast::<i16>(bytes);
        View {
            data: planes.get(..planes.len() / 2).unwrap_or(&[]),
            scale: exponent(track),
        }
    }

    fn weights_mut(bytes: &mut [u8], window: Range<usize>) -> Planes<'_> {
        let planes = cast_mut::<i16>(bytes);
        let half = planes.len() / 2;
        let low = half + window.start..half + window.end;
        match planes.get_disjoint_mut([window, low]) {
            Ok([high, low]) => Planes { high, low },
            Err(_) => Planes {
                high: &mut [],
                low: &mut [],
            },
        }
    }

    /// The exponent leaves one bit of headroom above the largest weight.
    fn store_weights(bytes: &mut [u8], track: Option<&mut Track>, values: impl Iterator<Item = f32> + Clone) {
        let largest = values
            .clone()
            .fold(0.0, |largest: f32, value| largest.max(value.abs()));
        let mut scale = START;
        while scale < 15 && largest >= power_of_two(12 + i32::from(scale)) {
            scale += 1;
        }
        while scale > -30 && largest < power_of_two(11 + i32::from(scale)) {
            scale -= 1;
        }
        // No track is ever zero, since zero means unknown.
        let scale = if scale == 0 { 1 } else { scale };
        let count = bytes.len() / Self::WEIGHT_BYTES;
        let Planes { high, low } = Self::weights_mut(bytes, 0..count);
        for ((high, low), value) in high.iter_mut().zip(low).zip(values) {
            let fine = from_f32(value, i32::from(scale) - 16, MANTISSA << 16);
            (*high, *low) = split(fine);
        }
        if let Some(track) = track {
            *track = [scale, 0, 0, 0];
        }
    }

    fn scale(track: Option<&Track>) -> Exponent {
        exponent(track)
    }
}

/// A master weight as its two planes: the high one rounded to nearest, the low one the remainder.
pub(crate) const fn split(fine: i32) -> (i16, i16) {
    let high = (fine + 0x8000) >> 16;
    (high as i16, (fine - (high << 16)) as i16)
}

/// The inverse of [`split`].
pub(crate) const fn join(high: i16, low: i16) -> i32 {
    ((high as i32) << 16) + low as i32
}
