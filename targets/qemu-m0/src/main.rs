#![no_std]
#![no_main]

use common::chip;
use cortex_m as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    chip::exit(common::run(&mut chip::Console::open()))
}
