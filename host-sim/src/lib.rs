//! The simulator: board, flash, sensors, clock and power of a device, on a desktop; and the command line.
//!
//! * [`run`]: run files, which describe a model, its data and its training in TOML
//! * [`data`]: data sets from files and those that come with the program
//! * [`session`]: a run file brought to life
//! * [`report`]: learning curves, pictures, progress
//! * [`device`]: a board with clock, sensor, power and a flash that takes its time
//! * [`flash`]: a NOR flash with the faults of a real one
//! * [`chip`]: chips, and where their flash is
//! * [`image`]: files of a flash, the frames in them, and what a device is shipped with
//! * [`exchange`]: weights in and out, as PyTorch has them
//! * [`command`]: the command line
//! * [`compare`]: the same runs in several numbers, paired over seeds
//! * [`story`]: what `kilograd` does when asked for nothing in particular
//! * [`sound`]: sources, filters and features of generated sound
//! * [`complaint`]: errors that name the place and the remedy

pub mod chip;
pub mod command;
pub mod compare;
pub mod complaint;
pub mod data;
pub mod device;
pub mod exchange;
pub mod flash;
pub mod image;
pub mod report;
pub mod run;
pub mod session;
pub mod sound;
pub mod story;
