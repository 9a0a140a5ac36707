//! The flash controller of the nRF51: pages of 1 KB, words of 4 bytes, written at most twice between erases.
//!
//! Source: Nordic, nRF51 Series Reference Manual 3.0, chapter 6, Non-Volatile Memory Controller. The CPU
//! runs from the same flash, so it stands still while a page is erased (22 ms) or a word is written (46 µs).

use core::ptr;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

const BASE: usize = 0x4001_e000;
/// 1 when the controller is ready.
const READY: *const u32 = (BASE + 0x400) as *const u32;
/// What may be done: [`READ`], [`WRITE`] or [`ERASE`].
const CONFIG: *mut u32 = (BASE + 0x504) as *mut u32;
/// Address of the page to erase.
const ERASE_PAGE: *mut u32 = (BASE + 0x508) as *mut u32;

const READ: u32 = 0;
const WRITE: u32 = 1;
const ERASE: u32 = 2;

unsafe extern "C" {
    // Their addresses are the bounds of the pages that no code lies in: `memory.x`.
    static _store_start: u8;
    static _store_end: u8;
}

/// The pages that the linker leaves to checkpoints. Offset 0 is the first of them.
pub struct Nvmc(());

/// What the driver refuses; the controller itself reports no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NvmcError {
    Outside,
    Unaligned,
}

impl Nvmc {
    /// The driver. One at a time: the program takes it once.
    pub fn take() -> Self {
        Self(())
    }

    fn base(&self) -> usize {
        (&raw const _store_start).addr()
    }

    /// Lets `work` do what `mode` allows. Nothing can be written or erased by mistake before or after.
    fn with(&mut self, mode: u32, work: impl FnOnce()) {
        // SAFETY: a register of this chip, which only this driver writes.
        unsafe { ptr::write_volatile(CONFIG, mode) };
        wait();
        work();
        wait();
        // SAFETY: as above.
        unsafe { ptr::write_volatile(CONFIG, READ) };
        wait();
    }

    /// Both ends in the region, and multiples of `unit`.
    fn check(&self, from: usize, to: usize, unit: usize) -> Result<(), NvmcError> {
        if from > to || to > self.capacity() {
            return Err(NvmcError::Outside);
        }
        if !(from | to).is_multiple_of(unit) {
            return Err(NvmcError::Unaligned);
        }
        Ok(())
    }
}

fn wait() {
    // SAFETY: a register of this chip, without side effect when read.
    while unsafe { ptr::read_volatile(READY) } & 1 == 0 {}
}

impl NorFlashError for NvmcError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Outside => NorFlashErrorKind::OutOfBounds,
            Self::Unaligned => NorFlashErrorKind::NotAligned,
        }
    }
}

impl ErrorType for Nvmc {
    type Error = NvmcError;
}

impl ReadNorFlash for Nvmc {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NvmcError> {
        let from = offset as usize;
        self.check(from, from.saturating_add(bytes.len()), Self::READ_SIZE)?;
        for (at, byte) in (self.base() + from..).zip(bytes) {
            // SAFETY: within the region, which is flash, and no reference to it exists.
            *byte = unsafe { ptr::read_volatile(at as *const u8) };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        (&raw const _store_end).addr() - self.base()
    }
}

impl NorFlash for Nvmc {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NvmcError> {
        let (from, to) = (from as usize, to as usize);
        self.check(from, to, Self::ERASE_SIZE)?;
        let base = self.base();
        for page in (base + from..base + to).step_by(Self::ERASE_SIZE) {
            // SAFETY: a register of this chip; the page is within the region, and no reference to it exists.
            self.with(ERASE, || unsafe { ptr::write_volatile(ERASE_PAGE, page as u32) });
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NvmcError> {
        let from = offset as usize;
        self.check(from, from.saturating_add(bytes.len()), Self::WRITE_SIZE)?;
        let place = self.base() + from;
        self.with(WRITE, || {
            for (at, word) in (place..).step_by(Self::WRITE_SIZE).zip(bytes.chunks_exact(4)) {
                if let Ok(word) = <[u8; 4]>::try_from(word) {
                    // SAFETY: a word of the region, and no reference to it exists.
                    unsafe { ptr::write_volatile(at as *mut u32, u32::from_le_bytes(word)) };
                    wait();
                }
            }
        });
        Ok(())
    }
}
