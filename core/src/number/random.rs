//! A random generator whose whole state is two numbers, so that a checkpoint can hold it.

use serde::{Deserialize, Serialize};

/// The multiplier of Knuth's 64-bit linear congruential generator.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// The stream that [`Pcg::new`] uses.
const STREAM: u64 = 0xda3e_39cb_94b9_5bdb;

/// PCG-XSH-RR 64/32: 64 bits of state, 32 bits of output, period 2⁶⁴ in each of 2⁶³ streams.
///
/// `s ← s · 6364136223846793005 + increment`; the output is `rotr32(((s >> 18) xor s) >> 27, s >> 59)`
/// of the state before the step. Integers only: the same sequence on every target.
/// Source: O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
/// for Random Number Generation", 2014. Not for secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pcg {
    state: u64,
    increment: u64,
}

impl Pcg {
    /// A generator in the common stream, started from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self::with_stream(seed, STREAM)
    }

    /// A generator in a stream of its own: equal seeds in two streams give unrelated sequences.
    /// The stream is a number below 2⁶³; its top bit is dropped.
    pub const fn with_stream(seed: u64, stream: u64) -> Self {
        // The authors' seeding: step, add the seed, step.
        let increment = (stream << 1) | 1;
        let state = increment.wrapping_add(seed);
        Self {
            state: state.wrapping_mul(MULTIPLIER).wrapping_add(increment),
            increment,
        }
    }

    /// The state and the increment, to be saved.
    pub const fn state(&self) -> (u64, u64) {
        (self.state, self.increment)
    }

    /// A generator that goes on where the one with this [`state`](Self::state) stood.
    /// The increment of every stream is odd; an even one is made odd.
    pub const fn from_state((state, increment): (u64, u64)) -> Self {
        Self {
            state,
            increment: increment | 1,
        }
    }

    /// 32 random bits.
    pub const fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// 64 random bits: two draws, the first one high.
    pub const fn next_u64(&mut self) -> u64 {
        let high = self.next_u32() as u64;
        (high << 32) | self.next_u32() as u64
    }

    /// A number in `0..n`, each equally likely; 0 when `n` is 0.
    ///
    /// Multiplication in place of the modulus, with the few draws that would be biased rejected.
    /// Source: Lemire, "Fast Random Integer Generation in an Interval", 2019.
    pub const fn below(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let mut product = self.next_u32() as u64 * n as u64;
        if (product as u32) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u32) < threshold {
                product = self.next_u32() as u64 * n as u64;
            }
        }
        (product >> 32) as u32
    }

    /// A number in `[0, 1)`: one of the 2²⁴ multiples of 2⁻²⁴, each equally likely.
    pub const fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// `bound · (2 u − 1)` for a [`uniform`](Self::uniform) `u`, as floats give it; 0 if `bound` is not a positive
    /// normal number. By bits alone: a program that trains in integers draws its first weights without a float.
    pub const fn within(&mut self, bound: f32) -> f32 {
        let side = 2 * (self.next_u32() >> 8) as i32 - (1 << 24);
        let biased = (bound.to_bits() >> 23) as i32;
        if side == 0 || biased == 0 || biased >= 255 {
            return 0.0;
        }
        // Exact: 24 bits by 25. Then rounded to 24 bits, halves to even, as a float's product is.
        let product = (bound.to_bits() & 0x7f_ffff | 0x80_0000) as u64 * side.unsigned_abs() as u64;
        let down = 40 - product.leading_zeros() as i32;
        let (mut fraction, mut exponent) = if down > 0 {
            let (whole, rest) = (product >> down, product & ((1 << down) - 1));
            let half = 1 << (down - 1);
            (
                whole + (rest > half || rest == half && whole & 1 == 1) as u64,
                down,
            )
        } else {
            (product << -down, down)
        };
        if fraction == 1 << 24 {
            fraction >>= 1;
            exponent += 1;
        }
        let exponent = biased - 24 + exponent;
        if exponent < 1 {
            return 0.0;
        }
        let sign = if side < 0 { 1 << 31 } else { 0 };
        f32::from_bits(sign | (exponent as u32) << 23 | fraction as u32 & 0x7f_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The authors' own demonstration: `pcg32_srandom(42, 54)`, first six outputs (pcg32-demo).
    #[test]
    fn the_authors_sequence() {
        let mut pcg = Pcg::with_stream(42, 54);
        let drawn: [u32; 6] = core::array::from_fn(|_| pcg.next_u32());
        assert_eq!(
            drawn,
            [
                0xa15c_02b7,
                0x7b47_f409,
                0xba1d_3330,
                0x83d2_f293,
                0xbfa4_784b,
                0xcbed_606e
            ]
        );
    }

    #[test]
    fn a_saved_state_goes_on() {
        let mut pcg = Pcg::new(7);
        pcg.next_u32();
        let mut other = Pcg::from_state(pcg.state());
        for _ in 0..100 {
            assert_eq!(pcg.next_u32(), other.next_u32());
        }
    }

    /// With n = 3·2³⁰ a plain multiplication gives every third number twice as often;
    /// the share of each residue shows whether the biased draws were rejected.
    #[test]
    fn below_is_unbiased_where_bias_would_be_large() {
        let n = 3 << 30;
        let mut pcg = Pcg::new(1);
        let mut counts = [0u32; 3];
        for _ in 0..30_000 {
            let drawn = pcg.below(n);
            assert!(drawn < n);
            counts[(drawn % 3) as usize] += 1;
        }
        for count in counts {
            assert!((9_600..10_400).contains(&count), "{counts:?}");
        }
        assert_eq!(pcg.below(0), 0);
        assert_eq!(pcg.below(1), 0);
    }

    #[test]
    fn numbers_within_a_bound_are_those_of_floats() {
        for bound in [1.0, 0.125, 0.1, 0.577_350_3, 1.999_999_9, 3e-20, 7e30] {
            let mut pcg = Pcg::new(5);
            let mut other = pcg;
            for _ in 0..20_000 {
                let exact: f32 = bound * (2.0 * other.uniform() - 1.0);
                assert_eq!(pcg.within(bound).to_bits(), exact.to_bits());
            }
        }
        for bound in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Pcg::new(5).within(bound), 0.0);
        }
    }

    /// The ends of the interval, its middle, and products that are halfway between two floats.
    #[test]
    fn rounding_within_a_bound_is_that_of_floats() {
        let mut halves = 0;
        for seed in 0..4_000 {
            for odd in [1, 3, 5, 0x7f_ffff] {
                let bound = f32::from_bits(0x3e00_0000 | (odd << 8 | 0x80) & 0x7f_ffff);
                let (mut pcg, mut other) = (Pcg::new(seed), Pcg::new(seed));
                let u = 2.0 * other.uniform() - 1.0;
                let exact = f64::from(bound) * f64::from(u);
                halves += u32::from(exact.to_bits() & 0x1fff_ffff == 0x1000_0000);
                assert_eq!(pcg.within(bound), bound * u);
            }
        }
        assert!(halves > 0, "no case is halfway");
    }

    #[test]
    fn uniform_lies_in_the_half_open_interval() {
        let mut pcg = Pcg::new(3);
        let mut sum = 0.0;
        for _ in 0..10_000 {
            let bits = { pcg }.next_u32();
            let drawn = pcg.uniform();
            assert_eq!(f64::from(drawn) * 16_777_216.0, f64::from(bits >> 8));
            assert!((0.0..1.0).contains(&drawn));
            sum += drawn;
        }
        assert!((sum / 10_000.0 - 0.5).abs() < 0.01, "mean {}", sum / 10_000.0);
    }
}
