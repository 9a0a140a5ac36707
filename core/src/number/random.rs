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
