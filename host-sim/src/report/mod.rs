//! What a run leaves behind: curves, pictures, a summary; and what it shows while it works.

mod curves;
pub mod plot;
mod progress;
mod say;

pub use curves::{Curves, Point};
pub use progress::Progress;
pub(crate) use say::say;
