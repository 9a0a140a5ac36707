//! What the boards share: the program, its data, its report, and the last words of a panic.
#![no_std]

#[cfg(target_os = "none")]
pub mod chip;
pub mod data;
mod program;
mod report;

pub use program::{FLASH_BYTES, Failure, Memory, run};
pub use report::report;
