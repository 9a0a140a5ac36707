//! Checkpoints: the whole training state on flash, so that a power cut costs nothing.
//!
//! The [`Store`] streams any [`Persist`](crate::persist::Persist) state to NOR flash, one chunk in RAM at a time.
//! What it promises:
//!
//! * a save that returned `Ok` is there after any power cut;
//! * a state that the application has seen never un-happens;
//! * a save that was cut leaves the old state or the new one, never a mixture;
//! * a clean save succeeds after any history, until the part is worn out, and then the last state stays readable;
//! * an unknown or damaged image is an error. Nothing is wiped without being asked ([`Store::format`]).
//!
//! A state that ends with [`Contents`] lists its tensors, and [`Weights`] takes them into another model: a new head on an old
//! base, or another optimizer.
//!
//! The layout is specified byte by byte in `docs/formats.md`; [`Frames`] reads it for host tools.
//! Its checksums are integrity, not authenticity: they find accidents, not forgeries.

mod contents;
mod error;
mod frames;
mod layout;
mod saving;
mod store;
mod survey;
mod weights;

pub use contents::{Contents, Listed};
pub use error::{FormatError, LoadError, RegionError, SaveError};
pub use frames::{Frame, Frames, Verdict};
pub use layout::Layout;
pub use saving::Progress;
pub use store::{Loaded, Saved, Store};
pub use weights::{Taken, Weights, WeightsError};
