//! Twins of the [loops](super::blocks) for chips with a hardware floating-point unit, in assembly.
//!
//! Compilers load one float at a time there. Here a block comes with one `VLDM`, and the sums of a
//! block stay in registers. `VMLA` and `VMLS` round the product before the sum, as Rust's `+` and `*`
//! do, so the bits are those of the plain loops; the fused `VFMA` would not give them.
//!
//! Safety, for every block below: the assembly reads and writes through pointers taken from slices
//! or arrays, over a count of elements that was cut to their lengths before. It touches no stack
//! (but where it says so), and every register that it changes is declared: the float registers as pairs, `d0` for `s0` and `s1`,
//! so that the compiler saves those that a caller relies on.
#![allow(unsafe_code)]

mod fused;
mod integers;
mod products;
mod projection;
mod squares;
mod sums;
mod update;

pub(super) use fused::momentum_outer;
pub(super) use integers::add_eight;
pub(super) use products::outer;
pub(super) use projection::project;
pub(super) use squares::square_sum;
pub(super) use sums::combine;
pub(super) use update::{adam, descend, momentum};
