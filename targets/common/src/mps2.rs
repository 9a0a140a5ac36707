//! The emulator's MPS2 machines, with a Cortex-M3 or M4F: console and timer.

use crate::chip::Console;
use core::fmt;
use core::ptr;
use kilograd::train::Clock;

/// Console and CMSDK dual timer, which counts 25 MHz / 256 down.
pub struct Mps2(Console);

impl Mps2 {
    const VALUE: *const u32 = 0x4000_2004 as *const u32;
    const CONTROL: *mut u32 = 0x4000_2008 as *mut u32;
    /// Enabled, free-running, divided by 256, 32 bits.
    const RUN: u32 = 1 << 7 | 2 << 2 | 1 << 1;

    /// Opens the console and starts the timer.
    pub fn start() -> Self {
        // SAFETY: a register of this machine, written nowhere else.
        unsafe { ptr::write_volatile(Self::CONTROL, Self::RUN) };
        Self(Console::open())
    }
}

impl Clock for Mps2 {
    fn now(&self) -> u64 {
        // SAFETY: a register of this machine, without side effect when read.
        let ticks = !unsafe { ptr::read_volatile(Self::VALUE) };
        u64::from(ticks) * 256 / 25
    }
}

impl fmt::Write for Mps2 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}
