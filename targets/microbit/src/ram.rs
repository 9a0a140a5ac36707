//! Where the 16 KB are: statics at the bottom, the stack from the top, and what neither ever touched.

use core::hint::black_box;
use core::ptr;

const PAINT: u32 = 0xa5a5_5a5a;
/// Bytes left alone below the caller, for the frame of the painting code itself.
const NEAR: usize = 128;

unsafe extern "C" {
    // Their addresses are bounds, from the runtime's linker script.
    static _ram_start: u8;
    static __sheap: u32;
    static _stack_start: u32;
}

/// Bytes of RAM, by use.
pub struct Ram {
    pub total: usize,
    pub statics: usize,
    /// The deepest that the stack went.
    pub stack: usize,
    /// Painted, and still so.
    pub untouched: usize,
}

/// Paints all that lies between the statics and the stack of the caller. To be called first of all.
#[inline(never)]
pub fn paint() {
    let mut local = 0_u32;
    let top = black_box(ptr::from_mut(&mut local)).addr() - NEAR;
    let mut at = (&raw const __sheap).addr();
    while at < top {
        // SAFETY: behind the last static and below every frame; no interrupt is on.
        unsafe { ptr::write_volatile(at as *mut u32, PAINT) };
        at += 4;
    }
}

impl Ram {
    /// What has been used since [`paint`].
    pub fn used() -> Self {
        let (bottom, top) = ((&raw const __sheap).addr(), (&raw const _stack_start).addr());
        let start = (&raw const _ram_start).addr();
        let mut at = bottom;
        // SAFETY: RAM of this chip, aligned; what is read is compared and no more.
        while at < top && unsafe { ptr::read_volatile(at as *const u32) } == PAINT {
            at += 4;
        }
        Self {
            total: top - start,
            statics: bottom - start,
            stack: top - at,
            untouched: at - bottom,
        }
    }
}
