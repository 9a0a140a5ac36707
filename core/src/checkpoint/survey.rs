//! Looking through the region: which frame is the newest that is complete and intact, and what may be overwritten.
//! Reads only; a repair while scanning could be cut as well.

use super::error::LoadError;
use super::frames::{find_commit, is_firm, verify};
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

/// A frame with its commit mark, and where it is.
#[derive(Clone, Copy)]
struct Candidate {
    address: u32,
    segment: u32,
    mark: Mark,
}

impl Candidate {
    /// Order of age; equal sequences (a copy made by a tool) are ordered by address.
    fn key(&self) -> (u64, u32) {
        (self.mark.sequence, self.address)
    }
}

impl<F: NorFlash, const CHUNK: usize> Store<F, CHUNK> {
    /// Finds the newest valid frame: its address, its mark, and how many newer complete ones are damaged.
    /// Afterwards, when the region belongs to this state (or to nobody), saves may begin.
    pub(super) fn survey(
        &mut self,
        layout: &Layout,
        fingerprint: u64,
    ) -> Result<(u32, Mark, u32), LoadError> {
        self.known = None;
        let segments = (self.end - self.start).checked_div(layout.segment()).unwrap_or(0);
        let mut known = Known {
            layout: *layout,
            fingerprint,
            segments,
            sequence: 0,
            protected: None,
            last: None,
            tail: None,
        };
        let mut damaged = 0;
        let mut below = None;
        while let Some(candidate) = self.newest_below(&mut known, below) {
            let mark = candidate.mark;
            if verify(&mut self.flash, candidate.address, layout, &mark).is_err() {
                damaged += 1;
                below = Some(candidate.key());
                continue;
            }
            if mark.fingerprint != fingerprint {
                return Err(LoadError::Incompatible {
                    found: mark.fingerprint,
                    expected: fingerprint,
                });
            }
            known.protected = Some(candidate.segment);
            self.known = Some(known);
            return Ok((candidate.address, mark, damaged));
        }
        self.explain(layout, fingerprint, damaged)?;
        // A first save always goes to the first segment: that is how a cut one is told from something unknown.
        known.last = None;
        self.known = Some(known);
        Err(LoadError::Empty)
    }

    /// The newest frame older than `below` with its commit mark and a firm second one. One mark read per frame.
    #[inline(never)]
    fn newest_below(&mut self, known: &mut Known, below: Option<(u64, u32)>) -> Option<Candidate> {
        let layout = known.layout;
        let mut best: Option<Candidate> = None;
        for segment in 0..known.segments {
            let mut address = self.start.wrapping_add(segment.wrapping_mul(layout.segment()));
            for _ in 0..layout.frames() {
                let frame = address;
                address = address.wrapping_add(layout.frame());
                let commit = frame.wrapping_add(layout.mark_at(Kind::Commit));
                let Some(mark) = Mark::read(&mut self.flash, commit) else {
                    continue;
                };
                if mark.kind != Kind::Commit || !self.fits(&layout, &mark) {
                    continue;
                }
                if mark.sequence >= known.sequence {
                    known.sequence = mark.sequence;
                    known.last = Some(segment);
                }
                let candidate = Candidate {
                    address: frame,
                    segment,
                    mark,
                };
                let wanted = below.is_none_or(|key| candidate.key() < key)
                    && best.is_none_or(|best| candidate.key() > best.key());
                if wanted && self.is_complete(frame, &layout, &mark) {
                    best = Some(candidate);
                }
            }
        }
        best
    }

    /// Whether the frame with this commit mark was sealed or adopted.
    fn is_complete(&mut self, frame: u32, layout: &Layout, commit: &Mark) -> bool {
        [Kind::Adopt, Kind::Seal].into_iter().any(|kind| {
            let at = frame.wrapping_add(layout.mark_at(kind));
            is_firm(&mut self.flash, at, &commit.with(kind))
        })
    }

    /// Whether a mark speaks of the layout that this store uses.
    fn fits(&self, layout: &Layout, mark: &Mark) -> bool {
        usize::from(mark.write_size) == F::WRITE_SIZE
            && usize::from(mark.chunk) == CHUNK
            && mark.length == layout.length()
            && mark.segment == layout.segment()
    }

    /// Why there is no valid frame. `Ok` when the region is blank or holds no more than what a cut first save left.
    fn explain(&mut self, layout: &Layout, expected: u64, damaged: u32) -> Result<(), LoadError> {
        if damaged > 0 {
            return Err(LoadError::Damaged { frames: damaged });
        }
        let (mut from, mut newest): (u32, Option<Mark>) = (self.start, None);
        while let Some((at, mark)) = find_commit(&mut self.flash, from, self.end, F::WRITE_SIZE as u32) {
            from = at.saturating_add(F::WRITE_SIZE as u32);
            let ours = mark.fingerprint == expected && self.fits(layout, &mark);
            if !ours && newest.is_none_or(|newest| mark.sequence > newest.sequence) {
                newest = Some(mark);
            }
        }
        if let Some(Mark {
            fingerprint,
            length,
            chunk,
            write_size,
            segment,
            ..
        }) = newest
        {
            return Err(if fingerprint != expected {
                LoadError::Incompatible {
                    found: fingerprint,
                    expected,
                }
            } else if length != layout.length() {
                LoadError::WrongSize {
                    found: length,
                    expected: layout.length(),
                }
            } else {
                LoadError::OtherLayout {
                    chunk,
                    write_size,
                    segment,
                }
            });
        }
        let second = self.start.saturating_add(layout.segment());
        if flash::is_blank(&mut self.flash, second, self.end) {
            Ok(())
        } else {
            Err(LoadError::Unknown)
        }
    }
}
