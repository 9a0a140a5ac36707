//! What the tests and benches share.

pub mod lab;
pub mod memory;
pub mod random_model;
pub mod watch;
