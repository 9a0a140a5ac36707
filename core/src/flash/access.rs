//! Reading, programming and erasing, each checked.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

/// Bytes compared at a time; also the largest read unit of a part that is supported.
const PIECE: usize = 32;

/// The flash did not take the bytes, did not erase, or does not read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Failed;

/// Whether this part can be read in the units used here: a power of two up to 32 bytes.
pub const fn readable<F: ReadNorFlash>() -> bool {
    F::READ_SIZE.is_power_of_two() && F::READ_SIZE <= PIECE
}

/// Whether this part can be written in the units used here: powers of two, write units of 1 to 512 bytes
/// made of whole read units, erase units made of whole write units.
pub const fn writable<F: NorFlash>() -> bool {
    readable::<F>()
        && F::WRITE_SIZE.is_power_of_two()
        && F::WRITE_SIZE <= 512
        && F::WRITE_SIZE >= F::READ_SIZE
        && F::ERASE_SIZE.is_power_of_two()
        && F::ERASE_SIZE >= F::WRITE_SIZE
        && F::ERASE_SIZE <= 1 << 30
}

/// Programs `data` at `address`, then reads it back and compares.
///
/// # Errors
/// [`Failed`] when the part reports an error or the bytes read differ.
#[inline(never)]
pub fn program<F: NorFlash>(flash: &mut F, address: u32, data: &[u8]) -> Result<(), Failed> {
    flash.write(address, data).map_err(|_| Failed)?;
    if matches(flash, address, data) {
        Ok(())
    } else {
        Err(Failed)
    }
}

/// Erases the unit at `address`, then reads it back: every bit must be one.
///
/// # Errors
/// [`Failed`] when the part reports an error or a bit stayed zero.
#[inline(never)]
pub fn erase<F: NorFlash>(flash: &mut F, address: u32) -> Result<(), Failed> {
    let end = address.checked_add(F::ERASE_SIZE as u32).ok_or(Failed)?;
    flash.erase(address, end).map_err(|_| Failed)?;
    if is_blank(flash, address, end) {
        Ok(())
    } else {
        Err(Failed)
    }
}

/// Whether the flash at `address` reads as `data`. A read error is a difference.
///
/// `data` is a whole number of read units.
#[inline(never)]
pub fn matches<F: ReadNorFlash>(flash: &mut F, mut address: u32, data: &[u8]) -> bool {
    let mut buffer = [0; PIECE];
    for piece in data.chunks(PIECE) {
        let Some(read) = buffer.get_mut(..piece.len()) else {
            return false;
        };
        if flash.read(address, read).is_err() || read != piece {
            return false;
        }
        address = address.wrapping_add(piece.len() as u32);
    }
    true
}

/// Whether every bit from `address` to `end` reads as one. A read error is a difference.
#[inline(never)]
pub fn is_blank<F: ReadNorFlash>(flash: &mut F, mut address: u32, end: u32) -> bool {
    let mut buffer = [0; PIECE];
    while address < end {
        let length = end.wrapping_sub(address).min(PIECE as u32);
        let Some(read) = buffer.get_mut(..length as usize) else {
            return false;
        };
        if flash.read(address, read).is_err() || read.iter().any(|byte| *byte != 0xff) {
            return false;
        }
        address = address.wrapping_add(length);
    }
    true
}
