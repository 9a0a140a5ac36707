//! Where everything in a frame lies: arithmetic on sizes, no flash.

use crate::flash::{Kind, MARK_BYTES, Mark};

/// Bytes of a checksum.
pub(super) const CHECKSUM: u32 = 4;

/// Places in a frame and in a segment, from four sizes. See `docs/formats.md`.
///
/// `chunk i` lies at `i · chunk`; the marks follow the last chunk; frames follow each other in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Layout {
    write_size: u32,
    length: u32,
    chunk: u32,
    chunks: u32,
    mark: u32,
    body: u32,
    frame: u32,
    segment: u32,
    frames: u32,
}

impl Layout {
    /// The layout of a state of `length` bytes in chunks of `chunk` bytes, on a part with this write and erase size.
    /// A segment is as many erase units as one frame needs.
    ///
    /// `None` when a size is impossible: chunk not a multiple of the write size or without room for
    /// a byte, sizes not powers of two, or a frame of 2³⁰ bytes and more.
    pub fn new(length: u32, chunk: u32, write_size: u32, erase_size: u32) -> Option<Self> {
        let layout = Self::of_frame(length, chunk, write_size)?;
        if !erase_size.is_power_of_two() || erase_size > 1 << 30 {
            return None;
        }
        layout.in_segments(round_up(layout.frame, erase_size))
    }

    /// The layout that a mark speaks of.
    pub fn of(mark: &Mark) -> Option<Self> {
        Self::of_frame(mark.length, mark.chunk.into(), mark.write_size.into())?.in_segments(mark.segment)
    }

    fn of_frame(length: u32, chunk: u32, write_size: u32) -> Option<Self> {
        if !write_size.is_power_of_two() || chunk & (write_size - 1) != 0 || chunk > u32::from(u16::MAX) {
            return None;
        }
        let payload = chunk.checked_sub(CHECKSUM).filter(|bytes| *bytes > 0)?;
        if length > 1 << 29 {
            return None;
        }
        let whole = length.checked_div(payload)?;
        let rest = length.wrapping_sub(whole.wrapping_mul(payload));
        // The last chunk is short. A state of no bytes still has one chunk.
        let (before, last) = if rest == 0 && whole > 0 {
            (whole - 1, payload)
        } else {
            (whole, rest)
        };
        let body = before
            .checked_mul(chunk)?
            .checked_add(round_up(last + CHECKSUM, write_size))?;
        let mark = round_up(MARK_BYTES as u32, write_size);
        let frame = body.checked_add(3 * mark).filter(|bytes| *bytes <= 1 << 30)?;
        Some(Self {
            write_size,
            length,
            chunk,
            chunks: before + 1,
            mark,
            body,
            frame,
            segment: 0,
            frames: 0,
        })
    }

    fn in_segments(self, segment: u32) -> Option<Self> {
        let frames = segment.checked_div(self.frame).filter(|frames| *frames > 0)?;
        Some(Self {
            segment,
            frames,
            ..self
        })
    }

    /// Whether a mark speaks of this layout.
    pub fn fits(&self, mark: &Mark) -> bool {
        u32::from(mark.write_size) == self.write_size
            && u32::from(mark.chunk) == self.chunk
            && mark.length == self.length
            && mark.segment == self.segment
    }

    /// Bytes of the payload.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// Chunks of a frame.
    pub const fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Bytes of a frame.
    pub const fn frame(&self) -> u32 {
        self.frame
    }

    /// Bytes of a segment.
    pub const fn segment(&self) -> u32 {
        self.segment
    }

    /// Frames in a segment.
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Offset of chunk `index` in a frame.
    pub const fn chunk_at(&self, index: u32) -> u32 {
        index.wrapping_mul(self.chunk)
    }

    /// Offset in the payload of the first byte of chunk `index`.
    pub const fn payload_at(&self, index: u32) -> u32 {
        index.wrapping_mul(self.chunk.wrapping_sub(CHECKSUM))
    }

    /// Payload bytes of chunk `index`.
    pub fn payload_of(&self, index: u32) -> u32 {
        self.length
            .saturating_sub(self.payload_at(index))
            .min(self.chunk.wrapping_sub(CHECKSUM))
    }

    /// Bytes of chunk `index` on flash: payload, checksum, padding.
    pub fn stored(&self, index: u32) -> u32 {
        self.body.saturating_sub(self.chunk_at(index)).min(self.chunk)
    }

    /// Bytes of a mark on flash: mark, padding.
    pub const fn mark(&self) -> u32 {
        self.mark
    }

    /// Offset of a mark in a frame.
    pub const fn mark_at(&self, kind: Kind) -> u32 {
        let place = match kind {
            Kind::Commit => 0,
            Kind::Seal => 1,
            Kind::Adopt => 2,
        };
        self.body.wrapping_add(self.mark.wrapping_mul(place))
    }
}

/// The smallest multiple of `unit`, a power of two, that is at least `value`. `value` is at most 2³⁰.
pub(super) const fn round_up(value: u32, unit: u32) -> u32 {
    value.wrapping_add(unit.wrapping_sub(1)) & !unit.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_marks_tile_a_frame() {
        for write_size in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] {
            for chunk in [64, 128, 512, 1024_u32].map(|c| round_up(c, write_size)) {
                for length in (0..3000).step_by(7).chain([0, 60, 124, 248]) {
                    let layout = Layout::new(length, chunk, write_size, 4096).unwrap();
                    assert_eq!(layout.chunks(), length.div_ceil(chunk - CHECKSUM).max(1));
                    let (mut flash, mut payload) = (0, 0);
                    for index in 0..layout.chunks() {
                        assert_eq!(
                            (layout.chunk_at(index), layout.payload_at(index)),
                            (flash, payload)
                        );
                        assert!(layout.payload_of(index) + CHECKSUM <= layout.stored(index));
                        assert!(layout.stored(index) < layout.payload_of(index) + CHECKSUM + write_size);
                        assert_eq!(layout.stored(index) % write_size, 0);
                        flash += layout.stored(index);
                        payload += layout.payload_of(index);
                    }
                    assert_eq!(payload, length);
                    for kind in [Kind::Commit, Kind::Seal, Kind::Adopt] {
                        assert_eq!(layout.mark_at(kind), flash);
                        flash += layout.mark();
                    }
                    assert_eq!(flash, layout.frame());
                    assert!(layout.frame() * layout.frames() <= layout.segment());
                    assert_eq!(layout.segment() % 4096, 0);
                }
            }
        }
    }

    #[test]
    fn impossible_sizes_have_no_layout() {
        assert_eq!(Layout::new(10, 63, 2, 4096), None);
        assert_eq!(Layout::new(10, 64, 3, 4096), None);
        assert_eq!(Layout::new(10, 4, 4, 4096), None);
        assert_eq!(Layout::new(10, 64, 4, 4095), None);
        assert_eq!(Layout::new(u32::MAX, 64, 4, 4096), None);
        assert_eq!(Layout::new(1 << 29, 8, 4, 4096), None);
    }
}
