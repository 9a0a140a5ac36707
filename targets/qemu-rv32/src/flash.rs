//! The machine's NOR flash: two 16-bit Intel chips side by side, each command given to both at once.
//!
//! Source: Common Flash Interface, Intel command set (JEP137); addresses and sizes are those of the
//! emulator's `virt` machine.

use core::ptr;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Where the second of the two flash devices lies. The machine starts from the first.
const BASE: usize = 0x2200_0000;
const BYTES: usize = 3 * Cfi::ERASE_SIZE;
/// Bytes programmed at once, aligned; the device's own buffer is larger.
const BUFFER: usize = 256;

/// A command for both chips.
const fn both(command: u16) -> u32 {
    (command as u32) << 16 | command as u32
}

const READ_ARRAY: u32 = both(0xff);
const READ_STATUS: u32 = both(0x70);
const CLEAR_STATUS: u32 = both(0x50);
const ERASE: u32 = both(0x20);
const CONFIRM: u32 = both(0xd0);
const PROGRAM: u32 = both(0xe8);
/// Ready; any other bit is an error.
const READY: u32 = both(0x80);

/// The flash.
pub struct Cfi(());

/// What the controller, or the driver, refuses.
#[derive(Debug, Clone, Copy)]
pub enum CfiError {
    Outside,
    Unaligned,
    Refused,
}

impl Cfi {
    /// The driver. One at a time: the program takes it once.
    pub fn take() -> Self {
        Self(())
    }

    fn word(&self, offset: usize) -> *mut u32 {
        (BASE + offset) as *mut u32
    }

    /// Erases the block at `offset`.
    fn erase_block(&mut self, offset: usize) -> Result<(), CfiError> {
        self.put(offset, CLEAR_STATUS);
        self.put(offset, ERASE);
        self.put(offset, CONFIRM);
        self.finish(offset)
    }

    /// Programs words within one buffer.
    fn program(&mut self, offset: usize, words: &[u8]) -> Result<(), CfiError> {
        self.put(offset, CLEAR_STATUS);
        self.put(offset, PROGRAM);
        self.put(offset, both((words.len() / 4 - 1) as u16));
        for (at, word) in (offset..).step_by(4).zip(words.chunks_exact(4)) {
            if let Ok(word) = <[u8; 4]>::try_from(word) {
                self.put(at, u32::from_le_bytes(word));
            }
        }
        self.put(offset, CONFIRM);
        self.finish(offset)
    }

    /// Waits for both chips, and goes back to reading.
    fn finish(&mut self, offset: usize) -> Result<(), CfiError> {
        self.put(offset, READ_STATUS);
        let status = loop {
            // SAFETY: within the device, which only this driver uses.
            let status = unsafe { ptr::read_volatile(self.word(offset)) };
            if status & READY == READY {
                break status;
            }
        };
        self.put(offset, READ_ARRAY);
        if status == READY {
            Ok(())
        } else {
            Err(CfiError::Refused)
        }
    }

    fn put(&mut self, offset: usize, value: u32) {
        // SAFETY: within the device, which only this driver uses.
        unsafe { ptr::write_volatile(self.word(offset), value) };
    }
}

impl NorFlashError for CfiError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Outside => NorFlashErrorKind::OutOfBounds,
            Self::Unaligned => NorFlashErrorKind::NotAligned,
            Self::Refused => NorFlashErrorKind::Other,
        }
    }
}

impl ErrorType for Cfi {
    type Error = CfiError;
}

impl ReadNorFlash for Cfi {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), CfiError> {
        let from = offset as usize;
        if from.checked_add(bytes.len()).is_none_or(|to| to > BYTES) {
            return Err(CfiError::Outside);
        }
        for (at, byte) in (from..).zip(bytes) {
            // SAFETY: within the device, which is in the state of reading.
            *byte = unsafe { ptr::read_volatile((BASE + at) as *const u8) };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl NorFlash for Cfi {
    const WRITE_SIZE: usize = 4;
    /// A block of 128 KB in each chip.
    const ERASE_SIZE: usize = 256 * 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), CfiError> {
        let (from, to) = (from as usize, to as usize);
        if !(from | to).is_multiple_of(Self::ERASE_SIZE) {
            return Err(CfiError::Unaligned);
        }
        if from > to || to > BYTES {
            return Err(CfiError::Outside);
        }
        for block in (from..to).step_by(Self::ERASE_SIZE) {
            self.erase_block(block)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), CfiError> {
        let from = offset as usize;
        if !(from | bytes.len()).is_multiple_of(Self::WRITE_SIZE) {
            return Err(CfiError::Unaligned);
        }
        if from.checked_add(bytes.len()).is_none_or(|to| to > BYTES) {
            return Err(CfiError::Outside);
        }
        let mut at = from;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = BUFFER - at % BUFFER;
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.program(at, now)?;
            at += now.len();
            rest = later;
        }
        Ok(())
    }
}
