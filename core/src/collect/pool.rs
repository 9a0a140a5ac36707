//! A bounded, balanced choice out of an unbounded stream of labelled windows.

use super::{OfferError, PoolError};
use crate::number::random::Pcg;

/// What became of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// Kept, in a slot that was free.
    Stored {
        /// Its slot.
        slot: usize,
    },
    /// Kept, in the place of another one.
    Replaced {
        /// Its slot.
        slot: usize,
        /// The class of the window that was there.
        class: u16,
    },
    /// Counted, not kept.
    Passed,
}

/// Coverage of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// Windows offered so far.
    pub seen: u32,
    /// Windows in the pool now.
    pub stored: u32,
}

impl Tally {
    /// Nothing seen.
    pub const ZERO: Self = Self { seen: 0, stored: 0 };
}

/// A class-balanced reservoir over caller-owned slices.
///
/// While there is room every window is kept. Then a window of a class that is still kept whole and is
/// not the largest takes the place of a random one of the largest class; any other window, the `n`-th of
/// its class of which `m` are kept, replaces a random one of its own class with probability `m / n`
/// (Vitter, "Random Sampling with a Reservoir", algorithm R, 1985). So rare classes are kept whole until
/// they have their share, and what is kept of a class is a uniform sample of all of it that was seen.
/// Source: Chrysakis and Moens, "Online Continual Learning from Imbalanced Data", 2020.
///
/// ```
/// use kilograd::collect::{Outcome, Pool, Tally};
///
/// let (mut samples, mut labels, mut tallies) = ([0; 4 * 6], [0; 4], [Tally::ZERO; 2]);
/// let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1)?;   // 4 slots of 6 values
/// for i in 0..9 {
///     pool.offer(&[i; 6], 0)?;
/// }
/// let outcome = pool.offer(&[100; 6], 1)?;                                // a rare one is always kept
/// assert!(matches!(outcome, Outcome::Replaced { class: 0, .. }));
/// assert_eq!(pool.tallies(), [Tally { seen: 9, stored: 3 }, Tally { seen: 1, stored: 1 }]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Pool<'a> {
    pub(super) samples: &'a mut [i16],
    pub(super) labels: &'a mut [u8],
    pub(super) tallies: &'a mut [Tally],
    pub(super) filled: usize,
    pub(super) random: Pcg,
}

impl<'a> Pool<'a> {
    /// An empty pool with one slot per label, of `samples.len() / labels.len()` values each, for as many
    /// classes as there are tallies. Equal seeds and offers give equal pools.
    ///
    /// # Errors
    /// [`PoolError::Slots`] when the samples do not divide into the labels, [`PoolError::Classes`] when
    /// there are no tallies or more than 256.
    pub fn new(
        samples: &'a mut [i16],
        labels: &'a mut [u8],
        tallies: &'a mut [Tally],
        seed: u64,
    ) -> Result<Self, PoolError> {
        let slots = labels.len();
        if samples.is_empty() || samples.len().checked_rem(slots) != Some(0) {
            return Err(PoolError::Slots {
                values: samples.len(),
                labels: slots,
            });
        }
        if tallies.is_empty() || tallies.len() > 256 {
            return Err(PoolError::Classes { found: tallies.len() });
        }
        tallies.fill(Tally::ZERO);
        Ok(Self {
            samples,
            labels,
            tallies,
            filled: 0,
            random: Pcg::new(seed),
        })
    }

    /// Windows in the pool.
    pub const fn len(&self) -> usize {
        self.filled
    }

    /// Whether there is no window yet.
    pub const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Windows that fit.
    pub const fn capacity(&self) -> usize {
        self.labels.len()
    }

    /// Values of a window: its length times its channels.
    pub fn width(&self) -> usize {
        self.samples.len().checked_div(self.labels.len()).unwrap_or(0)
    }

    /// How many windows of each class were seen and how many are stored.
    pub const fn tallies(&self) -> &[Tally] {
        self.tallies
    }

    /// Window and class of a slot; `None` past [`len`](Self::len).
    pub fn get(&self, slot: usize) -> Option<(&[i16], u16)> {
        let label = self.labels.get(..self.filled)?.get(slot)?;
        let window = self.samples.chunks_exact(self.width().max(1)).nth(slot)?;
        Some((window, u16::from(*label)))
    }

    /// Forgets all windows and counts. The random state goes on.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.tallies.fill(Tally::ZERO);
    }

    /// Offers a window of `class`; it is copied if it is kept.
    ///
    /// Takes one pass over the labels and one over the classes at most.
    ///
    /// # Errors
    /// [`OfferError`] when the window does not fit a slot or the class is unknown; nothing is counted.
    pub fn offer(&mut self, window: &[i16], class: u16) -> Result<Outcome, OfferError> {
        if window.len() != self.width() {
            return Err(OfferError::Width {
                expected: self.width(),
                found: window.len(),
            });
        }
        let classes = self.tallies.len();
        let unknown = OfferError::Class {
            classes,
            found: class,
        };
        let Tally { seen, stored } = *self.tallies.get(usize::from(class)).ok_or(unknown)?;
        let label = u8::try_from(class).map_err(|_| unknown)?;
        let seen = seen.saturating_add(1);
        if let Some(tally) = self.tallies.get_mut(usize::from(class)) {
            tally.seen = seen;
        }
        if self.filled < self.labels.len() {
            let slot = self.filled;
            self.filled += 1;
            self.put(slot, window, label);
            return Ok(Outcome::Stored { slot });
        }
        let largest = self.tallies.iter().map(|tally| tally.stored).max().unwrap_or(0);
        let whole = stored == seen - 1;
        let slot = if whole && stored < largest {
            self.one_of_the_largest(largest)
        } else {
            let drawn = self.random.below(seen);
            self.nth(drawn, |_, other| other == label)
        };
        let Some((slot, out)) = slot else {
            return Ok(Outcome::Passed);
        };
        if let Some(tally) = self.tallies.get_mut(usize::from(out)) {
            tally.stored = tally.stored.saturating_sub(1);
        }
        self.put(slot, window, label);
        Ok(Outcome::Replaced {
            slot,
            class: u16::from(out),
        })
    }

    /// A random window among those of the classes with `largest` windows.
    fn one_of_the_largest(&mut self, largest: u32) -> Option<(usize, u8)> {
        let ties = self
            .tallies
            .iter()
            .filter(|tally| tally.stored == largest)
            .count() as u32;
        let drawn = self.random.below(ties.saturating_mul(largest));
        self.nth(drawn, |tallies, label| {
            tallies
                .get(usize::from(label))
                .is_some_and(|tally| tally.stored == largest)
        })
    }

    /// Slot and label of the `n`-th window whose label satisfies `which`.
    fn nth(&self, n: u32, which: impl Fn(&[Tally], u8) -> bool) -> Option<(usize, u8)> {
        let labels = self.labels.iter().copied().enumerate();
        labels
            .filter(|(_, label)| which(self.tallies, *label))
            .nth(n as usize)
    }

    fn put(&mut self, slot: usize, window: &[i16], class: u8) {
        let width = self.width().max(1);
        let place = self
            .samples
            .chunks_exact_mut(width)
            .nth(slot)
            .into_iter()
            .flatten();
        for (to, value) in place.zip(window) {
            *to = *value;
        }
        if let Some(label) = self.labels.get_mut(slot) {
            *label = class;
        }
        if let Some(tally) = self.tallies.get_mut(usize::from(class)) {
            tally.stored += 1;
        }
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
