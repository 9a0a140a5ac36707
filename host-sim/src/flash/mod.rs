//! A NOR flash with the faults of real ones: words cut half-way, bits that never settle, units that wear out.
//!
//! The faults live here and not in the tests: code under test sees a
//! [`NorFlash`](embedded_storage::nor_flash::NorFlash) and nothing else. Everything is deterministic from a seed,
//! and a [`FaultFlash`] can be cloned, so a test can branch at any point.

mod error;
mod fault;
mod part;
mod torn;

pub use error::FlashError;
pub use fault::{Counters, FaultFlash, Wear};
pub use part::{Cell, Microbit, Nrf52, Part, Rp2040, Rules, Samd21, Stm32f4, Stm32h7, Stm32l4, Stm32u5};
pub use torn::Torn;

#[cfg(test)]
mod tests;
