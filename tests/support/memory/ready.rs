//! The models whose memory is measured against the bound.

use kilograd::network::ready::*;
use kilograd::network::*;

/// Name and model of each.
pub const ALL: [(&str, Model<'static>); 8] = [
    ("perceptron", PERCEPTRON),
    ("autoencoder", AUTOENCODER),
    ("DS-CNN", DS_CNN),
    ("ResNet-8", RESNET8),
    ("MobileNetV1", MOBILENET),
    ("GRU", GRU),
    ("LSTM", LSTM),
    ("transformer", TRANSFORMER),
];
