#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

pub mod app;
pub mod checkpoint;
pub mod collect;
pub mod engine;
pub mod evaluate;
pub mod flash;
pub mod kernel;
pub mod load;
pub mod loss;
pub mod math;
pub mod network;
pub mod number;
pub mod optim;
pub mod persist;
pub mod prepare;
pub mod train;
