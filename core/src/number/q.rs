//! Plain fixed point: integers with a fixed number of fraction bits, for what stands before and behind a model.

#![expect(
    clippy::multiple_bound_locations,
    reason = "the derived implementations repeat the bound"
)]

use super::{Element, nearest};
use bytemuck::{Pod, Zeroable};
use core::fmt;
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Shl, Shr, Sub, SubAssign};

/// The integer under a [`Q`]: `i16` or `i32`.
pub trait Word: Pod + Ord + Default + fmt::Debug + sealed::Sealed {
    /// Its bits.
    const BITS: u32;
    /// 0
    const ZERO: Self;
    /// The smallest.
    const MIN: Self;
    /// The largest.
    const MAX: Self;

    /// Itself, in 64 bits.
    fn wide(self) -> i64;

    /// The nearest that there is to `wide`.
    fn narrow(wide: i64) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for i32 {}
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            const BITS: u32 = <$type>::BITS;
            const ZERO: Self = 0;
            const MIN: Self = <$type>::MIN;
            const MAX: Self = <$type>::MAX;

            fn wide(self) -> i64 {
                self.into()
            }

            fn narrow(wide: i64) -> Self {
                wide.clamp(<$type>::MIN.into(), <$type>::MAX.into()) as $type
            }
        }
    };
}

word!(i16);
word!(i32);

/// A number with `FRAC` fraction bits, `value = bits · 2^−FRAC`: `Q<i16, 12>` is Q3.12, from −8 to just below 8.
///
/// All arithmetic saturates and rounds to nearest, and takes integers alone (but for [`to_f32`](Self::to_f32)). A
/// product is `⌊(a b + 2^(FRAC−1)) / 2^FRAC⌋`, so a tie goes up; a quotient's tie goes away from zero, and what is divided by zero is the largest
/// number of its sign, or 0 for 0.
///
/// It is an [`Element`], so a [`Table`](crate::load::Table) may hold it and [`bytemuck::cast_slice`] makes a tensor of it
/// out of a slice of integers. A model does not train in it: one number of fraction bits for all tensors is what
/// [block fixed point](super::Bfp14) is there to avoid.
///
/// ```
/// use kilograd::number::Q;
///
/// type Volts = Q<i16, 12>;
/// let offset = Volts::from_f32(1.25);
/// let x = (Volts::from_integer(3) - offset) / Volts::from_integer(2);
/// assert_eq!(x.to_f32(), 0.875);
/// assert_eq!(Volts::from_integer(7) + Volts::from_integer(7), Volts::MAX);
/// let raw = [4096_i16, -2048];
/// let tensor: &[Volts] = bytemuck::cast_slice(&raw);
/// assert_eq!(tensor[1].to_f32(), -0.5);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Q<T: Word, const FRAC: u32>(T);

impl<T: Word, const FRAC: u32> Q<T, FRAC> {
    /// Refuses a format without a sign bit, when it is built.
    const VALID: () = assert!(
        FRAC < T::BITS,
        "FRAC: the fraction has fewer bits than the word, which keeps one for the sign"
    );

    /// 0
    pub const ZERO: Self = Self(T::ZERO);
    /// The smallest number, `−2^(bits − 1 − FRAC)`.
    pub const MIN: Self = Self(T::MIN);
    /// The largest number, `2^(bits − 1 − FRAC) − 2^−FRAC`.
    pub const MAX: Self = Self(T::MAX);

    /// The number of these bits.
    pub const fn from_bits(bits: T) -> Self {
        const { Self::VALID };
        Self(bits)
    }

    /// Its bits.
    pub const fn to_bits(self) -> T {
        self.0
    }

    fn saturated(wide: i64) -> Self {
        const { Self::VALID };
        Self(T::narrow(wide))
    }

    /// The nearest number to an integer.
    pub fn from_integer(integer: i32) -> Self {
        // 32 bits, shifted by at most 31.
        Self::saturated(i64::from(integer) << FRAC)
    }

    /// The nearest integer; a tie goes up.
    pub fn to_integer(self) -> i32 {
        // At most 2³¹, of a word without a fraction; with one it is half of that.
        rounded(self.0.wide(), FRAC) as i32
    }

    /// The largest integer that is not above it.
    pub fn floor(self) -> i32 {
        (self.0.wide() >> FRAC) as i32
    }

    /// The nearest number to `value`, a tie away from zero, from its bits; 0 for what is not a number.
    pub fn from_f32(value: f32) -> Self {
        Self::saturated(nearest(value, FRAC as i32))
    }

    /// The nearest `f32`, which is itself where it has at most 24 significant bits.
    pub fn to_f32(self) -> f32 {
        // A power of two rounds nothing.
        self.0.wide() as f32 * f32::from_bits((127 - FRAC) << 23)
    }

    /// The same number in another format: the nearest that it has, a tie up.
    pub fn to<U: Word, const TO: u32>(self) -> Q<U, TO> {
        let wide = self.0.wide();
        Q::saturated(if TO >= FRAC {
            wide << (TO - FRAC)
        } else {
            rounded(wide, FRAC - TO)
        })
    }
}

/// `⌊(wide + 2^(by−1)) / 2^by⌋`. What comes in has at most 63 bits, so the half fits.
fn rounded(wide: i64, by: u32) -> i64 {
    if by == 0 {
        wide
    } else {
        (wide + (1 << (by - 1))) >> by
    }
}

impl<T: Word, const FRAC: u32> Add for Q<T, FRAC> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::saturated(self.0.wide() + other.0.wide())
    }
}

impl<T: Word, const FRAC: u32> Sub for Q<T, FRAC> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::saturated(self.0.wide() - other.0.wide())
    }
}

impl<T: Word, const FRAC: u32> Mul for Q<T, FRAC> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        // At most 2⁶², and the half 2³⁰.
        Self::saturated(rounded(self.0.wide() * other.0.wide(), FRAC))
    }
}

impl<T: Word, const FRAC: u32> Div for Q<T, FRAC> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let (a, b) = (self.0.wide(), other.0.wide());
        // At most 2⁶²; twice the rest is below 2³².
        let dividend = a << FRAC;
        let (Some(quotient), Some(rest)) = (dividend.checked_div(b), dividend.checked_rem(b)) else {
            return match a.signum() {
                0 => Self::ZERO,
                1 => Self::MAX,
                _ => Self::MIN,
            };
        };
        let away = if (a < 0) == (b < 0) { 1 } else { -1 };
        let up = 2 * rest.abs() >= b.abs();
        Self::saturated(if up { quotient + away } else { quotient })
    }
}

impl<T: Word, const FRAC: u32> Neg for Q<T, FRAC> {
    type Output = Self;

    fn neg(self) -> Self {
        Self::saturated(-self.0.wide())
    }
}

/// Times `2^by`, saturating.
impl<T: Word, const FRAC: u32> Shl<u32> for Q<T, FRAC> {
    type Output = Self;

    fn shl(self, by: u32) -> Self {
        // 32 bits by 31: whatever is shifted further and is not 0 is past any word.
        Self::saturated(self.0.wide() << by.min(31))
    }
}

/// Over `2^by`, rounded to nearest, a tie up.
impl<T: Word, const FRAC: u32> Shr<u32> for Q<T, FRAC> {
    type Output = Self;

    fn shr(self, by: u32) -> Self {
        Self::saturated(rounded(self.0.wide(), by.min(40)))
    }
}

macro_rules! assign {
    ($trait:ident, $name:ident, $operator:tt) => {
        impl<T: Word, const FRAC: u32> $trait for Q<T, FRAC> {
            fn $name(&mut self, other: Self) {
                *self = *self $operator other;
            }
        }
    };
}

assign!(AddAssign, add_assign, +);
assign!(SubAssign, sub_assign, -);
assign!(MulAssign, mul_assign, *);
assign!(DivAssign, div_assign, /);

/// Nothing is shared: every tensor has the same fraction.
impl<T: Word, const FRAC: u32> Element for Q<T, FRAC> {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        Q::to_f32(self)
    }

    fn from_f32(value: f32, (): ()) -> Self {
        Q::from_f32(value)
    }

    fn fitting(_: f32) {}
}

impl<T: Word, const FRAC: u32> fmt::Debug for Q<T, FRAC> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_f32(), f)
    }
}

impl<T: Word, const FRAC: u32> fmt::Display for Q<T, FRAC> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_f32(), f)
    }
}

#[cfg(feature = "defmt")]
impl<T: Word, const FRAC: u32> defmt::Format for Q<T, FRAC> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=f32}", self.to_f32());
    }
}

/// To and from the crate [`fixed`], of whatever fraction.
#[cfg(feature = "fixed")]
mod with_fixed {
    use super::{Q, rounded};
    use fixed::types::extra::{LeEqU16, LeEqU32};
    use fixed::{FixedI16, FixedI32};

    macro_rules! with_fixed {
        ($word:ty, $fixed:ident, $bound:ident) => {
            impl<const FRAC: u32> Q<$word, FRAC> {
                /// The nearest number to one of the crate `fixed`; the same, if both have as many fraction bits.
                pub fn from_fixed<F: $bound>(number: $fixed<F>) -> Self {
                    let wide = i64::from(number.to_bits());
                    Self::saturated(match FRAC.checked_sub(F::U32) {
                        Some(up) => wide << up,
                        None => rounded(wide, F::U32 - FRAC),
                    })
                }

                /// The nearest number of the crate `fixed`; the same, if both have as many fraction bits.
                pub fn to_fixed<F: $bound>(self) -> $fixed<F> {
                    let wide = i64::from(self.to_bits());
                    let wide = match F::U32.checked_sub(FRAC) {
                        Some(up) => wide << up,
                        None => rounded(wide, FRAC - F::U32),
                    };
                    $fixed::from_bits(<$word as super::Word>::narrow(wide))
                }
            }
        };
    }

    with_fixed!(i16, FixedI16, LeEqU16);
    with_fixed!(i32, FixedI32, LeEqU32);
}

#[cfg(test)]
#[path = "q_tests.rs"]
mod tests;
