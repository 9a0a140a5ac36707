//! The models whose memory is measured against the bound.

use kilograd::network::*;

pub const MLP: &[Entry] = &[dense(32), relu(), dense(10)];

pub const AUTOENCODER: &[Entry] = &[
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(8),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(128),
    batch_norm(),
    relu(),
    dense(640),
];

const fn separable(layers: &mut [Entry], at: usize, channels: u16, stride: u16) {
    let block = [
        depthwise2d([3, 3]).padding(1).stride(stride),
        batch_norm(),
        relu(),
        conv2d(channels, [1, 1]),
        batch_norm(),
        relu(),
    ];
    let mut i = 0;
    while i < 6 {
        layers[at + i] = block[i];
        i += 1;
    }
}

pub const DS_CNN: &[Entry] = &{
    let mut layers = [relu(); 29];
    layers[0] = conv2d(64, [10, 4]).stride(2).padding_by_side([5, 1]);
    layers[1] = batch_norm();
    let mut block = 0;
    while block < 4 {
        separable(&mut layers, 3 + 6 * block, 64, 1);
        block += 1;
    }
    layers[27] = global_average();
    layers[28] = dense(12);
    layers
};

pub const MOBILENET: &[Entry] = &{
    let mut layers = [relu(); 83];
    layers[0] = conv2d(8, [3, 3]).stride(2).padding(1);
    layers[1] = batch_norm();
    let widths = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
    let strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];
    let mut block = 0;
    while block < 13 {
        separable(&mut layers, 3 + 6 * block, widths[block], strides[block]);
        block += 1;
    }
    layers[81] = global_average();
    layers[82] = dense(2);
    layers
};

const fn same(channels: u16) -> Entry {
    conv2d(channels, [3, 3]).padding(1)
}

pub const RESNET: &[Entry] = &[
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
];

pub const GRU: &[Entry] = &[gru(16), last(), dense(4)];
pub const LSTM: &[Entry] = &[lstm(16), last(), dense(4)];

pub const TRANSFORMER: &[Entry] = &[
    embedding(64, 32),
    position(),
    layer_norm(),
    attention(2).causal(),
    add(3),
    layer_norm(),
    conv1d(128, 1),
    gelu(),
    conv1d(32, 1),
    add(5),
    layer_norm(),
    attention(2).causal(),
    add(3),
    layer_norm(),
    conv1d(128, 1),
    gelu(),
    conv1d(32, 1),
    add(5),
    layer_norm(),
    conv1d(64, 1),
];

/// Name, input and layers of each.
pub const ALL: [(&str, Shape, &[Entry]); 8] = [
    ("MLP 64-32-10", Shape::vector(64), MLP),
    ("autoencoder", Shape::vector(640), AUTOENCODER),
    ("DS-CNN", Shape::image(1, 49, 10), DS_CNN),
    ("ResNet-8", Shape::image(3, 32, 32), RESNET),
    ("MobileNetV1", Shape::image(3, 96, 96), MOBILENET),
    ("GRU", Shape::series(6, 50), GRU),
    ("LSTM", Shape::series(6, 50), LSTM),
    ("transformer", Shape::vector(32), TRANSFORMER),
];
