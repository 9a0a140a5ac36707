//! RV32IMAC without a floating-point unit, with a real flash controller: the emulator's `virt`.
#![no_std]
#![no_main]

mod flash;

use common::chip::{self, Console};
use common::data::{CHANNELS, Sensor};
use common::{Memory, Recorded};
use core::fmt;
use core::ptr;
use kilograd::collect::Ring;
use kilograd::train::Clock;
use riscv as _;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);
static RING: ConstStaticCell<Ring<CHANNELS, 16>> = ConstStaticCell::new(Ring::new());

struct Virt(Console);

impl Clock for Virt {
    fn now(&self) -> u64 {
        /// `mtime`, which counts 10 MHz up.
        const TIME: *const u32 = 0x0200_bff8 as *const u32;
        // SAFETY: the registers of this machine's clock, without side effect when read.
        let read = |word: usize| u64::from(unsafe { ptr::read_volatile(TIME.wrapping_add(word)) });
        // The upper half may move on between the two reads.
        loop {
            let (high, low) = (read(1), read(0));
            if high == read(1) {
                return (high << 32 | low) / 10;
            }
        }
    }
}

impl fmt::Write for Virt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

#[riscv_rt::entry]
fn main() -> ! {
    let machine = Virt(Console::open());
    let Some(sensor) = Sensor::new(RING.take().split()) else {
        chip::exit(Err(fmt::Error))
    };
    let mut board = Recorded { sensor, machine };
    chip::exit(common::run(MEMORY.take(), flash::Cfi::take(), &mut board))
}
