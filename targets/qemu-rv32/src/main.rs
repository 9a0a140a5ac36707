#![no_std]
#![no_main]

use common::chip;
use riscv as _;

#[riscv_rt::entry]
fn main() -> ! {
    chip::exit(common::run(&mut chip::Console::open()))
}
