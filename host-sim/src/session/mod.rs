//! A run file brought to life: its model planned, its data read, its training run.

mod auc;
mod baseline;
mod built;
mod file_flash;
mod fit;
pub(crate) mod keep;
mod plan;
mod samples;
mod score;
mod warm;

pub use auc::auc;
pub use baseline::{Baseline, baseline};
pub use built::{AnyTrainer, with_trainer};
pub use file_flash::{FileFlash, FileFlashError};
pub(crate) use fit::largest;
pub use fit::{Options, Outcome, Raised, Watch, fit};
pub use plan::{MAX_LAYERS, Network};
pub use samples::Encoded;
pub use score::{Measure, Score, score};
pub use warm::{Source, Warm};
