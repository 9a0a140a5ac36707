//! Models that are ready to be trained, each the `const` twin of a run file in `host-sim/runs`.
//!
//! | model | input | parameters | what it learns here |
//! |---|---|---|---|
//! | [`PERCEPTRON`] | 64 | 2,410 | handwritten digits |
//! | [`AUTOENCODER`] | 640 | 269,992 | normal sounds of machines, to find odd ones |
//! | [`DS_CNN`] | 49 × 10 × 1 | 24,908 | ten spoken words, silence, unknown words |
//! | [`MOBILENET`] | 96 × 96 × 3 | | images of ten classes |
//! | [`GRU`], [`LSTM`] | 100 × 6 | | activities from a watch's axes |
//! | [`TRANSFORMER`] | 64 tokens | | the next character of English |
//!
//! The four of MLPerf Tiny have its layers; source: Banbury et al., MLPerf Tiny benchmark, 2021. To learn from one sample
//! at a time their batch norms go by running statistics whose momentum is [`MOMENTUM`].
//!
//! A model is a value: train it whole, or take its layers and freeze some.
//!
//! ```
//! use kilograd::{engine::Training, loss::Loss, network::{PlanOf, ready::DS_CNN}, optim::Sgd};
//!
//! const PLAN: PlanOf<{ DS_CNN.len() }> = DS_CNN.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));
//! assert!(PLAN.bytes() < 600_000);
//! ```

mod autoencoder;
mod ds_cnn;
mod mobilenet;
mod perceptron;
mod recurrent;
mod transformer;

pub use autoencoder::AUTOENCODER;
pub use ds_cnn::DS_CNN;
pub use mobilenet::MOBILENET;
pub use perceptron::PERCEPTRON;
pub use recurrent::{GRU, LSTM};
pub use transformer::TRANSFORMER;

use super::{Entry, batch_norm, conv2d, depthwise2d};

/// The weight of a sample in the running statistics of the ready models: a hundred samples are remembered.
pub const MOMENTUM: f32 = 0.01;

/// A batch norm that learns from one sample at a time.
const fn norm() -> Entry {
    batch_norm().momentum(MOMENTUM)
}

/// A convolution of one pixel: a dense layer at every pixel.
const fn pointwise(channels: u16) -> Entry {
    conv2d(channels, [1, 1])
}

/// A window of 3 × 3 on each channel, which keeps the size, or halves it with a stride of 2.
const fn depthwise(stride: u16) -> Entry {
    depthwise2d([3, 3]).padding(1).stride(stride)
}
