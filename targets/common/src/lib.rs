//! What the boards share: the program, its data, its report, and the last words of a panic.
#![no_std]

mod board;
#[cfg(target_os = "none")]
pub mod chip;
pub mod data;
mod integers;
mod kinds;
pub mod motions;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod mps2;
mod program;
mod ready;
mod report;

pub use board::Recorded;
pub use program::{FLASH_BYTES, Failure, Memory, run};
pub use report::report;
