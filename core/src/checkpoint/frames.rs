//! Reading frames where they lie: the checks that the store makes, and a reader of whole images for host tools.

use super::layout::{CHECKSUM, Layout};
use crate::flash::{Checksum, Kind, Mark, crc32};
use core::ops::Range;
use embedded_storage::nor_flash::ReadNorFlash;

/// Times that a seal or adopt mark must read right before a state is shown. A bit that a power cut left undecided, and
/// that reads right every second time, passes once in 2³².
pub(super) const READS: u32 = 32;

/// A chunk's checksum is salted with where it belongs, so that a leftover of another frame never fits.
pub(super) fn salt(mark: &Mark, index: u32) -> [u8; 20] {
    let (sequence, fingerprint) = (mark.sequence, mark.fingerprint);
    // In words: byte by byte it would be one of the longest functions of the store.
    bytemuck::must_cast([
        (sequence as u32).to_le(),
        ((sequence >> 32) as u32).to_le(),
        (fingerprint as u32).to_le(),
        ((fingerprint >> 32) as u32).to_le(),
        index.to_le(),
    ])
}

/// One chunk's checksum mixed into the digest of those before it.
pub(super) fn fold(digest: u32, checksum: u32) -> u32 {
    crc32(&digest.to_le_bytes(), &checksum.to_le_bytes())
}

/// Whether the frame at `frame`, whose commit mark is intact, has its mark of this kind, `times` times in a row.
pub(super) fn has<F: ReadNorFlash>(
    flash: &mut F,
    frame: u32,
    layout: &Layout,
    kind: Kind,
    times: u32,
) -> bool {
    let commit = frame.wrapping_add(layout.mark_at(Kind::Commit));
    Mark::repeats(
        flash,
        commit,
        frame.wrapping_add(layout.mark_at(kind)),
        kind,
        times,
    )
}

/// Whether the frame at `frame` is adopted, or at least sealed.
#[inline(never)]
pub(super) fn is_complete<F: ReadNorFlash>(flash: &mut F, frame: u32, layout: &Layout, times: u32) -> bool {
    has(flash, frame, layout, Kind::Adopt, times) || has(flash, frame, layout, Kind::Seal, times)
}

/// Reads every chunk of the frame at `address`. The index of the first that is not intact, or the number of
/// chunks when each is but their digest is not the mark's.
#[inline(never)]
pub(super) fn verify<F: ReadNorFlash>(
    flash: &mut F,
    address: u32,
    layout: &Layout,
    mark: &Mark,
) -> Result<(), u32> {
    let mut digest = 0;
    for index in 0..layout.chunks() {
        let at = address.wrapping_add(layout.chunk_at(index));
        let checksum = chunk(flash, at, layout, mark, index).ok_or(index)?;
        digest = fold(digest, checksum);
    }
    if digest == mark.digest {
        Ok(())
    } else {
        Err(layout.chunks())
    }
}

/// The checksum of the chunk at `address`, when its bytes agree with it.
fn chunk<F: ReadNorFlash>(
    flash: &mut F,
    address: u32,
    layout: &Layout,
    mark: &Mark,
    index: u32,
) -> Option<u32> {
    let mut checksum = Checksum::new();
    checksum.update(&salt(mark, index));
    let mut payload = layout.payload_of(index) as usize;
    let mut written = 0_u32;
    let mut missing = CHECKSUM;
    let mut buffer = [0; 32];
    let (mut at, end) = (address, address.wrapping_add(layout.stored(index)));
    while at < end {
        let length = end.wrapping_sub(at).min(buffer.len() as u32);
        let piece = buffer.get_mut(..length as usize)?;
        flash.read(at, piece).ok()?;
        let (data, rest) = piece.split_at_checked(payload.min(piece.len()))?;
        checksum.update(data);
        payload = payload.saturating_sub(data.len());
        for byte in rest {
            if missing > 0 {
                written = (written >> 8) | (u32::from(*byte) << 24);
                missing -= 1;
            }
        }
        at = at.wrapping_add(length);
    }
    (checksum.value() == written).then_some(written)
}

/// The address of the first commit mark at or after `from` and before `end`, at a multiple of `unit` from `from`.
#[inline(never)]
pub(super) fn find_commit<F: ReadNorFlash>(flash: &mut F, from: u32, end: u32, unit: u32) -> Option<u32> {
    let mut address = from;
    while address < end {
        if Mark::read(flash, address).is_some_and(|mark| mark.kind == Kind::Commit) {
            return Some(address);
        }
        address = address.checked_add(unit.max(1))?;
    }
    None
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// Complete and intact.
    Valid {
        /// Whether a boot has shown it to its application.
        adopted: bool,
    },
    /// Its save was cut before it was acknowledged.
    Unsealed,
    /// A chunk is damaged, or was overwritten.
    Damaged {
        /// Index of the first such chunk; the number of chunks when only their digest is wrong.
        chunk: u32,
    },
    /// Its mark speaks of sizes that cannot be, or of bytes before the region.
    Impossible,
}

/// A frame in an image, valid or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Frame {
    /// Where its first chunk begins.
    pub address: u32,
    /// Its commit mark: sequence, fingerprint, sizes, step.
    pub mark: Mark,
    /// Whether it can be used, or why not.
    pub verdict: Verdict,
}

impl Frame {
    /// Copies payload bytes from `offset` on into `out`. `None` past the end of the payload or on a read error.
    pub fn read<F: ReadNorFlash>(&self, flash: &mut F, offset: u32, out: &mut [u8]) -> Option<()> {
        let layout = Layout::of(&self.mark)?;
        let mut buffer = [0; 64];
        let unit = (F::READ_SIZE as u32).clamp(1, buffer.len() as u32);
        let (mut position, mut rest) = (offset, out);
        while !rest.is_empty() {
            let index = position.checked_div(layout.payload_of(0))?;
            let within = position.checked_sub(layout.payload_at(index))?;
            let inner = layout.chunk_at(index).checked_add(within)?;
            // Whole read units, from the one that the byte is in; no more than the chunk has.
            let skip = inner & (unit - 1);
            let here = layout.payload_of(index).checked_sub(within)?;
            let count = rest.len().min(here as usize).min(buffer.len() - skip as usize);
            if count == 0 {
                return None;
            }
            let length = (skip as usize + count).next_multiple_of(unit as usize);
            let piece = buffer.get_mut(..length)?;
            flash.read(self.address.checked_add(inner - skip)?, piece).ok()?;
            let (now, later) = core::mem::take(&mut rest).split_at_mut_checked(count)?;
            now.copy_from_slice(piece.get(skip as usize..skip as usize + count)?);
            rest = later;
            position = position.checked_add(count as u32)?;
        }
        Some(())
    }
}

/// All frames of an image or a device's region in order of address, found by their commit marks:
/// no knowledge of the model or of the part is needed. For host tools; reads only.
///
/// The state that a device would load is the valid frame with the largest sequence.
pub struct Frames<'a, F> {
    flash: &'a mut F,
    start: u32,
    next: u32,
    end: u32,
}

impl<'a, F: ReadNorFlash> Frames<'a, F> {
    /// The frames in these addresses.
    pub fn new(flash: &'a mut F, region: Range<u32>) -> Self {
        Self {
            flash,
            start: region.start,
            next: region.start,
            end: region.end,
        }
    }

    fn judge(&mut self, commit: u32, mark: &Mark) -> Option<Frame> {
        let layout = Layout::of(mark)?;
        let address = commit
            .checked_sub(layout.mark_at(Kind::Commit))
            .filter(|at| *at >= self.start)?;
        let sealed = has(self.flash, address, &layout, Kind::Seal, READS);
        let adopted = has(self.flash, address, &layout, Kind::Adopt, READS);
        let verdict = if !sealed && !adopted {
            Verdict::Unsealed
        } else {
            match verify(self.flash, address, &layout, mark) {
                Ok(()) => Verdict::Valid { adopted },
                Err(chunk) => Verdict::Damaged { chunk },
            }
        };
        Some(Frame {
            address,
            mark: *mark,
            verdict,
        })
    }
}

impl<F: ReadNorFlash> Iterator for Frames<'_, F> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let unit = F::READ_SIZE as u32;
        let (commit, mark) = loop {
            let commit = find_commit(self.flash, self.next, self.end, unit)?;
            self.next = commit.checked_add(unit.max(1))?;
            // An unsettled one may be gone by now.
            if let Some(mark) = Mark::read(self.flash, commit) {
                break (commit, mark);
            }
        };
        let impossible = Frame {
            address: commit,
            mark,
            verdict: Verdict::Impossible,
        };
        Some(self.judge(commit, &mark).unwrap_or(impossible))
    }
}
