//! What block fixed point can run: a bit per layer kind and per loss.

use crate::kernel::LOSSES;

/// Those of matrix products: dense, conv1d, conv2d.
pub(super) const PRODUCTS: u128 = 1 | 1 << 1 | 1 << 13;
/// Functions of one variable: relu, tanh, sigmoid, relu6, leaky relu, elu, gelu, silu.
pub(super) const POINTWISE: u128 = 0b111 << 2 | 0b1_1111 << 7;
/// Windows, means, joins and shapes: global average, add, depthwise, transposed, upsample, pools, global max, last, concat,
/// reshape, flatten.
pub(super) const SPATIAL: u128 = 1 << 5 | 1 << 6 | 0xff << 14 | 0xf << 33;
/// Softmax, normalisation by batch, layer, root mean square and group, dropout.
pub(super) const NORMAL: u128 = 1 << 12 | 0b1_1111 << 22;
/// Embedding, position, attention, rnn, gru, lstm, last.
pub(super) const SEQUENCE: u128 = 0b111_1111 << 27;
/// Adapters: low rank and channels of dense layers and convolutions, of transposed ones, recurrent layers, attention and
/// embeddings, and channels of depthwise convolutions.
pub(super) const ADAPTERS: u128 = 0b11 << 37 | 0x1fff << 40;
/// All losses.
pub(super) const JUDGE: u128 = 0x3ff << LOSSES;
