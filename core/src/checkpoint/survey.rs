//! Looking through the region: which frame is the newest that is complete and intact, and what may be overwritten.
//! Reads only; a repair while scanning could be cut as well.

use super::error::LoadError;
use super::frames::{READS, find_commit, is_complete, verify};
use super::layout::Layout;
use super::store::Store;
use crate::flash::{self, Kind, Mark};
use embedded_storage::nor_flash::NorFlash;

/// What the store knows of its region.
pub(super) struct Known {
    pub layout: Layout,
    pub fingerprint: u64,
    /// Segments in the region.
    pub segments: u32,
    /// The largest sequence in the region, whatever became of its frame.
    pub sequence: u64,
    /// The segment of the newest valid frame, never erased.
    pub protected: Option<u32>,
    /// The segment last written to.
    pub last: Option<u32>,
    /// The next frame of `last` that is free, if this store erased that segment since it started.
    /// What an earlier boot left behind its frames is unknown, so it is not written to.
    pub tail: Option<u32>,
}

impl Known {
    /// The segment to erase next: in turn, so that all wear alike.
    pub fn next_segment(&self) -> u32 {
        let after = |segment: u32| {
            if segment + 1 < self.segments {
                segment + 1
            } else {
                0
            }
        };
        let next = self.last.map_or(0, after);
        if self.protected == Some(next) {
            after(next)
        } else {
            next
        }
    }
}

/// A complete frame. Ordered by age; equal sequences (a copy made by a tool) are ordered by address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sequence: u64,
    address: u32,
    segment: u32,
}

impl<F: NorFlash, const CHUNK: usize> Store<F, CHUNK> {
    /// Finds the newest valid frame: its address, and how many newer complete ones are damaged.
    /// Afterwards, when the region belongs to this state (or to nobody), saves may begin.
    #[inline(never)]
    pub(super) fn survey(&mut self, layout: &Layout, fingerprint: u64) -> Result<(u32, u32), LoadError> {
        let segments = (self.end - self.start).checked_div(layout.segment()).unwrap_or(0);
        let known = self.known.insert(Known {
            layout: *layout,
            fingerprint,
            segments,
            sequence: 0,
            protected: None,
            last: None,
            tail: None,
        });
        let mut damaged = 0;
        let mut below = None;
        while let Some(place) = newest_below(&mut self.flash, self.start, known, below) {
            if !is_complete(&mut self.flash, place.address, layout, READS) {
                below = Some(place);
                continue;
            }
            let Some(found) = intact(&mut self.flash, place.address, layout) else {
                damaged += 1;
                below = Some(place);
                continue;
            };
            if found != fingerprint {
                self.known = None;
                let expected = fingerprint;
                return Err(LoadError::Incompatible { found, expected });
            }
            known.protected = Some(place.segment);
            return Ok((place.address, damaged));
        }
        // A first save always goes to the first segment: that is how a cut one is told from something unknown.
        known.last = None;
        let why = self.explain(layout, fingerprint, damaged);
        if why != LoadError::Empty {
            self.known = None;
        }
        Err(why)
    }

    /// Why there is no valid frame. `Empty` when the region is blank or holds no more than a cut first save left.
    #[inline(never)]
    fn explain(&mut self, layout: &Layout, expected: u64, damaged: u32) -> LoadError {
        if damaged > 0 {
            return LoadError::Damaged { frames: damaged };
        }
        let (unit, mut from, mut newest) = (F::WRITE_SIZE as u32, self.start, 0);
        let mut why = None;
        while let Some(at) = find_commit(&mut self.flash, from, self.end, unit) {
            from = at.saturating_add(unit);
            let Some(mark) = Mark::read(&mut self.flash, at) else {
                continue;
            };
            let other = if mark.fingerprint != expected {
                let found = mark.fingerprint;
                LoadError::Incompatible { found, expected }
            } else if mark.length != layout.length() {
                let (found, expected) = (mark.length, layout.length());
                LoadError::WrongSize { found, expected }
            } else if !layout.fits(&mark) {
                let Mark {
                    chunk,
                    write_size,
                    segment,
                    ..
                } = mark;
                LoadError::OtherLayout {
                    chunk,
                    write_size,
                    segment,
                }
            } else {
                continue;
            };
            if mark.sequence >= newest {
                newest = mark.sequence;
                why = Some(other);
            }
        }
        let second = self.start.saturating_add(layout.segment());
        match why {
            Some(why) => why,
            None if flash::is_blank(&mut self.flash, second, self.end) => LoadError::Empty,
            None => LoadError::Unknown,
        }
    }
}

/// The fingerprint of the frame at `address`, when all of it is intact.
#[inline(never)]
fn intact<F: NorFlash>(flash: &mut F, address: u32, layout: &Layout) -> Option<u64> {
    let mark = Mark::read(flash, address.wrapping_add(layout.mark_at(Kind::Commit)))?;
    verify(flash, address, layout, &mark)
        .ok()
        .map(|()| mark.fingerprint)
}

/// The newest complete frame older than `below`. One mark is read per frame, more only of candidates.
#[inline(never)]
fn newest_below<F: NorFlash>(
    flash: &mut F,
    start: u32,
    known: &mut Known,
    below: Option<Place>,
) -> Option<Place> {
    let mut best = None;
    for segment in 0..known.segments {
        let mut address = start.wrapping_add(segment.wrapping_mul(known.layout.segment()));
        for _ in 0..known.layout.frames() {
            if let Some(sequence) = commit_at(flash, address, known, segment) {
                let place = Place {
                    sequence,
                    address,
                    segment,
                };
                if below.is_none_or(|below| place < below)
                    && best.is_none_or(|best| place > best)
                    && is_complete(flash, address, &known.layout, 1)
                {
                    best = Some(place);
                }
            }
            address = address.wrapping_add(known.layout.frame());
        }
    }
    best
}

/// The sequence of the frame at `address`, when it has a commit mark. Takes note of the largest one.
#[inline(never)]
fn commit_at<F: NorFlash>(flash: &mut F, address: u32, known: &mut Known, segment: u32) -> Option<u64> {
    let commit = address.wrapping_add(known.layout.mark_at(Kind::Commit));
    let mark = Mark::read(flash, commit)?;
    if mark.kind != Kind::Commit || !known.layout.fits(&mark) {
        return None;
    }
    if mark.sequence >= known.sequence {
        known.sequence = mark.sequence;
        known.last = Some(segment);
    }
    Some(mark.sequence)
}
