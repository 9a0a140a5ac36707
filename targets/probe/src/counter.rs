//! Counts instructions with the board's dual timer.
//!
//! Under `-icount shift=0` the emulator's clock moves on by 1 ns per instruction, and this CMSDK timer
//! counts it down at 25 MHz: one tick is 40 instructions.

use core::ptr;

/// Instructions per tick.
pub const TICK: u32 = 40;

/// Base address of the CMSDK dual timer; its first timer is enough.
const TIMER: usize = 0x4000_2000;
const LOAD: *mut u32 = TIMER as *mut u32;
const VALUE: *const u32 = (TIMER + 4) as *const u32;
const CONTROL: *mut u32 = (TIMER + 8) as *mut u32;
/// Enabled, free-running, no interrupt, no prescaler, 32 bits.
const FREE_RUNNING: u32 = 1 << 7 | 1 << 1;

/// Starts the timer from its top.
pub fn start() {
    // SAFETY: the addresses are registers of this machine, and this is the only code that writes them.
    unsafe {
        ptr::write_volatile(CONTROL, 0);
        ptr::write_volatile(LOAD, u32::MAX);
        ptr::write_volatile(CONTROL, FREE_RUNNING);
    }
}

fn now() -> u32 {
    // SAFETY: a register of this machine, without side effect when read.
    unsafe { ptr::read_volatile(VALUE) }
}

/// Ticks that pass while `work` runs.
pub fn ticks(work: impl FnOnce()) -> u32 {
    let before = now();
    work();
    before.wrapping_sub(now())
}

/// A loop of two instructions per turn, to check the counter against.
#[inline(never)]
pub fn known_loop(turns: u32) {
    // SAFETY: counts a register down and touches nothing else.
    unsafe {
        core::arch::asm!("1: subs {turns}, {turns}, #1", "bne 1b", turns = inout(reg) turns => _, options(nomem, nostack));
    }
}
