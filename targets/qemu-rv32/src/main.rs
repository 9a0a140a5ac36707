//! RV32IMAC without a floating-point unit, with a real flash controller: the emulator's `virt`.
#![no_std]
#![no_main]

mod flash;

use common::Memory;
use common::chip::{self, Console};
use common::data::{CHANNELS, Sensor};
use core::fmt;
use core::ptr;
use kilograd::app::Board;
use kilograd::collect::{Frame, Ring};
use kilograd::train::{Clock, Event};
use riscv as _;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);
static RING: ConstStaticCell<Ring<CHANNELS, 16>> = ConstStaticCell::new(Ring::new());

struct Virt<'a> {
    sensor: Sensor<'a>,
    console: Console,
}

impl Clock for Virt<'_> {
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

impl Board<CHANNELS> for Virt<'_> {
    fn frame(&mut self) -> Option<Frame<CHANNELS>> {
        self.sensor.frame()
    }

    fn label(&mut self, at: u64) -> Option<u16> {
        self.sensor.label(at)
    }

    fn ended(&self) -> bool {
        self.sensor.ended()
    }

    fn rewind(&mut self, frames: u64) -> bool {
        self.sensor.rewind(frames)
    }

    fn report(&mut self, event: &Event) {
        // A closed output stops the program at its next line.
        let _ = common::report(self, event);
    }
}

impl fmt::Write for Virt<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        fmt::Write::write_str(&mut self.console, text)
    }
}

#[riscv_rt::entry]
fn main() -> ! {
    let console = Console::open();
    let Some(sensor) = Sensor::new(RING.take().split()) else {
        chip::exit(Err(fmt::Error))
    };
    let mut board = Virt { sensor, console };
    chip::exit(common::run(MEMORY.take(), flash::Cfi::take(), &mut board))
}
