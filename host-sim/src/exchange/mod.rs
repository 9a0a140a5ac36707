//! Weights in and out: safetensors with the names and layouts of PyTorch, and the tensors of any checkpoint.
//!
//! * [`safetensors`]: the file format
//! * [`torch`]: what a layer's tensors are called in PyTorch, and how they lie there
//! * [`model`]: a trainer's tensors under those names, both ways
//! * [`fill`]: the weights of a checkpoint into a trainer

mod fill;
pub mod model;
mod restore;
pub mod safetensors;
pub mod torch;

pub use fill::{explain, fill, values};
pub use restore::Checkpoint;
