//! A NOR flash in a file: what a desktop run keeps its checkpoints in.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file that behaves as a NOR flash: erased to ones, bits go from one to zero.
///
/// Every call goes through to the file, so a run that is killed leaves what a device leaves that
/// loses power: the last complete checkpoint, which the store finds again.
#[derive(Debug)]
pub struct FileFlash {
    file: File,
    capacity: usize,
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFlashError {
    /// The file could not be read or written.
    File(io::ErrorKind),
    /// Out of bounds or not aligned.
    Call(NorFlashErrorKind),
}

impl NorFlashError for FileFlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::File(_) => NorFlashErrorKind::Other,
            Self::Call(kind) => *kind,
        }
    }
}

impl From<io::Error> for FileFlashError {
    fn from(error: io::Error) -> Self {
        Self::File(error.kind())
    }
}

impl From<NorFlashErrorKind> for FileFlashError {
    fn from(kind: NorFlashErrorKind) -> Self {
        Self::Call(kind)
    }
}

impl FileFlash {
    /// A blank flash of `capacity` bytes (a multiple of the erase unit), in place of whatever is at `path`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, capacity: usize) -> io::Result<Self> {
        std::fs::write(path, vec![0xff; capacity])?;
        Self::open(path)
    }

    /// The flash that lies at `path`.
    ///
    /// # Errors
    /// When the file cannot be opened for reading and writing.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let capacity = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        Ok(Self { file, capacity })
    }

    fn seek(&mut self, offset: u32) -> io::Result<&mut File> {
        self.file.seek(SeekFrom::Start(u64::from(offset)))?;
        Ok(&mut self.file)
    }
}

impl ErrorType for FileFlash {
    type Error = FileFlashError;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FileFlashError> {
        check_read(self, offset, bytes.len())?;
        Ok(self.seek(offset)?.read_exact(bytes)?)
    }

    fn capacity(&self) -> usize {
        self.capacity
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FileFlashError> {
        check_erase(self, from, to)?;
        let blank = vec![0xff; (to - from) as usize];
        Ok(self.seek(from)?.write_all(&blank)?)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FileFlashError> {
        check_write(self, offset, bytes.len())?;
        let mut cells = vec![0; bytes.len()];
        self.seek(offset)?.read_exact(&mut cells)?;
        cells.iter_mut().zip(bytes).for_each(|(cell, byte)| *cell &= byte);
        Ok(self.seek(offset)?.write_all(&cells)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_behaves_as_a_flash_and_outlives_the_program() {
        let path = std::env::temp_dir().join(format!("kilograd-flash-{}", std::process::id()));
        let mut flash = FileFlash::create(&path, 8192).unwrap();
        flash.write(4096, &[0x0f; 8]).unwrap();
        // Bits go from one to zero and not back.
        flash.write(4100, &[0xf3; 4]).unwrap();
        drop(flash);
        let mut flash = FileFlash::open(&path).unwrap();
        let mut bytes = [0; 12];
        flash.read(4096, &mut bytes).unwrap();
        assert_eq!(
            bytes,
            [0x0f, 0x0f, 0x0f, 0x0f, 3, 3, 3, 3, 0xff, 0xff, 0xff, 0xff]
        );
        flash.erase(4096, 8192).unwrap();
        flash.read(4096, &mut bytes).unwrap();
        assert_eq!(bytes, [0xff; 12]);
        assert_eq!(
            flash.write(8192, &[0; 4]),
            Err(FileFlashError::Call(NorFlashErrorKind::OutOfBounds))
        );
        assert_eq!(
            flash.write(2, &[0; 4]),
            Err(FileFlashError::Call(NorFlashErrorKind::NotAligned))
        );
        std::fs::remove_file(&path).unwrap();
    }
}
