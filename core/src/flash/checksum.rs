//! The checksum of everything on flash.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};

/// Bit by bit: a table would cost 1 KB of flash and the bus to the flash is slower than this.
static CRC32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// A running CRC-32 (ISO-HDLC, as in Ethernet and zlib; polynomial `0x04c11db7`, reflected).
///
/// Detects any burst up to 32 bits and any other damage but one in 2³². It does not authenticate.
pub struct Checksum(Digest<'static, u32, NoTable>);

impl Checksum {
    /// The checksum of nothing yet.
    #[expect(clippy::new_without_default, reason = "one way to begin is enough")]
    pub fn new() -> Self {
        Self(CRC32.digest())
    }

    /// Adds bytes.
    #[inline(never)]
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The checksum of all bytes so far.
    pub fn value(self) -> u32 {
        self.0.finalize()
    }
}

/// The [`Checksum`] of `salt` followed by `data`.
#[inline(never)]
pub fn crc32(salt: &[u8], data: &[u8]) -> u32 {
    let mut checksum = Checksum::new();
    checksum.update(salt);
    checksum.update(data);
    checksum.value()
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn agrees_with_the_published_check_value() {
        assert_eq!(crc32(b"", b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"1234", b"56789"), 0xcbf4_3926);
    }
}
