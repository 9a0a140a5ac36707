//! A character transformer.

use crate::network::{Model, Shape, add, attention, conv1d, embedding, gelu, layer_norm, position};

/// 64 characters of a text of 38 kinds, as vectors of 32 with learned positions, through two blocks of causal attention
/// with 2 heads and a perceptron of 128, normalised before each, to the logits of each next character:
/// 29,990 parameters.
///
/// A [`conv1d`] with a kernel of 1 is a dense layer at every frame. Loss: [`NextToken`](crate::loss::Loss).
///
/// Run file: `transformer.toml`. Sources: Vaswani et al., Attention is all you need, 2017; Xiong et al., On layer
/// normalization in the transformer architecture, 2020.
pub const TRANSFORMER: Model<'static> = Model::new(
    Shape::vector(64),
    &[
        embedding(38, 32),
        position(),
        // A block: each frame looks at those before it, then thinks by itself.
        layer_norm(),
        attention(2).causal(),
        add(3),
        layer_norm(),
        conv1d(128, 1),
        gelu(),
        conv1d(32, 1),
        add(5),
        // The other block.
        layer_norm(),
        attention(2).causal(),
        add(3),
        layer_norm(),
        conv1d(128, 1),
        gelu(),
        conv1d(32, 1),
        add(5),
        layer_norm(),
        conv1d(38, 1),
    ],
);
