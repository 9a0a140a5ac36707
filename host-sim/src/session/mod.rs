//! A run file brought to life: its model planned, its data read, its training run.

mod file_flash;
mod fit;
mod keep;
mod plan;
mod score;

pub use file_flash::{FileFlash, FileFlashError};
pub use fit::{Options, Outcome, Watch, fit};
pub use plan::{MAX_LAYERS, Network};
pub use score::{Score, score};
