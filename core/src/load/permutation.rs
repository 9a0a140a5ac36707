//! Shuffling without a table of indices.

/// Rounds of the network. Four make a strong pseudo-random permutation of a large set (Luby and Rackoff,
/// 1988). Small sets need more: with six, the orders of five elements are measurably not equally likely;
/// from eight on they are.
const ROUNDS: u32 = 10;

/// A keyed permutation of `0..len` in constant memory: each key shuffles in another way.
///
/// A balanced Feistel network permutes the smallest power of four that holds `len`; results past the
/// end are permuted again until one falls inside (cycle walking), fewer than four times on average.
/// `(l, r) ← (r, l xor f(r, key))`, after adding a number from the key. Integers only.
/// Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002.
///
/// ```
/// use kilograd::load::Permutation;
///
/// let order = Permutation::new(5, 42);
/// let mut shuffled: Vec<u32> = (0..5).map(|i| order.at(i)).collect();
/// shuffled.sort();
/// assert_eq!(shuffled, [0, 1, 2, 3, 4]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    len: u32,
    half: u32,
    /// The key, mixed: the round keys follow from it when they are needed, so making a permutation costs
    /// next to nothing and a loader can be made anew for every sample.
    key: [u32; 2],
}

impl Permutation {
    /// The permutation of `0..len` that belongs to `key`.
    pub const fn new(len: u32, key: u64) -> Self {
        let bits = u32::BITS - len.saturating_sub(1).leading_zeros();
        let key = mix(key, 0);
        Self {
            len,
            half: if bits < 2 { 1 } else { bits.div_ceil(2) },
            key: [key as u32, (key >> 32) as u32],
        }
    }

    /// Number of elements.
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no element.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where element `index` comes from. An index past the end maps to itself.
    pub fn at(&self, index: u32) -> u32 {
        if index >= self.len {
            return index;
        }
        // The walk follows a cycle that contains `index`, so it comes back inside.
        let mut at = self.network(index);
        while at >= self.len {
            at = self.network(at);
        }
        at
    }

    /// One pass over the power of four.
    fn network(&self, value: u32) -> u32 {
        let [low, high] = self.key;
        let mask = (1 << self.half) - 1;
        // A Feistel network alone makes even permutations only (of 16 or more), which shows in what it
        // makes of five elements. Adding an odd number is an odd one.
        let value = value.wrapping_add(low);
        let (mut left, mut right) = ((value >> self.half) & mask, value & mask);
        for round in 1..=ROUNDS {
            let key = scramble(low.wrapping_add(round.wrapping_mul(0x9e37_79b9))) ^ high;
            (left, right) = (right, left ^ (scramble(right ^ key) & mask));
        }
        (left << self.half) | right
    }
}

/// The finaliser of MurmurHash3 (Appleby), 32 bits: every input bit moves every output bit.
const fn scramble(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// A subkey: number `index` of the splitmix64 sequence from `key` (Steele, Lea and Flood, 2014).
pub(super) const fn mix(key: u64, index: u64) -> u64 {
    let mut z = key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference generator of the authors, seeded with 1234567.
    #[test]
    fn subkeys_are_splitmix64() {
        let drawn: [u64; 3] = core::array::from_fn(|i| mix(1_234_567, i as u64));
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    /// A cursor in a checkpoint means these orders: they never change. (Values of a Python twin.)
    #[test]
    fn orders_are_the_same_for_ever() {
        let order = Permutation::new(10, 42);
        assert_eq!(
            core::array::from_fn(|i| order.at(i as u32)),
            [5, 2, 8, 4, 7, 3, 1, 6, 0, 9]
        );
        let order = Permutation::new(1_000_000_007, 42);
        assert_eq!(
            core::array::from_fn(|i| order.at(i as u32)),
            [17185347, 283659541, 20701640]
        );
    }

    #[test]
    fn the_domain_is_the_smallest_power_of_four_that_holds_all() {
        let halves = [0, 1, 2, 4, 5, 16, 17, 1 << 30, (1 << 30) + 1, u32::MAX]
            .map(|len| Permutation::new(len, 0).half);
        assert_eq!(halves, [1, 1, 1, 1, 2, 2, 3, 15, 16, 16]);
    }

    #[test]
    fn the_largest_set_and_indices_past_the_end() {
        let order = Permutation::new(u32::MAX, 3);
        for index in [0, 1, 1 << 31, u32::MAX - 1] {
            assert!(order.at(index) < u32::MAX);
        }
        assert_eq!(order.at(u32::MAX), u32::MAX);
        assert_eq!(Permutation::new(5, 1).at(7), 7);
        assert_eq!(Permutation::new(0, 1).at(0), 0);
        assert_eq!(Permutation::new(1, 1).at(0), 0);
    }
}
