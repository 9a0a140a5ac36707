//! What block fixed point can run: a bit per layer kind and per loss.

use crate::kernel::LOSSES;

/// Those of matrix products: dense.
pub(super) const PRODUCTS: u128 = 1;
/// Those that work element by element: relu.
pub(super) const POINTWISE: u128 = 1 << 2;
/// Convolution and pooling.
pub(super) const SPATIAL: u128 = 0;
/// Normalisation, dropout, softmax.
pub(super) const NORMAL: u128 = 0;
/// Look-up, recurrent layers and attention.
pub(super) const SEQUENCE: u128 = 0;
/// Cross-entropy and squared error.
pub(super) const JUDGE: u128 = 0b11 << LOSSES;
