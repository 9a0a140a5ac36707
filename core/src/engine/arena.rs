//! The arena: one block of memory, carved into typed regions.

use crate::network::Regions;
use core::ops::{Deref, DerefMut};

/// Memory for one model's training, of exactly the planned size.
///
/// `static MEMORY: ConstStaticCell<Arena<{ PLAN.bytes() }>> = ConstStaticCell::new(Arena::ZERO);`
/// All zero, so that it costs no flash.
#[derive(Debug, Clone)]
#[repr(C, align(8))]
pub struct Arena<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Arena<BYTES> {
    /// An arena before its first use.
    pub const ZERO: Self = Self([0; BYTES]);
}

impl<const BYTES: usize> Deref for Arena<BYTES> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const BYTES: usize> DerefMut for Arena<BYTES> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Why a trainer cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NewError {
    /// The memory is smaller than the plan.
    Memory {
        /// Bytes that the plan needs.
        needed: usize,
    },
    /// The memory does not begin at a multiple of 8 bytes. An [`Arena`] does.
    Misaligned,
    /// The trainer's mask leaves out something that the plan uses: give it `{ PLAN.uses() }`.
    Uses {
        /// What is missing, as a mask.
        missing: u128,
    },
    /// The image of the frozen parameters is not of the planned length, or does not begin at a multiple of
    /// 8 bytes.
    Frozen {
        /// Bytes that the plan needs.
        needed: usize,
    },
    /// The plan was made for another number or optimizer.
    Plan,
}

impl core::fmt::Display for NewError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Memory { needed } => write!(f, "the memory is too small: the plan needs {needed} bytes"),
            Self::Misaligned => f.write_str("the memory must begin at a multiple of 8 bytes: use an Arena"),
            Self::Uses { .. } => {
                f.write_str("the trainer leaves out what the plan uses: give it PLAN.uses()")
            }
            Self::Frozen { needed } => write!(
                f,
                "the plan has {needed} bytes of frozen parameters: give the trainer their image, which begins at a multiple of 8 bytes"
            ),
            Self::Plan => {
                f.write_str("the plan was made for another number or optimizer: plan again with this one")
            }
        }
    }
}

impl core::error::Error for NewError {}

/// The regions of an arena.
#[derive(Debug)]
pub(super) struct Carved<'a> {
    pub(super) params: &'a mut [u8],
    pub(super) gradients: &'a mut [u8],
    pub(super) state: &'a mut [u8],
    pub(super) tracks: &'a mut [u8],
    pub(super) work: &'a mut [u8],
}

/// Carves `memory` as planned.
pub(super) fn carve(memory: &mut [u8], regions: Regions) -> Result<Carved<'_>, NewError> {
    let needed = regions.total();
    if memory.as_ptr().align_offset(8) != 0 {
        return Err(NewError::Misaligned);
    }
    let mut rest = memory;
    let mut take = |bytes: usize| {
        let (region, left) = core::mem::take(&mut rest)
            .split_at_mut_checked(bytes)
            .ok_or(NewError::Memory { needed })?;
        rest = left;
        Ok(region)
    };
    Ok(Carved {
        params: take(regions.params)?,
        gradients: take(regions.gradients)?,
        state: take(regions.state)?,
        tracks: take(regions.tracks)?,
        work: take(regions.work)?,
    })
}
