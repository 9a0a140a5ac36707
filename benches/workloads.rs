//! The networks that are measured, on a desktop and on a chip. `no_std`: the chip's programs include this file.

use kilograd::network::{Model, Shape, conv1d, dense, global_average, relu};

/// MLP 64-32-10, ReLU; trained on softmax cross-entropy.
pub const W1: Model = Model::new(Shape::vector(64), &[dense(32), relu(), dense(10)]);

/// Autoencoder 128-64-16-64-128, ReLU; trained on mean squared error.
pub const W2: Model = Model::new(
    Shape::vector(128),
    &[
        dense(64),
        relu(),
        dense(16),
        relu(),
        dense(64),
        relu(),
        dense(128),
    ],
);

/// 6x100: conv1d k5 8ch s2, ReLU, conv1d k5 16ch s2, ReLU, global average, dense 4; trained on softmax
/// cross-entropy.
pub const W4: Model = Model::new(
    Shape::series(6, 100),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(4),
    ],
);
