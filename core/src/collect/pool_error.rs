//! What can be wrong with a pool's memory, or with a window offered to it.

use core::fmt;

/// Why slices cannot hold a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PoolError {
    /// There is no slot, or the samples do not divide into equal windows, one per label.
    Slots {
        /// Values for all windows.
        values: usize,
        /// Slots: one label each.
        labels: usize,
    },
    /// No class at all, or more than a label of one byte can tell apart.
    Classes {
        /// Tallies given.
        found: usize,
    },
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slots { values, labels } => write!(
                f,
                "{values} values for {labels} labels: give window length · channels values for each label"
            ),
            Self::Classes { found } => write!(f, "{found} tallies: give one per class, 1 to 256"),
        }
    }
}

impl core::error::Error for PoolError {}

/// Why a window was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OfferError {
    /// The window does not fit a slot.
    Width {
        /// Values of a slot.
        expected: usize,
        /// Values of the window.
        found: usize,
    },
    /// There is no such class.
    Class {
        /// Number of classes.
        classes: usize,
        /// The label offered.
        found: u16,
    },
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Width { expected, found } => {
                write!(
                    f,
                    "a window of {found} values for slots of {expected}: make both equal"
                )
            }
            Self::Class { classes, found } => {
                write!(
                    f,
                    "class {found} in a pool of {classes} classes: give it more tallies"
                )
            }
        }
    }
}

impl core::error::Error for OfferError {}
