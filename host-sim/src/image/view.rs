//! Bytes of a file, read as a flash is.

use embedded_storage::nor_flash::{ErrorType, NorFlashErrorKind, ReadNorFlash, check_read};

/// A stretch of bytes as flash that can only be read, from offset 0 on.
#[derive(Debug, Clone, Copy)]
pub struct View<'a>(pub &'a [u8]);

impl ErrorType for View<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for View<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(&self.0[offset as usize..offset as usize + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}
