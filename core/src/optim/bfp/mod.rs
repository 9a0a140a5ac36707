//! Optimizers in block fixed point, without one float instruction: what they have in common.
//!
//! An update computes a master weight with 16 bits below its mantissa, `fine`, and a bias as it is stored; what it takes
//! off is `factor · value`, with the factor as a mantissa of at most 2¹⁵ and an exponent. Nothing needs a product of more
//! than 32 bits. Optimizer state is 16 bits with an exponent of its own, kept in the parameter's track, rounded
//! stochastically, since what is rounded to nearest stalls.

mod adam;
mod loops;
mod momentum;
mod rms_prop;
mod root;
mod sgd;
#[cfg(test)]
mod tests;

use super::{ParamMut, State};
use crate::kernel::Kernel;
use crate::math::fixed;
use crate::number::bfp::{self, BIAS_FRACTION, FINE, Field, LIMIT, MANTISSA, Master, Peak, Planes, Track};
use crate::number::random::Pcg;
use crate::number::{Bfp14, cast_mut};

/// A factor of at least 0 as `mantissa · 2^exponent`, with a mantissa of at most 2¹⁵.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    mantissa: i32,
    exponent: i32,
}

impl Factor {
    /// The factor nearest to `value`; zero for what is not a positive number.
    pub(super) fn new(value: f32) -> Self {
        let (mantissa, exponent) = fixed::setting(value);
        Self { mantissa, exponent }
    }

    /// The product, with as many bits.
    pub(super) fn times(self, other: Self) -> Self {
        Self {
            mantissa: (self.mantissa * other.mantissa) >> 15,
            exponent: self.exponent + other.exponent + 15,
        }
    }

    /// No change at all.
    pub(super) const ZERO: Self = Self {
        mantissa: 0,
        exponent: 0,
    };

    /// A fraction below 1 with 32 bits.
    pub(super) fn from_fraction(value: u64) -> Self {
        let value = value.min(u64::from(u32::MAX)) as u32;
        if value == 0 {
            return Self::ZERO;
        }
        let free = value.leading_zeros();
        Self {
            mantissa: ((value << free) >> 17) as i32,
            exponent: -15 - free as i32,
        }
    }

    /// `1 − value` with 32 fraction bits, for a value between 0 and 1: how a decay is best written down.
    pub(super) fn gap(value: f32) -> u64 {
        let ulps = (bfp::fixed(value).max(0) as u64).min(1 << 32);
        (1 << 32) - ulps
    }

    /// The quotient; zero if `other` is.
    pub(super) fn over(self, other: Self) -> Self {
        let Some(mantissa) = (self.mantissa << 15).checked_div(other.mantissa) else {
            return Self::ZERO;
        };
        // Between 2¹⁴ and 2¹⁶.
        let bit = i32::from(mantissa >= 1 << 15);
        Self {
            mantissa: mantissa >> bit,
            exponent: self.exponent - other.exponent - 15 + bit,
        }
    }

    /// The factor as a fraction of 2¹⁵, at most 1.
    pub(super) fn fraction(self) -> i32 {
        fixed::shift(self.mantissa, -15 - self.exponent).clamp(0, 1 << 15)
    }

    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0
    }
}

/// `factor · value`, in units that are a power of two: the product of value and mantissa, down by `by` bits and
/// rounded to nearest, or up by `up` bits, saturating.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled {
    mantissa: i32,
    by: u32,
    half: i32,
    up: u32,
}

impl Scaled {
    /// Products of `factor` with values of 32 bits at `2^exponent`, in units of `2^unit`: see [`wide`](Self::wide).
    pub(super) fn of_wide(factor: Factor, exponent: i32, unit: i32) -> Self {
        // The product is taken without its 16 lowest bits.
        Self::of_narrow(factor, exponent + 16, unit)
    }

    /// Products of `factor` with values of 16 bits at `2^exponent`, in units of `2^unit`: see [`narrow`](Self::narrow).
    pub(super) fn of_narrow(factor: Factor, exponent: i32, unit: i32) -> Self {
        let by = unit - exponent - factor.exponent;
        let down = by.clamp(0, 30) as u32;
        Self {
            mantissa: if by > 30 { 0 } else { factor.mantissa },
            by: down,
            half: if down > 0 { 1 << (down - 1) } else { 0 },
            up: (-by).clamp(0, 30) as u32,
        }
    }

    /// The product with a value of 32 bits.
    #[inline]
    pub(super) fn wide(&self, value: i32) -> i32 {
        // At most 2¹⁵ by 16 bits: each less than 2³¹.
        let low = ((value & 0xffff) * self.mantissa) >> 16;
        self.round((value >> 16) * self.mantissa + low)
    }

    /// The product with a value within ±32,768.
    #[inline]
    pub(super) fn narrow(&self, value: i32) -> i32 {
        self.round(value * self.mantissa)
    }

    /// Mantissa, half and shift for [`narrow`](Self::narrow) by those alone, where a step is so small that a weight cannot
    /// leave twice its range.
    #[inline]
    pub(super) fn short(&self) -> Option<(i32, i32, u32)> {
        (self.by >= 3).then_some((self.mantissa, self.half, self.by))
    }

    /// Of a product of at most 2³⁰ + 2¹⁵; the half is at most 2²⁹. The result is at most [`MOST`].
    #[inline]
    fn round(&self, product: i32) -> i32 {
        if self.by > 1 {
            (product + self.half) >> self.by
        } else {
            ((product + self.half) >> self.by)
                .saturating_mul(1 << self.up)
                .clamp(-MOST, MOST)
        }
    }
}

/// The largest step of one update: one that carries a weight from one end of its range to the other.
const MOST: i32 = LIMIT;

/// Random bits for stochastic rounding, begun anew for each tensor from the trainer's generator, which a checkpoint holds.
/// Source of the xorshift: Marsaglia, Xorshift RNGs, 2003.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dither(u32);

impl Dither {
    pub(super) fn new(random: &mut Pcg) -> Self {
        Self(random.next_u32() | 1)
    }

    /// 15 random bits: the highest of a linear congruential generator of 32, half the instructions of an xorshift on a
    /// Cortex-M0. Source of the multiplier: Press et al., Numerical Recipes, 7.1.
    #[inline]
    pub(super) fn fifteen(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1);
        (self.0 >> 17) as i32
    }

    /// 32 random bits, of an xorshift.
    #[inline]
    pub(super) fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// What an update of some elements came to: the largest mantissas of weights and of state, before saturation, and the
/// updates that moved nothing although there was something to move by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    weights: u32,
    saturated: u32,
    pub(super) state: u32,
    stalled: u32,
}

impl Tally {
    /// `w ← w − delta` for a weight; returns its new mantissa.
    #[inline]
    pub(super) fn weight<M: Master>(
        &mut self,
        high: i16,
        below: M::Below<'_>,
        delta: i32,
        random: u32,
    ) -> i16 {
        // Both are at most 2³⁰, and a weight under way fits twice its range.
        let fine = (M::load(high, &below) - delta).clamp(-2 * LIMIT, 2 * LIMIT);
        let high = M::store(fine, random, below);
        self.weights = self.weights.max(high.unsigned_abs().into());
        high
    }

    #[inline]
    pub(super) fn stall(&mut self, delta: i32, from: i32) {
        self.stalled += u32::from(delta == 0 && from != 0);
    }

    /// Notes it in the tensor's track; the peaks are for [`settle`].
    pub(super) fn moved(self, track: Option<&mut Track>) -> [Peak; 2] {
        bfp::count(track, self.stalled);
        let peak = |largest, saturated| Peak { largest, saturated };
        [peak(self.weights, self.saturated), peak(self.state, 0)]
    }
}

/// The unit of what an update takes off a parameter, as an exponent.
pub(super) fn unit<M: Master>(param: &ParamMut<'_, Bfp14<M>>, track: Option<&Track>) -> i32 {
    match param {
        ParamMut::Weight(_) => i32::from(bfp::exponent(track).0) - FINE,
        ParamMut::Bias(_) => -i32::from(BIAS_FRACTION),
    }
}

/// Brings a tensor back into range when all of it has moved: halves weights that have outgrown their mantissas, and
/// rescales state that fills its 16 bits, or less than an eighth of them.
pub(super) fn settle<M: Master>(
    param: ParamMut<'_, Bfp14<M>>,
    mut track: Option<&mut Track>,
    state: State<'_>,
    [weights, vectors]: [Peak; 2],
    slots: u32,
) {
    halve(param, track.as_deref_mut(), weights);
    if slots == 0 {
        return;
    }
    let by = rescale(vectors.largest);
    if by != 0 {
        shift_signed(state.bytes, by);
        let exponent = i32::from(bfp::get(track.as_deref(), Field::Window));
        bfp::set(track, Field::Window, exponent + by);
    }
}

/// Halves weights that have outgrown their mantissas.
fn halve<M: Master>(param: ParamMut<'_, Bfp14<M>>, track: Option<&mut Track>, weights: Peak) {
    if let ParamMut::Weight(Planes { high, low }) = param
        && weights.largest > MANTISSA as u32
    {
        let exponent = i32::from(bfp::exponent(track.as_deref()).0);
        for (high, below) in high.iter_mut().zip(low) {
            let fine = M::load(*high, &below) >> 1;
            *high = M::store(fine, 0x80, below);
        }
        bfp::set_exponent(track, exponent + 1);
    }
}

/// Divides state by `2^by`.
fn shift_signed(state: &mut [u8], by: i32) {
    for value in cast_mut::<i16>(state) {
        *value = ((i32::from(*value) << 8) >> (8 + by).clamp(0, 31)) as i16;
    }
}

/// [`shift_signed`] for state without a sign.
fn shift_unsigned(state: &mut [u8], by: i32) {
    for value in cast_mut::<u16>(state) {
        *value = ((u32::from(*value) << 8) >> (8 + by).clamp(0, 31)) as u16;
    }
}

/// The gradient `g` of a parameter `w`, with `λ w` added where there is a decay.
#[inline]
fn decayed(g: i32, w: i32, decay: Factor, pull: &Scaled) -> i32 {
    if decay.is_zero() {
        g
    } else {
        g.saturating_add(pull.wide(w))
    }
}

/// By how many bits state must become coarser, if positive, or may become finer.
///
/// Two bits are left free, so that one large gradient fits.
fn rescale(largest: u32) -> i32 {
    match largest {
        0 | 2048..=16383 => 0,
        ..2048 => -1,
        _ => (32 - largest.leading_zeros()) as i32 - 13,
    }
}

/// The exponent of a tensor's state; before the first update the one that fits the gradient seen in the calibration, with
/// room for a sum of `2^sums` of them.
pub(super) fn state_exponent(mut track: Option<&mut Track>, first: bool, sums: i32) -> i32 {
    if first {
        let gradient = i32::from(<Bfp14 as Kernel>::gradient_scale(track.as_deref()).0);
        let bits = i32::from(bfp::get(track.as_deref(), Field::Running));
        bfp::set(track.as_deref_mut(), Field::Window, gradient + bits + sums - 14);
    }
    bfp::get(track.as_deref(), Field::Window).into()
}
