//! What block fixed point can run: a bit per layer kind and per loss.

use crate::kernel::LOSSES;

/// Those of matrix products: dense, conv1d, conv2d.
pub(super) const PRODUCTS: u128 = 1 | 1 << 1 | 1 << 13;
/// Those that work element by element: relu.
pub(super) const POINTWISE: u128 = 1 << 2;
/// Pooling, joins and shapes: global average, add, upsample, last, concat, reshape, flatten.
pub(super) const SPATIAL: u128 = 1 << 5 | 1 << 6 | 1 << 18 | 1 << 33 | 1 << 34 | 1 << 35 | 1 << 36;
/// Normalisation, dropout, softmax.
pub(super) const NORMAL: u128 = 0;
/// Embedding, position, attention, rnn, gru, lstm, last.
pub(super) const SEQUENCE: u128 = 0b111_1111 << 27;
/// Cross-entropy and squared error.
pub(super) const JUDGE: u128 = 0b11 << LOSSES;
