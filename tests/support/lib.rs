//! What the tests and benches share.

pub mod chi_square;
pub mod curves;
pub mod differences;
pub mod golden;
pub mod lab;
pub mod learner;
pub mod memory;
pub mod problem;
pub mod random_loss;
pub mod random_model;
pub mod real;
pub mod small;
pub mod watch;
