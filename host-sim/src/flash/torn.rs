//! What a power cut leaves of the word or unit that was being changed.

/// A model of a torn operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// The cut came before anything changed.
    Nothing,
    /// The cut came after everything had changed, but before the program knew.
    All,
    /// The first bytes (of a one-byte word: the first bits) changed.
    Prefix,
    /// Some of the bits changed. A torn erase leaves any bits at all.
    Random,
    /// Some of the bits did not settle: they read differently each time.
    Unsettled,
}

impl Torn {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Nothing,
        Self::All,
        Self::Prefix,
        Self::Random,
        Self::Unsettled,
    ];
}

/// SplitMix64: small, and the same on every machine. Source: Steele, Lea and Flood, 2014.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn byte(&mut self) -> u8 {
        self.roll() as u8
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }
}

/// Leaves `now` as a cut would that came while it was changing to `goal`. `free` for an erase, which goes through
/// any state. In `unsettled`, ones are the bits that do not settle.
pub(super) fn tear(
    torn: Torn,
    dice: &mut Dice,
    now: &mut [u8],
    goal: &[u8],
    unsettled: &mut [u8],
    free: bool,
) {
    let length = now.len();
    match torn {
        Torn::Nothing => {}
        Torn::All => now.copy_from_slice(goal),
        Torn::Prefix if length == 1 => {
            let mask = 0xff_u8 >> dice.below(9).min(7);
            now[0] = (now[0] & !mask) | (goal[0] & mask);
        }
        Torn::Prefix => {
            let end = dice.below(length + 1);
            now[..end].copy_from_slice(&goal[..end]);
        }
        Torn::Random => {
            for (now, goal) in now.iter_mut().zip(goal) {
                let mask = dice.byte();
                *now = if free {
                    mask
                } else {
                    (*now & !mask) | (goal & mask)
                };
            }
        }
        Torn::Unsettled => {
            // Often a single bit: the likeliest to pass for settled.
            let changing = |now: u8, goal: u8| if free { 0xff } else { now ^ goal };
            if dice.below(2) == 0 {
                let Some(at) = pick(dice, now.iter().zip(goal).map(|(n, g)| changing(*n, *g))) else {
                    return now.copy_from_slice(goal);
                };
                now.copy_from_slice(goal);
                unsettled[at / 8] |= 1 << (at % 8);
            } else {
                for ((now, goal), unsettled) in now.iter_mut().zip(goal).zip(unsettled) {
                    *unsettled = dice.byte() & changing(*now, *goal);
                    *now = *goal;
                }
            }
        }
    }
}

/// One of the bits that are set, at random.
fn pick(dice: &mut Dice, bytes: impl Iterator<Item = u8> + Clone) -> Option<usize> {
    let bits = || {
        bytes.clone().enumerate().flat_map(|(at, byte)| {
            (0..8)
                .filter(move |b| byte >> b & 1 == 1)
                .map(move |b| at * 8 + b)
        })
    };
    let count = bits().count();
    if count == 0 {
        None
    } else {
        bits().nth(dice.below(count))
    }
}
