//! The training loop: epochs, validation, early stopping and checkpoints, in time slices.

mod event;
mod fit;
mod observe;
mod progress;

pub use event::{Alarm, Event, Stop};
pub use fit::{Clock, Fit, Keeper};
#[cfg(feature = "defmt")]
pub use observe::Log;
pub use observe::{Observer, Telemetry, decode};
pub use progress::{Goals, Limits, Progress, State};
