//! Data loader: which sample comes next, in constant memory and exactly resumable.
//!
//! [`Samples`] is a set that can be read by index, [`Split`] divides it, [`Loader`] walks through the
//! training part in a new order each epoch. A [`Cursor`] of 16 bytes is the whole state. Indices are
//! integer arithmetic throughout: the same order on every target.

mod loader;
mod permutation;
mod samples;
mod split;
mod table;

pub use loader::{Cursor, Loader, LoaderError};
pub use permutation::Permutation;
pub use samples::{Label, Raw, Samples, SelfLabelled};
pub use split::Split;
pub use table::{Clips, SetError, Table};
