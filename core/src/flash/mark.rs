//! The mark: 48 bytes that say what was written and that it is complete.

use super::access::matches;
use super::checksum::crc32;
use embedded_storage::nor_flash::ReadNorFlash;

/// Version of the layout on flash. A reader refuses every other.
pub const FORMAT: u8 = 1;

/// Bytes of a mark before it is padded to the write size.
pub const MARK_BYTES: usize = 48;

/// The bytes that the checksum of a mark covers: all but itself.
const COVERED: usize = MARK_BYTES - 4;

/// A mark in whole read units.
const BUFFER: usize = 64;

const MAGIC: [u8; 2] = *b"KG";

/// What a mark says. The value is the byte on flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// All chunks are written and were read back.
    Commit = b'C',
    /// The commit mark is written and was read back.
    Seal = b'S',
    /// A later boot found the frame complete and was about to show it to the application.
    Adopt = b'A',
}

/// The content of a mark. The three marks of a frame differ in `kind` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mark {
    /// What it says.
    pub kind: Kind,
    /// Write size of the part in bytes: a power of two, 1 to 512.
    pub write_size: u16,
    /// Bytes of a full chunk on flash, its checksum included.
    pub chunk: u16,
    /// Bytes of the payload.
    pub length: u32,
    /// Bytes of a segment.
    pub segment: u32,
    /// Digest of the chunks: `d ← crc32(d, checksum of the chunk)` from 0, both as four little-endian bytes.
    pub digest: u32,
    /// Number of the frame. Later frames have larger ones; the first is 1.
    pub sequence: u64,
    /// What the state is a state of: see [`Persist::describe`](crate::persist::Persist::describe).
    pub fingerprint: u64,
    /// Training steps taken, for people and tools: see [`Persist::step`](crate::persist::Persist::step).
    pub step: u64,
}

impl Mark {
    /// The bytes of the mark, all integers little-endian.
    pub fn encode(&self) -> [u8; MARK_BYTES] {
        let mut bytes = [0; MARK_BYTES];
        bytes[..2].copy_from_slice(&MAGIC);
        bytes[3] = FORMAT;
        bytes[4] = self.write_size.trailing_zeros() as u8;
        bytes[5] = 0;
        bytes[6..8].copy_from_slice(&self.chunk.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.segment.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.fingerprint.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.step.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.digest.to_le_bytes());
        say(&mut bytes, self.kind);
        bytes
    }

    /// The mark in `bytes`, when they are one: magic, known kind, this format, right checksum.
    pub fn decode(bytes: &[u8; MARK_BYTES]) -> Option<Self> {
        let kind = match bytes[2] {
            b'C' => Kind::Commit,
            b'S' => Kind::Seal,
            b'A' => Kind::Adopt,
            _ => return None,
        };
        let known = bytes[..2] == MAGIC && bytes[3] == FORMAT && bytes[4] <= 9 && bytes[5] == 0;
        if !known || crc32(&[], &bytes[..COVERED]).to_le_bytes() != bytes[COVERED..] {
            return None;
        }
        Some(Self {
            kind,
            write_size: 1 << bytes[4],
            chunk: u16::from_le_bytes([bytes[6], bytes[7]]),
            length: word(bytes, 8),
            segment: word(bytes, 12),
            sequence: double(bytes, 16),
            fingerprint: double(bytes, 24),
            step: double(bytes, 32),
            digest: word(bytes, 40),
        })
    }

    /// The mark at `address`. `None` when there is none, or the read fails.
    #[inline(never)]
    pub fn read<F: ReadNorFlash>(flash: &mut F, address: u32) -> Option<Self> {
        // A part reads in whole units; a padded mark is at least as long as one.
        let mut buffer = [0; BUFFER];
        flash.read(address, buffer.get_mut(..padded::<F>())?).ok()?;
        Self::decode(buffer.first_chunk()?)
    }

    /// The same mark, saying something else.
    pub const fn with(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Whether the mark at `address` reads, `times` times in a row, as the intact one at `other` does but for its kind.
    ///
    /// A word that a power cut left between zero and one may read right once; nothing is built on it
    /// before it has read right often.
    #[inline(never)]
    pub fn repeats<F: ReadNorFlash>(flash: &mut F, other: u32, address: u32, kind: Kind, times: u32) -> bool {
        let mut buffer = [0; BUFFER];
        let Some(bytes) = buffer.get_mut(..padded::<F>()) else {
            return false;
        };
        if flash.read(other, bytes).is_err() {
            return false;
        }
        let Some(mark) = bytes.first_chunk_mut() else {
            return false;
        };
        say(mark, kind);
        (0..times).all(|_| matches(flash, address, bytes))
    }
}

/// Makes the mark in `bytes` one of this kind, with the checksum that belongs to it.
fn say(bytes: &mut [u8; MARK_BYTES], kind: Kind) {
    bytes[2] = kind as u8;
    let checksum = crc32(&[], &bytes[..COVERED]);
    bytes[COVERED..].copy_from_slice(&checksum.to_le_bytes());
}

/// Bytes to read for a mark.
fn padded<F: ReadNorFlash>() -> usize {
    MARK_BYTES.next_multiple_of(F::READ_SIZE.max(1))
}

fn word(bytes: &[u8; MARK_BYTES], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    u32::from_le_bytes(*field.unwrap_or(&[0; 4]))
}

fn double(bytes: &[u8; MARK_BYTES], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    u64::from_le_bytes(*field.unwrap_or(&[0; 8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark {
        kind: Kind::Seal,
        write_size: 512,
        chunk: 0x0102,
        length: 0x0304_0506,
        segment: 0x0708_090a,
        digest: 0x0b0c_0d0e,
        sequence: 0x1112_1314_1516_1718,
        fingerprint: 0x2122_2324_2526_2728,
        step: 0x3132_3334_3536_3738,
    };

    #[test]
    fn a_mark_survives_its_bytes() {
        for kind in [Kind::Commit, Kind::Seal, Kind::Adopt] {
            let mark = MARK.with(kind);
            assert_eq!(Mark::decode(&mark.encode()), Some(mark));
        }
    }

    #[test]
    fn no_flipped_bit_is_a_mark() {
        for bit in 0..MARK_BYTES * 8 {
            let mut bytes = MARK.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Mark::decode(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn another_format_is_no_mark_even_when_intact() {
        for (at, value) in [(3, FORMAT + 1), (5, 1), (4, 10), (2, b'X'), (0, b'k')] {
            let mut bytes = MARK.encode();
            bytes[at] = value;
            let checksum = crc32(&[], &bytes[..COVERED]);
            bytes[COVERED..].copy_from_slice(&checksum.to_le_bytes());
            assert_eq!(Mark::decode(&bytes), None, "byte {at}");
        }
    }
}
