//! The simulator: board, flash, sensors, clock and power of a device, on a desktop; and the command line.

pub mod complaint;
pub mod data;
pub mod report;
pub mod run;
