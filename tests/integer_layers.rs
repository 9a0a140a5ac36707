//! Promise: every kind of layer that integers can run computes and learns what it does in f32.
//!
//! A model around the layer starts alike in both numbers and sees the same samples. Output, gradients tensor by
//! tensor, and the loss of each of 50 steps are compared.

#[path = "integer_layers/adapters.rs"]
mod adapters;
#[path = "integer_layers/harness.rs"]
mod harness;
#[path = "integer_layers/normal.rs"]
mod normal;
#[path = "integer_layers/sequence.rs"]
mod sequence;
#[path = "integer_layers/spatial.rs"]
mod spatial;
