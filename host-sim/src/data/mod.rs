//! Data sets: those that come with the program and those read from files.

pub mod builtin;
