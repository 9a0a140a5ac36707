//! How a master weight is stored: the plane that is multiplied with, and what lies below it.

use super::{MANTISSA, Planes};
use crate::number::cast_mut;
use bytemuck::Pod;
use core::fmt::Debug;
use core::ops::Range;
use core::slice::IterMut;

/// Fraction bits of a master weight as updates compute with it, below the plane that is multiplied with.
pub const FINE: i32 = 16;

/// What lies below the plane of a weight that is multiplied with, so that small updates are not lost.
///
/// An update computes `fine = mantissa · 2^16`; a master stores as much of it as it has room for.
/// Source of the stochastic rounding: Gupta et al., Deep learning with limited numerical precision, 2015.
pub trait Master: Copy + Debug + 'static {
    /// The format's name in run files and reports.
    const NAME: &'static str;
    /// The format's number in a checkpoint's fingerprint.
    const CODE: u8;
    /// Bytes of a weight, both planes together.
    const BYTES: usize;
    /// Whether storing needs random bits.
    const RANDOM: bool;

    /// The lower part of one weight, to change.
    type Below<'a>;
    /// The lower parts of some weights.
    type Plane<'a>: Iterator<Item = Self::Below<'a>> + Debug;

    /// The lower plane, of the elements `window`, from what lies behind the high plane.
    fn plane(bytes: &mut [u8], window: Range<usize>) -> Self::Plane<'_>;

    /// The next eight of them, for a loop that goes on by eights; `None` if there are fewer.
    fn eight<'a>(plane: &mut Self::Plane<'a>) -> Option<impl Iterator<Item = Self::Below<'a>>>
    where
        'a: 'a;

    /// The master weight of a high part and what is below it.
    fn load(high: i16, below: &Self::Below<'_>) -> i32;

    /// Stores a master weight, rounding with the lowest 16 bits of `random` where it is longer than the
    /// planes, and returns its high part.
    fn store(fine: i32, random: u32, below: Self::Below<'_>) -> i16;
}

/// 16 more bits, rounded to nearest: 4 bytes per weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Low16;

/// 8 more bits, rounded stochastically: 3 bytes per weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Low8;

/// Nothing: the plane alone, rounded stochastically; 2 bytes per weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct High;

fn plane<T: Pod>(bytes: &mut [u8], window: Range<usize>) -> IterMut<'_, T> {
    cast_mut::<T>(bytes).get_mut(window).unwrap_or(&mut []).iter_mut()
}

#[inline]
fn eight<'a, T>(plane: &mut IterMut<'a, T>) -> Option<IterMut<'a, T>> {
    let (now, later) = core::mem::take(plane).into_slice().split_first_chunk_mut::<8>()?;
    *plane = later.iter_mut();
    Some(now.iter_mut())
}

impl Master for Low16 {
    const NAME: &'static str = "bfp14";
    const CODE: u8 = 16;
    const BYTES: usize = 4;
    const RANDOM: bool = false;

    type Below<'a> = &'a mut i16;
    type Plane<'a> = IterMut<'a, i16>;

    fn plane(bytes: &mut [u8], window: Range<usize>) -> IterMut<'_, i16> {
        plane(bytes, window)
    }

    #[inline]
    fn eight<'a>(plane: &mut IterMut<'a, i16>) -> Option<impl Iterator<Item = &'a mut i16>>
    where
        'a: 'a,
    {
        eight(plane)
    }

    #[inline]
    fn load(high: i16, below: &&mut i16) -> i32 {
        (i32::from(high) << FINE) + i32::from(**below)
    }

    /// The high part is the nearest, the lower one the signed remainder.
    #[inline]
    fn store(fine: i32, _: u32, below: &mut i16) -> i16 {
        let high = (fine + 0x8000) >> FINE;
        *below = (fine - (high << FINE)) as i16;
        high as i16
    }
}

impl Master for Low8 {
    const NAME: &'static str = "bfp14-byte";
    const CODE: u8 = 17;
    const BYTES: usize = 3;
    const RANDOM: bool = true;

    type Below<'a> = &'a mut i8;
    type Plane<'a> = IterMut<'a, i8>;

    fn plane(bytes: &mut [u8], window: Range<usize>) -> IterMut<'_, i8> {
        plane(bytes, window)
    }

    #[inline]
    fn eight<'a>(plane: &mut IterMut<'a, i8>) -> Option<impl Iterator<Item = &'a mut i8>>
    where
        'a: 'a,
    {
        eight(plane)
    }

    #[inline]
    fn load(high: i16, below: &&mut i8) -> i32 {
        (i32::from(high) << FINE) + (i32::from(**below) << 8)
    }

    #[inline]
    fn store(fine: i32, random: u32, below: &mut i8) -> i16 {
        let fine = (fine + (random & 0xff) as i32) >> 8;
        let high = (fine + 0x80) >> 8;
        *below = (fine - (high << 8)) as i8;
        high as i16
    }
}

impl Master for High {
    const NAME: &'static str = "bfp14-high";
    const CODE: u8 = 18;
    const BYTES: usize = 2;
    const RANDOM: bool = true;

    type Below<'a> = ();
    type Plane<'a> = core::iter::Repeat<()>;

    fn plane(_: &mut [u8], _: Range<usize>) -> Self::Plane<'_> {
        core::iter::repeat(())
    }

    #[inline]
    fn eight<'a>(_: &mut Self::Plane<'a>) -> Option<impl Iterator<Item = ()>>
    where
        'a: 'a,
    {
        Some([(); 8].into_iter())
    }

    #[inline]
    fn load(high: i16, (): &()) -> i32 {
        i32::from(high) << FINE
    }

    #[inline]
    fn store(fine: i32, random: u32, (): ()) -> i16 {
        ((fine + (random & 0xffff) as i32) >> FINE) as i16
    }
}

/// Both planes of the elements `window` of a tensor's bytes.
pub(super) fn planes<M: Master>(bytes: &mut [u8], window: Range<usize>) -> Planes<'_, M> {
    let count = bytes.len() / M::BYTES;
    let (high, low) = bytes.split_at_mut(2 * count);
    Planes {
        high: cast_mut(high).get_mut(window.clone()).unwrap_or(&mut []),
        low: M::plane(low, window),
    }
}

/// The largest magnitude of a master weight between updates; twice as much fits while one is under way.
pub const LIMIT: i32 = MANTISSA << FINE;

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<M: Master>(fine: i32, random: u32) -> i32 {
        let mut bytes = [0_u32; 4];
        let bytes = bytemuck::cast_slice_mut(&mut bytes);
        let bytes = &mut bytes[..2 * M::BYTES];
        let Planes { high, low } = planes::<M>(bytes, 1..2);
        for (high, low) in high.iter_mut().zip(low) {
            *high = M::store(fine, random, low);
        }
        let Planes { high, low } = planes::<M>(bytes, 1..2);
        high.iter().zip(low).map(|(high, low)| M::load(*high, &low)).sum()
    }

    #[test]
    fn each_master_keeps_the_bits_that_it_has() {
        for fine in [
            0,
            1,
            -1,
            0x7fff,
            0x8000,
            -0x8000,
            -0x8001,
            2 * LIMIT,
            -2 * LIMIT,
            123_456_789,
        ] {
            assert_eq!(there_and_back::<Low16>(fine, 77), fine);
            assert_eq!(there_and_back::<Low8>(fine, 0), fine >> 8 << 8);
            assert_eq!(there_and_back::<Low8>(fine, 0xff), (fine + 0xff) >> 8 << 8);
            assert_eq!(there_and_back::<High>(fine, 0), fine >> 16 << 16);
            assert_eq!(there_and_back::<High>(fine, 0xffff), (fine + 0xffff) >> 16 << 16);
        }
    }
}
