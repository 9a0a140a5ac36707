#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

pub mod checkpoint;
pub mod collect;
pub mod evaluate;
pub mod flash;
pub mod load;
pub mod network;
pub mod number;
pub mod persist;
pub mod prepare;
