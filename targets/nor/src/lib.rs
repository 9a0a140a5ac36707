//! A NOR flash in RAM: writes clear bits, erases set them.
//!
//! It stands for the flash that the emulated machine does not have, and is a driver of the least size, so
//! that the size of a program that saves is that of the store.
#![no_std]

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Bytes of an erase unit.
pub const UNIT: usize = 1024;

/// The part, in memory of the caller.
#[derive(Debug)]
pub struct Nor<'a>(pub &'a mut [u8]);

/// An address outside the part.
#[derive(Debug, Clone, Copy)]
pub struct Outside;

impl NorFlashError for Outside {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::OutOfBounds
    }
}

impl ErrorType for Nor<'_> {
    type Error = Outside;
}

impl ReadNorFlash for Nor<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Outside> {
        let from = offset as usize;
        let found = self.0.get(from..from.wrapping_add(bytes.len())).ok_or(Outside)?;
        for (to, from) in bytes.iter_mut().zip(found) {
            *to = *from;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Nor<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = UNIT;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Outside> {
        self.0
            .get_mut(from as usize..to as usize)
            .ok_or(Outside)?
            .fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Outside> {
        let from = offset as usize;
        let cells = self
            .0
            .get_mut(from..from.wrapping_add(bytes.len()))
            .ok_or(Outside)?;
        for (cell, byte) in cells.iter_mut().zip(bytes) {
            *cell &= *byte;
        }
        Ok(())
    }
}
