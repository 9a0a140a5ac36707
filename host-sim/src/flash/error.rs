//! What the simulated flash says when it fails.

use embedded_storage::nor_flash::{NorFlashError, NorFlashErrorKind};

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashError {
    /// The power is off, since now or since before.
    PowerCut,
    /// A word is programmed that is not erased.
    Rewrite {
        /// Its address.
        address: u32,
    },
    /// A word does not agree with its error-correcting code.
    Ecc {
        /// Its address.
        address: u32,
    },
    /// Out of bounds or not aligned.
    Call(NorFlashErrorKind),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Call(kind) => *kind,
            _ => NorFlashErrorKind::Other,
        }
    }
}
