//! What a plan depends on beside the model and the number.

use crate::loss::Loss;

/// What a plan depends on beside the model and the number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// There is a backward pass and an update.
    pub train: bool,
    /// Values of optimizer state per parameter.
    pub state_slots: usize,
    /// The optimizer's number in the fingerprint.
    pub optimizer: u8,
    /// The loss.
    pub loss: Loss,
    /// Samples per update.
    pub batch: u16,
    /// Bound on the gradient's norm, as the bits of an `f32`; 0 for none.
    pub clip: u32,
    /// Bound on each element of the gradient, as the bits of an `f32`; 0 for none.
    pub clip_value: u32,
    /// The update may be fused into the backward pass.
    pub fuse: bool,
    /// The optimizer has a loop that takes the gradient of a dense layer as a product.
    pub outer: bool,
    /// Frozen weights lie in flash as bytes.
    pub frozen_bytes: bool,
    /// Terms that one sum of the number can have.
    pub terms: u32,
    /// Layer kinds and losses that the number can run.
    pub kinds: u128,
}
