//! A run file brought to life: its model planned, its data read, its training run.

mod fit;
mod plan;
mod score;

pub use fit::{Outcome, fit};
pub use plan::{MAX_LAYERS, Network};
pub use score::{Score, score};
