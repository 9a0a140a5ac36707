//! The checksum of everything on flash.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

/// Bit by bit: a table would cost 1 KB of flash and the bus to the flash is slower than this.
static CRC32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// CRC-32 (ISO-HDLC, as in Ethernet and zlib; polynomial `0x04c11db7`, reflected) of `salt` followed by `data`.
///
/// Detects any burst up to 32 bits and any other damage but one in 2³². It does not authenticate.
#[inline(never)]
pub fn crc32(salt: &[u8], data: &[u8]) -> u32 {
    let mut digest = CRC32.digest();
    digest.update(salt);
    digest.update(data);
    digest.finalize()
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
