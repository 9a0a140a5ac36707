//! Plain fixed point against exact arithmetic in 128 bits.

use super::*;
use crate::number::random::Pcg;

/// Words at the ends and between them, of every size.
fn words<T: Word>(random: &mut Pcg) -> T {
    let ends = [
        T::MIN.wide(),
        T::MIN.wide() + 1,
        -2,
        -1,
        0,
        1,
        2,
        T::MAX.wide() - 1,
        T::MAX.wide(),
    ];
    let wide = match random.below(3) {
        0 => ends[random.below(ends.len() as u32) as usize],
        _ => i64::from(random.next_u32() as i32) >> random.below(32),
    };
    T::narrow(wide)
}

fn clamped<T: Word>(exact: i128) -> i128 {
    exact.clamp(T::MIN.wide().into(), T::MAX.wide().into())
}

/// `⌊n / d + ½⌋` of whole numbers, in 128 bits.
fn nearest(n: i128, d: i128) -> i128 {
    (2 * n + d).div_euclid(2 * d)
}

fn arithmetic<T: Word, const FRAC: u32>() {
    let mut random = Pcg::new(u64::from(FRAC));
    let one = 1_i128 << FRAC;
    for _ in 0..20_000 {
        let (a, b) = (words::<T>(&mut random), words::<T>(&mut random));
        let (x, y) = (Q::<T, FRAC>::from_bits(a), Q::<T, FRAC>::from_bits(b));
        let (a, b) = (i128::from(a.wide()), i128::from(b.wide()));
        let bits = |q: Q<T, FRAC>| i128::from(q.to_bits().wide());
        assert_eq!(bits(x + y), clamped::<T>(a + b), "{a} + {b}");
        assert_eq!(bits(x - y), clamped::<T>(a - b), "{a} - {b}");
        assert_eq!(bits(-x), clamped::<T>(-a), "-{a}");
        assert_eq!(bits(x * y), clamped::<T>(nearest(a * b, one)), "{a} * {b}");
        let by = random.below(70);
        let up = if by > 60 { a.signum() << 60 } else { a << by };
        assert_eq!(bits(x << by), clamped::<T>(up), "{a} << {by}");
        assert_eq!(bits(x >> by), nearest(a, 1 << by), "{a} >> {by}");
        let quotient = match (a.signum(), b.signum()) {
            (0, 0) => 0,
            (1, 0) => i128::MAX,
            (_, 0) => i128::MIN,
            // A tie goes away from zero, so the magnitudes round a tie up.
            (i, j) => i * j * nearest(a.abs() * one, b.abs()),
        };
        assert_eq!(bits(x / y), clamped::<T>(quotient), "{a} / {b}");
        let mut sum = x;
        sum += y;
        assert_eq!(sum, x + y);
    }
}

#[test]
fn arithmetic_is_exact_but_for_one_rounding_and_saturates() {
    arithmetic::<i16, 0>();
    arithmetic::<i16, 8>();
    arithmetic::<i16, 12>();
    arithmetic::<i16, 15>();
    arithmetic::<i32, 0>();
    arithmetic::<i32, 16>();
    arithmetic::<i32, 24>();
    arithmetic::<i32, 31>();
}

fn conversions<T: Word, const FRAC: u32>() {
    let mut random = Pcg::new(u64::from(FRAC) + 7);
    let one = f64::from(FRAC).exp2_exact();
    for _ in 0..20_000 {
        let word = words::<T>(&mut random);
        let x = Q::<T, FRAC>::from_bits(word);
        let exact = word.wide() as f64 / one;
        assert_eq!(x.to_f32(), exact as f32, "{word:?}");
        assert_eq!(x.floor(), libm::floor(exact) as i32);
        assert_eq!(x.to_integer(), libm::floor(exact + 0.5) as i64 as i32, "{word:?}");
        let value = f32::from_bits(random.next_u32());
        let found = Q::<T, FRAC>::from_f32(value).to_bits().wide();
        let wanted = (libm::round(f64::from(value) * one) as i64).clamp(T::MIN.wide(), T::MAX.wide());
        assert_eq!(found, wanted, "{value:e}");
        let near = (random.uniform() - 0.5) * 4.0;
        let found = Q::<T, FRAC>::from_f32(near).to_bits().wide();
        let wanted = (libm::round(f64::from(near) * one) as i64).clamp(T::MIN.wide(), T::MAX.wide());
        assert_eq!(found, wanted, "{near:e}");
        let whole = random.next_u32() as i32 >> random.below(32);
        let found = Q::<T, FRAC>::from_integer(whole).to_bits().wide();
        assert_eq!(i128::from(found), clamped::<T>(i128::from(whole) << FRAC));
    }
    assert_eq!(Q::<T, FRAC>::from_f32(f32::NAN), Q::ZERO);
    assert_eq!(Q::<T, FRAC>::from_f32(f32::INFINITY), Q::MAX);
    assert_eq!(Q::<T, FRAC>::from_f32(f32::NEG_INFINITY), Q::MIN);
}

trait Exp2 {
    fn exp2_exact(self) -> f64;
}

impl Exp2 for f64 {
    fn exp2_exact(self) -> f64 {
        libm::exp2(self)
    }
}

#[test]
fn conversions_round_once_and_saturate() {
    conversions::<i16, 0>();
    conversions::<i16, 12>();
    conversions::<i16, 15>();
    conversions::<i32, 0>();
    conversions::<i32, 16>();
    conversions::<i32, 31>();
}

#[test]
fn formats_turn_into_each_other() {
    let mut random = Pcg::new(1);
    for _ in 0..20_000 {
        let a: i16 = words(&mut random);
        let x = Q::<i16, 12>::from_bits(a);
        assert_eq!(x.to::<i32, 24>().to_bits(), i32::from(a) << 12);
        assert_eq!(x.to::<i32, 24>().to::<i16, 12>(), x);
        let b: i32 = words(&mut random);
        let found = Q::<i32, 20>::from_bits(b).to::<i16, 8>().to_bits();
        let exact = nearest(b.into(), 1 << 12);
        assert_eq!(i128::from(found), clamped::<i16>(exact));
    }
}

/// A table of them, over integers as they lie in flash, is a set of samples.
#[test]
fn it_is_an_element_of_tensors() {
    use crate::load::{Samples, Table};
    let raw = [2048_i16, -2048, 4096, 0];
    let table = Table::new(bytemuck::cast_slice::<_, Q<i16, 12>>(&raw), &[0, 1], 2, ()).unwrap();
    let mut x = [Q::ZERO; 2];
    table.read(0, &mut x).unwrap();
    assert_eq!(x.map(Q::to_f32), [0.5, -0.5]);
    assert_eq!(core::mem::size_of::<Q<i16, 12>>(), 2);
}

#[cfg(feature = "fixed")]
#[test]
fn the_crate_fixed_has_the_same_numbers() {
    use fixed::types::extra::{U4, U12, U15, U31};
    use fixed::{FixedI16, FixedI32};
    let mut random = Pcg::new(2);
    for _ in 0..20_000 {
        let a: i16 = words(&mut random);
        let (ours, theirs) = (Q::<i16, 12>::from_bits(a), FixedI16::<U12>::from_bits(a));
        assert_eq!(Q::<i16, 12>::from_fixed(theirs), ours);
        assert_eq!(ours.to_fixed::<U12>(), theirs);
        assert_eq!(ours.to_f32(), theirs.to_num::<f32>());
        // Another fraction: theirs, rounded.
        assert_eq!(ours.to_fixed::<U4>().to_bits(), ours.to::<i16, 4>().to_bits());
        assert_eq!(Q::<i16, 4>::from_fixed(theirs), ours.to::<i16, 4>());
        assert_eq!(
            ours.to_fixed::<U15>().to_num::<f64>(),
            theirs.saturating_to_num::<FixedI16<U15>>().to_num::<f64>()
        );
        let b: i16 = words(&mut random);
        let (x, y) = (ours, Q::<i16, 12>::from_bits(b));
        let sum = theirs.saturating_add(FixedI16::from_bits(b));
        assert_eq!((x + y).to_fixed::<U12>(), sum);
        let c: i32 = words(&mut random);
        assert_eq!(
            Q::<i32, 31>::from_bits(c).to_fixed::<U31>(),
            FixedI32::<U31>::from_bits(c)
        );
    }
}
