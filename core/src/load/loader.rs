//! The walk through the training samples, epoch by epoch.

use super::permutation::mix;
use super::{Label, Permutation, Samples, Split};
use crate::number::Element;
use core::fmt;
use core::marker::PhantomData;
use serde::{Deserialize, Serialize};

/// Where the walk stands: all that a checkpoint has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    /// Key of the shuffles: with the epoch it makes that epoch's order.
    pub key: u64,
    /// The epoch, from 0.
    pub epoch: u32,
    /// Samples of this epoch that were read.
    pub next: u32,
}

/// Why a loader cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LoaderError {
    /// The split divides another number of samples than the set has.
    Length {
        /// Samples of the set.
        samples: usize,
        /// Samples of the split.
        split: u32,
    },
}

impl fmt::Display for LoaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Length { samples, split } = self;
        write!(
            f,
            "a split of {split} samples for a set of {samples}: make the split from the set's length"
        )
    }
}

impl core::error::Error for LoaderError {}

/// Reads the training part of a set in a new order each epoch.
///
/// ```
/// use kilograd::load::{Loader, Split, Table};
///
/// let table = Table::new(&[0.0, 0.1, 0.2, 0.3_f32], &[0, 1, 0, 1], 1, ())?;
/// let mut loader = Loader::new(&table, Split::all(4), 42)?;
/// let mut x = [0.0; 1];
/// while let Some(_label) = loader.next(&mut x) { /* learn */ }
/// loader.next_epoch();
/// assert_eq!(loader.cursor().epoch, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Loader<'a, E: Element, S: Samples<E> + ?Sized> {
    set: &'a S,
    split: Split,
    cursor: Cursor,
    order: Permutation,
    element: PhantomData<E>,
}

impl<E: Element, S: Samples<E> + ?Sized> Clone for Loader<'_, E, S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, E: Element, S: Samples<E> + ?Sized> Loader<'a, E, S> {
    /// A loader at the start of epoch 0, shuffled by `key`.
    ///
    /// # Errors
    /// [`LoaderError::Length`] when `split` was made for another number of samples.
    pub fn new(set: &'a S, split: Split, key: u64) -> Result<Self, LoaderError> {
        if set.len() != split.len() as usize {
            return Err(LoaderError::Length {
                samples: set.len(),
                split: split.len(),
            });
        }
        let cursor = Cursor {
            key,
            epoch: 0,
            next: 0,
        };
        Ok(Self {
            set,
            split,
            cursor,
            order: order(&split, cursor),
            element: PhantomData,
        })
    }

    /// Where the walk stands.
    pub const fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Goes on from a cursor, this loader's own or a saved one; its key replaces the loader's.
    /// A position past the end of the epoch is its end.
    pub const fn seek(&mut self, cursor: Cursor) {
        self.cursor = cursor;
        if self.cursor.next > self.split.training_len() {
            self.cursor.next = self.split.training_len();
        }
        self.order = order(&self.split, cursor);
    }

    /// Reads the next training sample into `into`; `None` at the end of the epoch, and when `into` has
    /// another length than a sample ([`remaining`](Self::remaining) tells which). The cursor moves only
    /// when a sample was read.
    pub fn next(&mut self, into: &mut [E]) -> Option<Label> {
        if self.remaining() == 0 {
            return None;
        }
        let index = self.split.training(self.order.at(self.cursor.next))?;
        let label = self.set.read(index as usize, into)?;
        self.cursor.next += 1;
        Some(label)
    }

    /// Training samples of this epoch still to come.
    pub const fn remaining(&self) -> u32 {
        self.split.training_len() - self.cursor.next
    }

    /// Goes to the start of the next epoch, wherever in this one the walk stands.
    pub const fn next_epoch(&mut self) {
        self.cursor.epoch = self.cursor.epoch.wrapping_add(1);
        self.cursor.next = 0;
        self.order = order(&self.split, self.cursor);
    }

    /// Reads held-out sample `index`, in an order that never changes; `None` past the end or when `into`
    /// has another length.
    pub fn validation(&self, index: u32, into: &mut [E]) -> Option<Label> {
        self.set.read(self.split.validation(index)? as usize, into)
    }

    /// The division of the set.
    pub const fn split(&self) -> Split {
        self.split
    }

    /// The scale that the set's elements share.
    pub fn scale(&self) -> E::Scale {
        self.set.scale()
    }
}

/// The order of the training samples in the cursor's epoch. The split's own key is used as it is, so
/// equal keys of split and loader give unrelated permutations.
const fn order(split: &Split, cursor: Cursor) -> Permutation {
    Permutation::new(split.training_len(), mix(!cursor.key, cursor.epoch as u64))
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
