//! State that survives a power cut, seen from below as a stream of bytes.
//!
//! Everything that a checkpoint holds (parameters, optimizer, random state, cursor, scaler, pool)
//! implements [`Persist`]; the [store](crate::checkpoint) streams it to flash chunk by chunk and
//! never needs a second copy in RAM.

mod parts;
mod record;
pub(crate) mod words;

pub(crate) use parts::overlap;
pub use parts::{Parts, PartsMut};
pub use record::Record;

/// State that can be read as bytes, from any offset, in pieces of any length.
pub trait Persist {
    /// Bytes of the state. Constant for a given configuration: a checkpoint frame has one size.
    fn size(&self) -> usize;

    /// Copies `state[offset..offset + out.len()]` into `out`. Bytes past [`size`](Self::size) are zero.
    fn read(&self, offset: usize, out: &mut [u8]);

    /// Mixes into `digest` everything that must be equal for the bytes to mean the same:
    /// layer kinds, shapes, number format, optimizer, schema version.
    fn describe(&self, digest: &mut Fingerprint);

    /// Training steps behind this state. A note in the checkpoint that people and tools read; nothing depends on it.
    fn step(&self) -> u64 {
        0
    }

    /// Whether the state can be put into bytes as it is now. A [`Record`] whose value outgrew it cannot,
    /// and a save then fails before anything is written.
    fn is_encodable(&self) -> bool {
        true
    }
}

/// State that can also be restored.
pub trait Restore: Persist {
    /// Puts `data` at `state[offset..]`. Called in order of offset, each byte once.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes, though intact, do not decode: another schema wrote them.
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed>;
}

/// The bytes are intact and belong to this model, but do not decode as its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Malformed;

/// A running 64-bit FNV-1a digest of a state's description.
///
/// `h ← (h xor byte) · 0x100000001b3`, from `0xcbf29ce484222325`. Source: Fowler, Noll and Vo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The digest of nothing.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Mixes one byte.
    pub const fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0100_0000_01b3))
    }

    /// Mixes a number, as eight little-endian bytes.
    pub const fn number(mut self, value: u64) -> Self {
        let bytes = value.to_le_bytes();
        let mut i = 0;
        while i < 8 {
            self = self.byte(bytes[i]);
            i += 1;
        }
        self
    }

    /// The digest so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}
