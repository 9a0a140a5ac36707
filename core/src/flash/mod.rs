//! Flash as it is: checksums, marks, and programming and erasing that is read back.
//!
//! Everything here asks a part for [`NorFlash`](embedded_storage::nor_flash::NorFlash) and no more:
//! no word is ever programmed twice, write sizes are 1 to 512 bytes, and a read that fails (a torn word
//! under ECC) counts as a word that is not valid. The checkpoints and the sample pool share it.
//!
//! The checksum is integrity, not authenticity: it finds torn writes and worn cells. Whoever can write
//! to the flash can also forge it.

mod access;
mod checksum;
mod mark;

pub use access::{Failed, erase, is_blank, matches, program, readable, writable};
pub use checksum::{Checksum, crc32};
pub use mark::{FORMAT, Kind, MARK_BYTES, Mark};
