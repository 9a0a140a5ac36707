//! What the measured programs share: a counter of instructions, and a way to print numbers that takes
//! almost no code.
//!
//! There is no `core::fmt` here and no message in a panic, so a program's size and its list of functions
//! are those of kilograd.
#![no_std]

#[cfg(target_abi = "eabi")]
use cortex_m as _;

pub mod choice;
pub mod counter;
pub mod learn;
pub mod measure;
mod memory;
pub mod network;
pub mod print;
pub mod stack;
#[path = "../../../benches/workloads.rs"]
pub mod workloads;

/// The machine's 32 interrupts, none of them used. Without a table of the chip's own the runtime lays
/// out the largest that the architecture allows, which takes a kilobyte.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [usize; 32] = [0; 32];

/// A panic has nothing to say, so that saying it takes no code.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(false)
}

/// Ends the emulator: 0 when all went well.
pub fn exit(well: bool) -> ! {
    semihosting::process::exit(i32::from(!well))
}
