//! What a run leaves behind: curves, pictures, a summary; and what it shows while it works.

mod arena;
mod curves;
pub mod plot;
mod progress;
mod say;

pub use arena::{ArenaPicture, Piece};
pub use curves::{Curves, Point};
pub use progress::Progress;
pub(crate) use say::say;
