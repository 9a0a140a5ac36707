//! A state as a region of a chip's flash: what the first boot of a device finds.

use super::{Pieces, Saved};
use crate::chip::Chip;
use crate::complaint::Complaint;
use kilograd::checkpoint::Layout;
use kilograd::flash::{Kind, MARK_BYTES, Mark, crc32};
use std::ops::Range;

/// Segments of a region whose size is not given: one in use, one being written, one to spare.
const SEGMENTS: u32 = 3;

/// Where a region is to lie.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The chip.
    pub chip: &'a Chip,
    /// Address of the region.
    pub address: u32,
    /// Its bytes; three segments if it is not given.
    pub size: Option<u32>,
    /// Bytes of a chunk: `CHUNK` of the firmware's store.
    pub chunk: u32,
    /// Bytes of a write unit: `WRITE_SIZE` of the firmware's driver.
    pub write: u32,
}

/// A region that holds one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its addresses.
    pub range: Range<u64>,
    /// Where everything lies in it.
    pub layout: Layout,
    /// Bytes of its erase units.
    pub erase: u32,
    /// Its bytes, all of them: what is not the frame reads as erased.
    pub bytes: Vec<u8>,
}

impl Region {
    /// Segments of the region.
    pub fn segments(&self) -> u64 {
        (self.bytes.len() as u64)
            .checked_div(self.layout.segment().into())
            .unwrap_or(0)
    }

    /// What a programmer is to write. The place of the ADOPT mark, which the first boot writes, is left out, so that no
    /// programmer writes ones over it: on flash with an error-correcting code they would count.
    pub fn pieces(&self) -> Pieces {
        let mut pieces = Pieces::default();
        let adopt = self.layout.mark_at(Kind::Adopt) as usize;
        let behind = adopt + self.layout.mark() as usize;
        let start = self.range.start as u32;
        // Neither can be taken: the region lies inside the flash.
        let _ = pieces.put(start, &self.bytes[..adopt]);
        let _ = pieces.put(start + behind as u32, &self.bytes[behind..]);
        pieces
    }
}

/// Puts a state into a region, as the first save of a store that writes there would.
///
/// # Errors
/// A [`Complaint`] when the region does not lie on the chip's erase units, is too small, or chunk and write size do
/// not go together.
pub fn region(saved: &Saved, wanted: &Wanted<'_>) -> Result<Region, Complaint> {
    let Wanted {
        chip,
        address,
        size,
        chunk,
        write,
    } = *wanted;
    let mark = (MARK_BYTES as u32).next_multiple_of(write.max(1));
    if chunk < mark || chunk > 0xffff || !chunk.is_multiple_of(write) {
        let message = format!("a chunk of {chunk} bytes does not go with a write size of {write}");
        let help = format!(
            "give --chunk as the firmware's store has it: a multiple of {write} from {mark} to 65535"
        );
        return Err(Complaint::new(message, help));
    }
    // The erase unit at the address decides the segment, and with it the size of the region.
    let start = u64::from(address);
    let end = |size: u32| start + u64::from(size);
    let first = match (size, chip.unit_at(address)) {
        (None, Some(bytes)) => bytes,
        _ => chip.erase_unit(&(start..end(size.unwrap_or(1))))?,
    };
    let layout = u32::try_from(saved.payload.len())
        .ok()
        .and_then(|length| Layout::new(length, chunk, write, first))
        .ok_or_else(|| {
            let message = format!(
                "a state of {} bytes is too large for a frame",
                saved.payload.len()
            );
            Complaint::new(message, "a frame has less than 1 GB")
        })?;
    let size = size.unwrap_or(layout.segment().saturating_mul(SEGMENTS));
    let range = start..end(size);
    let erase = chip.erase_unit(&range)?;
    let needed = layout.segment().saturating_mul(2);
    if size < needed {
        let message = format!(
            "a region of {size} bytes is too small: the state takes segments of {} and needs two",
            layout.segment()
        );
        return Err(Complaint::new(
            message,
            format!("give --size {needed} or more; three segments wear more evenly"),
        ));
    }
    let mut bytes = frame(saved, &layout, write, chunk);
    bytes.resize(size as usize, 0xff);
    Ok(Region {
        range,
        layout,
        erase,
        bytes,
    })
}

/// The first frame of a store: chunks, COMMIT, SEAL, and a place for ADOPT. See `docs/formats.md`.
fn frame(saved: &Saved, layout: &Layout, write: u32, chunk: u32) -> Vec<u8> {
    const SEQUENCE: u64 = 1;
    let mut bytes = vec![0xff; layout.frame() as usize];
    let mut digest = 0;
    for index in 0..layout.chunks() {
        let from = layout.payload_at(index) as usize;
        let payload = &saved.payload[from..from + layout.payload_of(index) as usize];
        let mut salt = vec![];
        salt.extend(SEQUENCE.to_le_bytes());
        salt.extend(saved.fingerprint.to_le_bytes());
        salt.extend(index.to_le_bytes());
        let checksum = crc32(&salt, payload);
        digest = crc32(&u32::to_le_bytes(digest), &checksum.to_le_bytes());
        let at = layout.chunk_at(index) as usize;
        bytes[at..at + payload.len()].copy_from_slice(payload);
        bytes[at + payload.len()..][..4].copy_from_slice(&checksum.to_le_bytes());
    }
    let commit = Mark {
        kind: Kind::Commit,
        write_size: write as u16,
        chunk: chunk as u16,
        length: layout.length(),
        segment: layout.segment(),
        digest,
        sequence: SEQUENCE,
        fingerprint: saved.fingerprint,
        step: saved.step,
    };
    for kind in [Kind::Commit, Kind::Seal] {
        let at = layout.mark_at(kind) as usize;
        bytes[at..at + MARK_BYTES].copy_from_slice(&commit.with(kind).encode());
    }
    bytes
}
