//! Models that are ready to be trained, each the `const` twin of a run file in `host-sim/runs`.
//!
//! | model | input | parameters | what it learns here |
//! |---|---|---|---|
//! | [`PERCEPTRON`] | 64 | 2,410 | handwritten digits |
//! | [`AUTOENCODER`] | 640 | 269,992 | normal sounds of machines, to find odd ones |
//! | [`DS_CNN`], [`DS_CNN_GROUPS`] | 49 × 10 × 1 | 24,908, 23,756 | ten spoken words, silence, unknown words |
//! | [`MOBILENET`], [`MOBILENET_GROUPS`] | 96 × 96 × 3 | 223,850, 218,378 | digits as large images |
//! | [`RESNET8`], [`RESNET8_GROUPS`] | 32 × 32 × 3 | 78,666, 78,186 | digits as images |
//! | [`GRU`], [`LSTM`] | 100 × 6 | 2,404, 3,172 | activities from a watch's axes |
//! | [`TRANSFORMER`] | 64 tokens | 29,990 | the next character of English |
//!
//! Those of MLPerf Tiny have its layers; source: Banbury et al., MLPerf Tiny benchmark, 2021. A batch norm that learns from one
//! sample at a time goes by running statistics, as constants (here with [`MOMENTUM`]), and a deep network of these learns
//! slowly: [`MOBILENET`] tells 22 % of the test digits apart after three epochs, and 95 % with group norms in their place. So
//! the convolutional ones stand here twice: as published, to be fine-tuned over frozen or folded norms, and with
//! `_GROUPS` to learn from nothing. Source of the exchange: Wu and He, Group normalization, 2018.
//!
//! A model is a value: train it whole, or take its layers and freeze some.
//!
//! ```
//! use kilograd::{engine::Training, loss::Loss, network::{PlanOf, ready::DS_CNN}, optim::Sgd};
//!
//! const PLAN: PlanOf<{ DS_CNN.len() }> = DS_CNN.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));
//! assert!(PLAN.bytes() < 900_000);
//! ```

mod autoencoder;
mod ds_cnn;
mod mobilenet;
mod perceptron;
mod recurrent;
mod resnet;
mod transformer;

pub use autoencoder::AUTOENCODER;
pub use ds_cnn::{DS_CNN, DS_CNN_GROUPS};
pub use mobilenet::{MOBILENET, MOBILENET_GROUPS};
pub use perceptron::PERCEPTRON;
pub use recurrent::{GRU, LSTM};
pub use resnet::{RESNET8, RESNET8_GROUPS};
pub use transformer::TRANSFORMER;

use super::{Entry, batch_norm, conv2d, depthwise2d, group_norm};

/// The weight of a sample in the running statistics of the ready models: a hundred samples are remembered.
pub const MOMENTUM: f32 = 0.01;

/// Groups of the ready models' group norms.
pub const GROUPS: u16 = 4;

/// A batch norm that learns from one sample at a time.
const fn batches() -> Entry {
    batch_norm().momentum(MOMENTUM)
}

const fn groups() -> Entry {
    group_norm(GROUPS)
}

/// A convolution of one pixel: a dense layer at every pixel.
const fn pointwise(channels: u16) -> Entry {
    conv2d(channels, [1, 1])
}

/// A window of 3 × 3 on each channel, which keeps the size, or halves it with a stride of 2.
const fn depthwise(stride: u16) -> Entry {
    depthwise2d([3, 3]).padding(1).stride(stride)
}
