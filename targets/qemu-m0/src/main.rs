//! Cortex-M0 code, where every sum of floats is a function call: on the emulator's `mps2-an385`.
#![no_std]
#![no_main]

use common::chip;
use common::data::{CHANNELS, Sensor};
use common::mps2::Mps2;
use common::{FLASH_BYTES, Memory, Recorded};
use core::fmt;
use cortex_m as _;
use kilograd::collect::Ring;
use nor::Nor;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);
static RING: ConstStaticCell<Ring<CHANNELS, 16>> = ConstStaticCell::new(Ring::new());
/// The machine has no flash to write to.
static FLASH: ConstStaticCell<[u8; FLASH_BYTES]> = ConstStaticCell::new([0; FLASH_BYTES]);

#[cortex_m_rt::entry]
fn main() -> ! {
    let machine = Mps2::start();
    let Some(sensor) = Sensor::new(RING.take().split()) else {
        chip::exit(Err(fmt::Error))
    };
    let mut board = Recorded { sensor, machine };
    chip::exit(common::run(MEMORY.take(), Nor(FLASH.take()), &mut board))
}
