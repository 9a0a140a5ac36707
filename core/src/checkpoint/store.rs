//! The store: what it knows, loading, formatting.

use super::error::{FormatError, LoadError, RegionError};
use super::frames::{READS, find_commit, has, salt};
use super::layout::{CHECKSUM, Layout, round_up};
use super::saving::Saving;
use super::survey::Known;
use crate::flash::{self, Kind, MARK_BYTES, Mark, crc32};
use crate::persist::{Fingerprint, Persist, Restore};
use core::ops::Range;
use embedded_storage::nor_flash::NorFlash;

/// A state that was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Loaded {
    /// Number of its frame.
    pub sequence: u64,
    /// Training steps behind it: [`Persist::step`] when it was saved.
    pub step: u64,
    /// Newer complete frames that were passed over, since their chunks are damaged. 0 on a sound part.
    pub damaged: u32,
}

/// A state that was saved, and is there after any power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Saved {
    /// Number of its frame.
    pub sequence: u64,
    /// Address of its frame.
    pub address: u32,
    /// Frames that the flash did not take before this one. 0 on a sound part.
    pub retries: u32,
}

/// Checkpoints in a region of NOR flash. `CHUNK` bytes are in RAM and on flash at a time.
///
/// The region is divided into segments, each the erase units that one frame needs; there must be two, and
/// three or more wear it more evenly and survive a bad one. One store at a time uses a region.
///
/// `CHUNK` is a multiple of the write size, holds a 48-byte mark, and is part of the layout: 256 is a good size
/// on most parts. That it fits is checked when the program is built.
pub struct Store<F, const CHUNK: usize> {
    pub(super) flash: F,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) known: Option<Known>,
    pub(super) saving: Saving,
    pub(super) buffer: Buffer<CHUNK>,
}

/// One chunk. Aligned, since some drivers copy what is not.
#[repr(C, align(4))]
pub(super) struct Buffer<const CHUNK: usize>(pub(super) [u8; CHUNK]);

impl<F: NorFlash, const CHUNK: usize> Store<F, CHUNK> {
    /// A store in these addresses. Reads and writes nothing yet.
    ///
    /// # Errors
    /// [`RegionError`] when the region is outside the flash or not made of erase units.
    pub fn new(flash: F, region: Range<u32>) -> Result<Self, RegionError> {
        const {
            assert!(
                flash::writable::<F>(),
                "flash units must be powers of two, write size at most 512"
            );
            assert!(
                CHUNK.is_multiple_of(F::WRITE_SIZE),
                "chunk must be a multiple of the write size"
            );
            assert!(
                CHUNK >= round_up(MARK_BYTES as u32, F::WRITE_SIZE as u32) as usize && CHUNK <= 0xffff,
                "chunk must hold a mark (48 bytes, padded to the write size) and be below 65536"
            );
        }
        let capacity = flash.capacity() as u32;
        if region.start >= region.end || region.end > capacity {
            return Err(RegionError::Outside { capacity });
        }
        let erase_size = F::ERASE_SIZE as u32;
        if (region.start | region.end) & (erase_size - 1) != 0 {
            return Err(RegionError::Unaligned { erase_size });
        }
        Ok(Self {
            flash,
            start: region.start,
            end: region.end,
            known: None,
            saving: Saving::default(),
            buffer: Buffer([0; CHUNK]),
        })
    }

    /// Restores the newest complete state.
    ///
    /// Every chunk is checked before the first byte of `state` changes. A frame that no boot has shown yet first
    /// gets its adopt mark, so that it cannot un-happen afterwards.
    ///
    /// # Errors
    /// [`LoadError`]. `state` is untouched, but for [`LoadError::Malformed`] and [`LoadError::Flash`].
    pub fn load(&mut self, state: &mut dyn Restore) -> Result<Loaded, LoadError> {
        self.saving = Saving::default();
        let expected = fingerprint(state);
        let layout = self.layout(state.size())?;
        let (address, damaged) = self.survey(&layout, expected)?;
        let commit = address.wrapping_add(layout.mark_at(Kind::Commit));
        let mark = Mark::read(&mut self.flash, commit).ok_or(LoadError::Flash)?;
        self.adopt(address, &layout, &mark);
        for index in 0..layout.chunks() {
            let data = self
                .chunk(address, &layout, &mark, index)
                .ok_or(LoadError::Flash)?;
            state
                .write(layout.payload_at(index) as usize, data)
                .map_err(|_| LoadError::Malformed)?;
        }
        Ok(Loaded {
            sequence: mark.sequence,
            step: mark.step,
            damaged,
        })
    }

    /// Erases the whole region, whatever it holds: the next load finds [`LoadError::Empty`].
    ///
    /// The segment of the newest frame goes last. A format that was cut leaves that frame, an older one of its
    /// segment, nothing, or an error from the next load: format again.
    ///
    /// # Errors
    /// [`FormatError`] when a unit does not erase; the others are erased all the same.
    pub fn format(&mut self) -> Result<(), FormatError> {
        self.known = None;
        self.saving = Saving::default();
        let last = self.newest_segment();
        let mut result = Ok(());
        for inside in [false, true] {
            let mut address = self.start;
            while address < self.end {
                if last.contains(&address) == inside && flash::erase(&mut self.flash, address).is_err() {
                    result = Err(FormatError::WornOut { address });
                }
                address = address.wrapping_add(F::ERASE_SIZE as u32);
            }
        }
        result
    }

    /// The flash, to look at.
    pub const fn flash(&self) -> &F {
        &self.flash
    }

    /// Gives the flash back. A save under way is abandoned, as by a power cut.
    pub fn release(self) -> F {
        self.flash
    }

    /// The layout of a state of `size` bytes, when two segments fit the region.
    pub(super) fn layout(&self, size: usize) -> Result<Layout, LoadError> {
        let too_large = LoadError::TooSmall { needed: u32::MAX };
        let length = u32::try_from(size).map_err(|_| too_large)?;
        let layout =
            Layout::new(length, CHUNK as u32, F::WRITE_SIZE as u32, F::ERASE_SIZE as u32).ok_or(too_large)?;
        let needed = layout.segment().saturating_mul(2);
        if self.end - self.start < needed {
            return Err(LoadError::TooSmall { needed });
        }
        Ok(layout)
    }

    /// The addresses of the segment with the newest commit mark of any model; empty when there is none.
    fn newest_segment(&mut self) -> Range<u32> {
        let (mut newest, mut from) = (0..0, self.start);
        let mut sequence = 0;
        let unit = F::WRITE_SIZE as u32;
        while let Some(at) = find_commit(&mut self.flash, from, self.end, unit) {
            from = at.saturating_add(unit);
            let Some(mark) = Mark::read(&mut self.flash, at) else {
                continue;
            };
            if mark.sequence >= sequence {
                let index = (at - self.start).checked_div(mark.segment).unwrap_or(0);
                let start = self.start.saturating_add(index.saturating_mul(mark.segment));
                newest = start..start.saturating_add(mark.segment);
                sequence = mark.sequence;
            }
        }
        newest
    }

    /// Writes the adopt mark, if it is not there and its place is blank. Best effort: on a part that
    /// takes no more writes the state is still there to be read.
    fn adopt(&mut self, address: u32, layout: &Layout, commit: &Mark) {
        if has(&mut self.flash, address, layout, Kind::Adopt, READS) {
            return;
        }
        let at = address.wrapping_add(layout.mark_at(Kind::Adopt));
        if flash::is_blank(&mut self.flash, at, at.wrapping_add(layout.mark())) {
            let _ = self.put_mark(at, layout, &commit.with(Kind::Adopt));
        }
    }

    /// Programs a mark, padded, through the chunk buffer.
    pub(super) fn put_mark(&mut self, at: u32, layout: &Layout, mark: &Mark) -> Result<(), flash::Failed> {
        let padded = self
            .buffer
            .0
            .get_mut(..layout.mark() as usize)
            .ok_or(flash::Failed)?;
        padded.fill(0xff);
        *padded.first_chunk_mut().ok_or(flash::Failed)? = mark.encode();
        flash::program(&mut self.flash, at, padded)
    }

    /// The payload of a chunk, read into the buffer, when it is intact.
    fn chunk(&mut self, address: u32, layout: &Layout, mark: &Mark, index: u32) -> Option<&[u8]> {
        let stored = self.buffer.0.get_mut(..layout.stored(index) as usize)?;
        self.flash
            .read(address.wrapping_add(layout.chunk_at(index)), stored)
            .ok()?;
        let (payload, rest) = stored.split_at_checked(layout.payload_of(index) as usize)?;
        let checksum = rest.first_chunk::<{ CHECKSUM as usize }>()?;
        (crc32(&salt(mark, index), payload).to_le_bytes() == *checksum).then_some(payload)
    }
}

/// What `state` is a state of.
pub(super) fn fingerprint(state: &(impl Persist + ?Sized)) -> u64 {
    let mut digest = Fingerprint::new();
    state.describe(&mut digest);
    digest.value()
}
