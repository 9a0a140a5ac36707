//! The engine: runs a planned model forward, backward and through its update, in one arena.

mod adopt;
mod arena;
mod backward;
mod forward;
mod frozen;
mod health;
mod merge;
mod pass;
mod planning;
mod sample;
mod state;
mod stored;
mod trainer;
mod update;
mod work;

pub(crate) use state::COUNTERS;

pub use arena::{Arena, NewError};
pub use health::Health;
pub use planning::{Clip, Training};
pub use sample::Inside;
pub use trainer::{Bytes, Parameter, ParameterMut, Trainer};
pub use update::Update;
