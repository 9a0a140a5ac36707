//! A run file brought to life: its model planned, its data read, its training run.

mod plan;

pub use plan::{MAX_LAYERS, Network};
