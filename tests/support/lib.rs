//! What the tests and benches share.

pub mod chi_square;
pub mod lab;
