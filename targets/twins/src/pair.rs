//! The same numbers twice: for the chip's own loops and for the plain ones.

use crate::plain::Plain;
use kilograd::number::Float;
use kilograd::number::random::Pcg;

/// Elements in each of a side's arrays.
pub const ROOM: usize = 640;
/// Elements drawn and compared past the end of what a loop is given: nothing may be written there.
pub const PAST: usize = 4;

/// What numbers a case is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Near one, some far larger, some subnormal, zeros of both signs.
    Ordinary,
    /// Also infinite, NaN, and so large that products overflow.
    Special,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ordinary, Self::Special];

    /// A number of this kind.
    pub fn draw(self, random: &mut Pcg) -> f32 {
        let near_one = (random.uniform() - 0.5) * 4.0;
        match (self, random.below(24)) {
            (_, 0) => 0.0,
            (_, 1) => -0.0,
            // The exponent's bits are zero.
            (_, 2) => f32::from_bits(random.next_u32() & 0x807f_ffff),
            // Beside the smallest normal number: products and sums go below it.
            (_, 3) => near_one * f32::MIN_POSITIVE,
            // One such term's rounding shows in the whole sum.
            (_, 4) => near_one * 4096.0,
            (Self::Special, 9) => f32::INFINITY,
            (Self::Special, 5) => f32::NEG_INFINITY,
            (Self::Special, 6) => f32::NAN,
            (Self::Special, 7) => near_one * 1e30,
            (Self::Special, 8) => f32::MAX,
            _ => near_one,
        }
    }
}

/// The arrays of one side.
pub struct Side<F> {
    pub a: [F; ROOM],
    pub b: [F; ROOM],
    pub c: [F; ROOM],
    pub d: [F; ROOM],
}

impl<F: Float> Side<F> {
    pub const ZERO: Self = Self {
        a: [F::ZERO; ROOM],
        b: [F::ZERO; ROOM],
        c: [F::ZERO; ROOM],
        d: [F::ZERO; ROOM],
    };

    fn arrays(&self) -> [&[F; ROOM]; 4] {
        [&self.a, &self.b, &self.c, &self.d]
    }

    fn arrays_mut(&mut self) -> [&mut [F; ROOM]; 4] {
        [&mut self.a, &mut self.b, &mut self.c, &mut self.d]
    }
}

/// Both sides.
pub struct Pair {
    pub own: Side<f32>,
    pub plain: Side<Plain>,
}

impl Pair {
    pub const ZERO: Self = Self {
        own: Side::ZERO,
        plain: Side::ZERO,
    };

    /// Draws the same numbers for both sides: of each array as many as `lengths` says, and [`PAST`].
    pub fn fill(&mut self, kind: Kind, random: &mut Pcg, lengths: [usize; 4]) {
        let arrays = self.own.arrays_mut().into_iter().zip(self.plain.arrays_mut());
        for ((own, plain), length) in arrays.zip(lengths) {
            for (own, plain) in own.iter_mut().zip(plain).take(length + PAST) {
                *own = kind.draw(random);
                *plain = Plain(*own);
            }
        }
    }

    /// Whether both sides hold the same bits.
    pub fn same(&self, lengths: [usize; 4]) -> bool {
        let mut arrays = self
            .own
            .arrays()
            .into_iter()
            .zip(self.plain.arrays())
            .zip(lengths);
        arrays.all(|((own, plain), length)| {
            let mut elements = own.iter().zip(plain).take(length + PAST);
            elements.all(|(own, plain)| same(*own, *plain))
        })
    }
}

/// The same bits; NaNs are all alike.
pub fn same(own: f32, plain: Plain) -> bool {
    own.to_bits() == plain.0.to_bits() || (own.is_nan() && plain.0.is_nan())
}
