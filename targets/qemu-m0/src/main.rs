//! Cortex-M0 code, where every sum of floats is a function call: on the emulator's `mps2-an385`.
#![no_std]
#![no_main]

use common::chip::{self, Console};
use common::data::{CHANNELS, Sensor};
use common::{FLASH_BYTES, Memory};
use core::fmt;
use core::ptr;
use cortex_m as _;
use kilograd::app::Board;
use kilograd::collect::{Frame, Ring};
use kilograd::train::{Clock, Event};
use nor::Nor;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);
static RING: ConstStaticCell<Ring<CHANNELS, 16>> = ConstStaticCell::new(Ring::new());
/// The machine has no flash to write to.
static FLASH: ConstStaticCell<[u8; FLASH_BYTES]> = ConstStaticCell::new([0; FLASH_BYTES]);

struct Mps2<'a> {
    sensor: Sensor<'a>,
    console: Console,
    timer: Timer,
}

/// The CMSDK dual timer, counting 25 MHz / 256 down.
struct Timer(());

impl Timer {
    const VALUE: *const u32 = 0x4000_2004 as *const u32;
    const CONTROL: *mut u32 = 0x4000_2008 as *mut u32;
    /// Enabled, free-running, divided by 256, 32 bits.
    const RUN: u32 = 1 << 7 | 2 << 2 | 1 << 1;

    fn start() -> Self {
        // SAFETY: a register of this machine, written nowhere else.
        unsafe { ptr::write_volatile(Self::CONTROL, Self::RUN) };
        Self(())
    }

    fn ticks(&self) -> u32 {
        // SAFETY: a register of this machine, without side effect when read.
        !unsafe { ptr::read_volatile(Self::VALUE) }
    }
}

impl Clock for Mps2<'_> {
    fn now(&self) -> u64 {
        u64::from(self.timer.ticks()) * 256 / 25
    }
}

impl Board<CHANNELS> for Mps2<'_> {
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

impl fmt::Write for Mps2<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        fmt::Write::write_str(&mut self.console, text)
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let console = Console::open();
    let Some(sensor) = Sensor::new(RING.take().split()) else {
        chip::exit(Err(fmt::Error))
    };
    let mut board = Mps2 {
        sensor,
        console,
        timer: Timer::start(),
    };
    chip::exit(common::run(MEMORY.take(), Nor(FLASH.take()), &mut board))
}
