//! How deep the stack goes: paint what lies below, run, look how far the paint is gone.

use core::hint::black_box;
use core::ptr;

const PAINT: u32 = 0xA5A5_5A5A;
/// Words painted: 16 KB.
const WORDS: usize = 4096;
/// Words left alone, for the frames of the painting code itself.
const NEAR: usize = 64;

/// Paints the free stack. Call it, and [`used`], from the same function.
#[inline(never)]
pub fn paint() {
    let here = here();
    for word in NEAR..WORDS {
        // SAFETY: free stack of this machine: it grows down from the top of 4 MB of RAM, no interrupt is on.
        unsafe { ptr::write_volatile(here.wrapping_sub(word), PAINT) };
    }
}

/// Bytes of stack used since [`paint`], by the functions called from there.
#[inline(never)]
pub fn used() -> u32 {
    let here = here();
    let mut word = WORDS - 1;
    // SAFETY: as in `paint`.
    while word > NEAR && unsafe { ptr::read_volatile(here.wrapping_sub(word)) } == PAINT {
        word -= 1;
    }
    4 * word as u32
}

/// The caller's place on the stack, to a few words.
#[inline(always)]
fn here() -> *mut u32 {
    let mut local = 0_u32;
    black_box(ptr::from_mut(&mut local))
}
