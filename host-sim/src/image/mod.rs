//! Files of a flash: plain bytes, Intel HEX, UF2, ELF; the frames in them; and the region that a device begins with.
//!
//! * [`Pieces`]: bytes at addresses, what all of them come down to
//! * [`hex`], [`uf2`], [`elf`]: the formats
//! * [`Image`]: a file of any of them, and its frames
//! * [`Saved`]: a state out of a frame
//! * [`region`]: a state as a region of a chip's flash

pub mod elf;
mod file;
pub mod hex;
mod pieces;
pub mod region;
mod saved;
pub mod uf2;
mod view;

pub use file::{Form, Image};
pub use pieces::{Clash, Pieces};
pub use saved::{Found, Saved};
pub use view::View;
