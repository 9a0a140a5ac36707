//! Saving, in bounded steps: an erase can last seconds, and sampling goes on meanwhile.

use super::error::{LoadError, SaveError};
use super::frames::{fold, salt};
use super::layout::CHECKSUM;
use super::store::{Saved, Store, fingerprint};
use super::survey::Known;
use crate::flash::{self, Failed, Kind, Mark, crc32};
use crate::persist::Persist;
use embedded_storage::nor_flash::NorFlash;

/// What comes next in a save.
#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    Idle,
    /// Erase the unit at this offset of the segment.
    Erase(u32),
    /// Write the chunk of this index.
    Chunk(u32),
    /// Write this mark.
    Mark(Kind),
}

/// A save under way.
#[derive(Clone, Copy, Default)]
pub(super) struct Saving {
    stage: Stage,
    digest: u32,
    retries: u32,
}

/// Where a save is after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// Call `step` again.
    Working,
    /// It is on flash, and there after any power cut.
    Saved(Saved),
}

impl<F: NorFlash, const CHUNK: usize> Store<F, CHUNK> {
    /// Saves, all steps at once.
    ///
    /// # Errors
    /// [`SaveError`]; the state saved before is still there.
    pub fn save(&mut self, state: &dyn Persist) -> Result<Saved, SaveError> {
        self.begin(state)?;
        loop {
            if let Progress::Saved(saved) = self.step(state)? {
                return Ok(saved);
            }
        }
    }

    /// Begins a save; [`step`](Self::step) does it. One that was under way is abandoned.
    ///
    /// When nothing was loaded before, the region is looked through first.
    ///
    /// # Errors
    /// [`SaveError::Occupied`] when the region holds what another model, or something else, wrote.
    pub fn begin(&mut self, state: &dyn Persist) -> Result<(), SaveError> {
        if !state.is_encodable() {
            return Err(SaveError::Unencodable);
        }
        let expected = fingerprint(state);
        let too_small = |error| match error {
            LoadError::TooSmall { needed } => SaveError::TooSmall { needed },
            other => SaveError::Occupied(other),
        };
        let layout = self.layout(state.size()).map_err(too_small)?;
        let ready = |known: &Known| known.fingerprint == expected && known.layout == layout;
        if !self.known.as_ref().is_some_and(ready) {
            match self.survey(&layout, expected) {
                Ok(_) | Err(LoadError::Empty) => {}
                Err(other) => return Err(SaveError::Occupied(other)),
            }
        } else if let (Stage::Chunk(_) | Stage::Mark(_), Some(known)) = (self.saving.stage, &mut self.known) {
            // What was abandoned stays where it is; no word is programmed twice.
            known.tail = known.tail.map(|slot| slot + 1);
        }
        self.saving = Saving::default();
        self.next_frame();
        Ok(())
    }

    /// One step of a save: one erase unit, one chunk or one mark, each read back.
    ///
    /// `state` must not change between `begin` and the last step: a frame would hold some of each. Sampling may go on.
    ///
    /// # Errors
    /// [`SaveError::WornOut`] when every segment was tried; [`SaveError::NotBegun`].
    pub fn step(&mut self, state: &dyn Persist) -> Result<Progress, SaveError> {
        let Some(known) = &self.known else {
            return Err(SaveError::NotBegun);
        };
        if state.size() != known.layout.length() as usize {
            return Err(SaveError::NotBegun);
        }
        let (layout, segment) = (known.layout, known.last.unwrap_or(0));
        let base = self.start.wrapping_add(segment.wrapping_mul(layout.segment()));
        let address = base.wrapping_add(known.tail.unwrap_or(0).wrapping_mul(layout.frame()));
        let mark = Mark {
            kind: Kind::Commit,
            write_size: F::WRITE_SIZE as u16,
            chunk: CHUNK as u16,
            length: layout.length(),
            segment: layout.segment(),
            digest: self.saving.digest,
            sequence: known.sequence,
            fingerprint: known.fingerprint,
            step: state.step(),
        };
        let done = match self.saving.stage {
            Stage::Idle => return Err(SaveError::NotBegun),
            Stage::Erase(offset) => flash::erase(&mut self.flash, base.wrapping_add(offset)),
            Stage::Chunk(index) => self.put_chunk(address, &mark, index, state),
            Stage::Mark(kind) => self.put_mark(
                address.wrapping_add(layout.mark_at(kind)),
                &layout,
                &mark.with(kind),
            ),
        };
        if done.is_err() {
            return self.retry();
        }
        let Some(known) = &mut self.known else {
            return Err(SaveError::NotBegun);
        };
        self.saving.stage = match self.saving.stage {
            Stage::Erase(offset) if offset.wrapping_add(F::ERASE_SIZE as u32) < layout.segment() => {
                Stage::Erase(offset.wrapping_add(F::ERASE_SIZE as u32))
            }
            Stage::Erase(_) => {
                known.tail = Some(0);
                Stage::Chunk(0)
            }
            Stage::Chunk(index) if index + 1 < layout.chunks() => Stage::Chunk(index + 1),
            Stage::Chunk(_) => Stage::Mark(Kind::Commit),
            Stage::Mark(Kind::Commit) => Stage::Mark(Kind::Seal),
            Stage::Mark(_) | Stage::Idle => {
                known.protected = Some(segment);
                known.tail = known.tail.map(|slot| slot + 1);
                let (sequence, retries) = (known.sequence, self.saving.retries);
                self.saving.stage = Stage::Idle;
                return Ok(Progress::Saved(Saved {
                    sequence,
                    address,
                    retries,
                }));
            }
        };
        Ok(Progress::Working)
    }

    /// Whether a save is under way.
    pub fn is_saving(&self) -> bool {
        !matches!(self.saving.stage, Stage::Idle)
    }

    /// Chooses the place of the next frame: behind the last one, when that segment was erased by this store
    /// and has room; otherwise in a segment to be erased first.
    fn next_frame(&mut self) {
        let Some(known) = &mut self.known else { return };
        known.sequence = known.sequence.wrapping_add(1);
        self.saving.digest = 0;
        self.saving.stage = if known.tail.is_some_and(|slot| slot < known.layout.frames()) {
            Stage::Chunk(0)
        } else {
            known.tail = None;
            known.last = Some(known.next_segment());
            Stage::Erase(0)
        };
    }

    /// Leaves a frame that the flash did not take, and goes on in the next segment until each was tried.
    fn retry(&mut self) -> Result<Progress, SaveError> {
        self.saving.retries += 1;
        let segments = self.known.as_mut().map_or(0, |known| {
            known.tail = None;
            known.segments
        });
        if self.saving.retries > segments {
            self.saving.stage = Stage::Idle;
            return Err(SaveError::WornOut);
        }
        self.next_frame();
        Ok(Progress::Working)
    }

    /// Programs chunk `index`: payload, checksum, padding.
    fn put_chunk(&mut self, frame: u32, mark: &Mark, index: u32, state: &dyn Persist) -> Result<(), Failed> {
        let Some(Known { layout, .. }) = &self.known else {
            return Err(Failed);
        };
        let stored = self
            .buffer
            .0
            .get_mut(..layout.stored(index) as usize)
            .ok_or(Failed)?;
        stored.fill(0xff);
        let (payload, rest) = stored
            .split_at_mut_checked(layout.payload_of(index) as usize)
            .ok_or(Failed)?;
        state.read(layout.payload_at(index) as usize, payload);
        let checksum = crc32(&salt(mark, index), payload);
        *rest.first_chunk_mut::<{ CHECKSUM as usize }>().ok_or(Failed)? = checksum.to_le_bytes();
        self.saving.digest = fold(self.saving.digest, checksum);
        flash::program(
            &mut self.flash,
            frame.wrapping_add(layout.chunk_at(index)),
            stored,
        )
    }
}
