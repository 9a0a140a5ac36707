//! The models whose memory is measured against the bound.

use kilograd::network::ready::*;
use kilograd::network::*;

const fn same(channels: u16) -> Entry {
    conv2d(channels, [3, 3]).padding(1)
}

/// Residual blocks of the widths of ResNet-8, over a trunk that halves the image between them.
const RESIDUAL: Model<'static> = Model::new(
    Shape::image(3, 32, 32),
    &[
        same(16),
        batch_norm(),
        relu(),
        same(16),
        batch_norm(),
        relu(),
        same(16),
        batch_norm(),
        add(6),
        relu(),
        conv2d(32, [1, 1]).stride(2),
        same(32),
        batch_norm(),
        relu(),
        same(32),
        batch_norm(),
        add(6),
        relu(),
        conv2d(64, [1, 1]).stride(2),
        same(64),
        batch_norm(),
        relu(),
        same(64),
        batch_norm(),
        add(6),
        relu(),
        global_average(),
        dense(10),
    ],
);

/// Name and model of each.
pub const ALL: [(&str, Model<'static>); 8] = [
    ("perceptron", PERCEPTRON),
    ("autoencoder", AUTOENCODER),
    ("DS-CNN", DS_CNN),
    ("residual", RESIDUAL),
    ("MobileNetV1", MOBILENET),
    ("GRU", GRU),
    ("LSTM", LSTM),
    ("transformer", TRANSFORMER),
];
