//! A bit per element, for functions whose slope is 0 or 1.

use super::Loops;
use crate::math::Unary;
use crate::number::{Number, Scalar, View, ViewMut};

/// A bit per element, for functions whose slope is 0 or 1: all that their gradient needs, where nobody else
/// needs the output.
///
/// Bit `i mod 8` of byte `⌊i/8⌋` says whether `f′ = 1` at element `i`.
pub trait Gate: Number {
    /// Takes the bits from the output `y` of a function with a [`GATE`](Unary::GATE).
    fn gate<U: Unary>(y: View<'_, Self>, bits: &mut [u8]);

    /// `dy[i] ← dy[i] · f′[i]`, the numbers that the output itself would give.
    fn gate_gradient(bits: &[u8], dy: ViewMut<'_, Self>) -> Self::Peak;
}

/// The bits of each eight elements.
pub(super) fn pack<E>(y: &[E], bits: &mut [u8], open: impl Fn(&E) -> bool) {
    for (bits, y) in bits.iter_mut().zip(y.chunks(8)) {
        // The first element comes last, and ends in the lowest bit.
        *bits = y.iter().rev().fold(0, |bits, y| bits << 1 | u8::from(open(y)));
    }
}

/// Calls `pass` on each element with its bit.
pub(super) fn unpack<E>(bits: &[u8], dy: &mut [E], mut pass: impl FnMut(&mut E, bool)) {
    for (bits, dy) in bits.iter().zip(dy.chunks_mut(8)) {
        let mut bits = *bits;
        for dy in dy {
            pass(dy, bits & 1 != 0);
            bits >>= 1;
        }
    }
}

impl<F: Loops + Scalar> Gate for F {
    fn gate<U: Unary>(y: View<'_, F>, bits: &mut [u8]) {
        pack(y.data, bits, |y| U::slope(*y) != F::ZERO);
    }

    fn gate_gradient(bits: &[u8], dy: ViewMut<'_, F>) {
        // Multiplied, so that a gradient that is not finite is noticed.
        unpack(bits, dy.data, |dy, open| {
            *dy *= if open { F::ONE } else { F::ZERO };
        });
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
