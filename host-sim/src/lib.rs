//! The simulator: board, flash, sensors, clock and power of a device, on a desktop.

pub mod data;
