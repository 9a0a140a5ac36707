//! The layer kinds, one file each, and the dispatch over them.
//!
//! A kind is a struct with inherent functions (functions of a trait cannot be `const`, and the
//! planner runs at build time): `output`, `params`, `reads` and `room` for the planner, `forward`,
//! `backward` and, where it is taken by rows, `gradient` for the engine. To add a kind: write its
//! file, and one line in the list below.

#![expect(
    clippy::extra_unused_type_parameters,
    reason = "every kind is asked for its room in the same words"
)]

mod add;
mod attention;
mod average_pool;
mod base;
mod batch_norm;
mod beside;
mod channels;
mod channels_depthwise;
mod concat;
mod conv1d;
mod conv2d;
mod dense;
mod depthwise;
mod dropout;
mod embedding;
mod flatten;
mod global_average;
mod global_max;
mod group_norm;
mod grouped;
mod gru;
mod input;
mod last;
mod layer_norm;
mod low_rank;
mod low_rank_embedding;
mod lstm;
mod matrices;
mod max_pool;
mod pointwise;
mod pointwise_curve;
mod pointwise_with;
mod ports;
mod position;
mod recurrence;
mod reshape;
mod rms_norm;
mod rnn;
#[cfg(test)]
mod sequence_tests;
mod softmax;
#[cfg(test)]
mod spatial_case;
#[cfg(test)]
mod spatial_tests;
mod transposed;
mod upsample;
mod windowed;

pub use add::Add;
pub use attention::Attention;
pub use average_pool::AveragePool;
pub use base::Base;
pub use batch_norm::BatchNorm;
pub use beside::{ChannelsOf, LowRankOf};
pub use channels::Channels;
pub use channels_depthwise::ChannelsDepthwise;
pub use concat::Concat;
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use depthwise::Depthwise;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use global_average::GlobalAverage;
pub use global_max::GlobalMax;
pub use group_norm::GroupNorm;
pub use gru::Gru;
pub use input::Input;
pub use last::Last;
pub use layer_norm::LayerNorm;
pub use low_rank::LowRank;
pub use low_rank_embedding::LowRankEmbedding;
pub use lstm::Lstm;
pub use max_pool::MaxPool;
pub use pointwise::Pointwise;
pub use pointwise_curve::PointwiseCurve;
pub use pointwise_with::PointwiseWith;
pub use ports::{Backward, For, Forward, Gradient, InPlace, Pass, Reads, Room, Visit};
pub use position::Position;
pub use reshape::Reshape;
pub use rms_norm::RmsNorm;
pub use rnn::Rnn;
pub use softmax::Softmax;
pub use transposed::Transposed;
pub use upsample::Upsample;

use super::Shape;
use super::param::Params;
use crate::kernel::Kernel;
use crate::math::{Elu, Gelu, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh};
use crate::number::Number;

/// Declares the kinds: the enum, the constant questions of the planner, and the masked dispatch.
macro_rules! layers {
    ($($(#[$doc:meta])* $name:ident($kind:ty) = $code:literal,)*) => {
        /// One layer of a model: its kind and its own settings.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Layer {
            $($(#[$doc])* $name($kind),)*
        }

        impl Layer {
            /// The bits of all kinds in a [plan's](super::Plan) mask.
            pub const EVERY: u128 = 0 $(| 1 << $code)*;

            /// The kind's bit in a [plan's](super::Plan) mask, and its number in a fingerprint.
            pub const fn code(&self) -> u8 {
                match self { $(Self::$name(_) => $code,)* }
            }

            /// The kind's name in run files and messages.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => <$kind>::NAME,)* }
            }

            /// The name of the kind with this [code](Self::code).
            pub const fn name_of(code: u8) -> Option<&'static str> {
                match code {
                    $($code => Some(<$kind>::NAME),)*
                    _ => None,
                }
            }

            /// Whether the gradients of its matrices can be taken some rows at a time. All have rows as long as
            /// those of the first.
            pub const fn rows(&self) -> bool {
                match self { $(Self::$name(_) => <$kind>::ROWS,)* }
            }

            /// Whether the output may lie where the input was.
            pub const fn in_place(&self, input: Shape) -> InPlace {
                match self { $(Self::$name(layer) => layer.in_place(input),)* }
            }

            /// Which tensors its backward functions read.
            pub const fn reads(&self) -> Reads {
                match self { $(Self::$name(layer) => layer.reads(),)* }
            }

            /// What it needs beside input, output and parameters.
            pub const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
                match self { $(Self::$name(layer) => layer.room::<N>(input, visit),)* }
            }

            /// Shape of the output, or what is wrong with the layer.
            pub const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
                match self { $(Self::$name(layer) => layer.output(input),)* }
            }

            /// The parameter tensors.
            pub const fn params(&self, input: Shape) -> Params {
                match self { $(Self::$name(layer) => layer.params(input),)* }
            }

            /// Multiply-accumulates of a forward pass.
            pub const fn macs(&self, input: Shape) -> usize {
                match self { $(Self::$name(layer) => layer.macs(input),)* }
            }

            /// Settings beside the shapes, for the fingerprint.
            pub const fn settings(&self) -> u64 {
                match self { $(Self::$name(layer) => layer.settings(),)* }
            }

            /// Runs the layer forward. Kinds outside `USES` are not compiled in.
            #[inline]
            pub fn forward<N: Kernel, const USES: u128>(&self, ports: Forward<'_, N>) -> N::Peak {
                match self {
                    $(Self::$name(layer) if USES & N::KINDS & (1 << $code) != 0 => layer.forward(ports),)*
                    _ => N::Peak::default(),
                }
            }

            /// Computes the gradient of the layer's input, and of its parameters unless that is
            /// taken by rows.
            #[inline]
            pub fn backward<N: Kernel, const USES: u128>(&self, ports: Backward<'_, N>) -> N::Peak {
                match self {
                    $(Self::$name(layer) if USES & N::KINDS & (1 << $code) != 0 => layer.backward(ports),)*
                    _ => N::Peak::default(),
                }
            }

            /// Sums the gradient of some rows of the layer's parameters.
            #[inline]
            pub fn gradient<N: Kernel, const USES: u128>(&self, ports: Gradient<'_, N>) {
                match self {
                    $(Self::$name(layer) if <$kind>::ROWS && USES & N::KINDS & (1 << $code) != 0 => layer.gradient(ports),)*
                    _ => {}
                }
            }
        }
    };
}

layers! {
    /// Fully connected.
    Dense(Dense) = 0,
    /// Convolution over time.
    Conv1d(Conv1d) = 1,
    /// Rectifier.
    Relu(Pointwise<Relu>) = 2,
    /// Hyperbolic tangent.
    Tanh(Pointwise<Tanh>) = 3,
    /// Logistic function.
    Sigmoid(Pointwise<Sigmoid>) = 4,
    /// Mean over time or pixels.
    GlobalAverage(GlobalAverage) = 5,
    /// Sum with an earlier output.
    Add(Add) = 6,
    /// A vector for each token.
    Embedding(Embedding) = 27,
    /// A learned vector for each place.
    Position(Position) = 28,
    /// Multi-head self-attention.
    Attention(Attention) = 29,
    /// Simple recurrent layer.
    Rnn(Rnn) = 30,
    /// Gated recurrent unit.
    Gru(Gru) = 31,
    /// Long short-term memory.
    Lstm(Lstm) = 32,
    /// Rectifier with an upper bound.
    Relu6(Pointwise<Relu6>) = 7,
    /// Rectifier with a slope below 0.
    LeakyRelu(PointwiseWith<LeakyRelu>) = 8,
    /// Exponential linear unit.
    Elu(PointwiseWith<Elu>) = 9,
    /// Gaussian error linear unit.
    Gelu(PointwiseCurve<Gelu>) = 10,
    /// Sigmoid-weighted linear unit.
    Silu(PointwiseCurve<Silu>) = 11,
    /// Softmax over channels.
    Softmax(Softmax) = 12,
    /// Batch normalisation.
    BatchNorm(BatchNorm) = 22,
    /// Layer normalisation.
    LayerNorm(LayerNorm) = 23,
    /// Normalisation by the root mean square.
    RmsNorm(RmsNorm) = 24,
    /// Group and instance normalisation.
    GroupNorm(GroupNorm) = 25,
    /// Dropout.
    Dropout(Dropout) = 26,
    /// Convolution over images.
    Conv2d(Conv2d) = 13,
    /// Convolution of each channel over time.
    Depthwise1d(Depthwise<1>) = 14,
    /// Convolution of each channel over images.
    Depthwise2d(Depthwise<2>) = 15,
    /// Transposed convolution over time.
    Transposed1d(Transposed<1>) = 16,
    /// Transposed convolution over images.
    Transposed2d(Transposed<2>) = 17,
    /// Each frame or pixel several times.
    Upsample(Upsample) = 18,
    /// Largest of each window.
    MaxPool(MaxPool) = 19,
    /// Mean of each window.
    AveragePool(AveragePool) = 20,
    /// Largest over time or pixels.
    GlobalMax(GlobalMax) = 21,
    /// Last frame of a series.
    Last(Last) = 33,
    /// Join with the channels of an earlier output.
    Concat(Concat) = 34,
    /// The same elements in another shape.
    Reshape(Reshape) = 35,
    /// The same elements as one vector.
    Flatten(Flatten) = 36,
    /// Low-rank adapter over a frozen layer.
    LowRank(LowRank) = 37,
    /// Some input channels of a frozen layer learn.
    Channels(Channels) = 38,
    /// The sample, in the arena.
    Input(Input) = 39,
    /// Low-rank adapter over a frozen transposed convolution.
    LowRankTransposed(LowRank<true>) = 40,
    /// Some input channels of a frozen transposed convolution learn.
    ChannelsTransposed(Channels<true>) = 41,
    /// Low-rank adapters over a frozen simple recurrent layer.
    LowRankRnn(LowRankOf<Rnn>) = 42,
    /// Low-rank adapters over a frozen gated recurrent unit.
    LowRankGru(LowRankOf<Gru>) = 43,
    /// Low-rank adapters over a frozen long short-term memory.
    LowRankLstm(LowRankOf<Lstm>) = 44,
    /// Low-rank adapters over frozen self-attention.
    LowRankAttention(LowRankOf<Attention>) = 45,
    /// Low-rank adapter over a frozen table of tokens.
    LowRankEmbedding(LowRankEmbedding) = 46,
    /// Some input channels of a frozen simple recurrent layer learn.
    ChannelsRnn(ChannelsOf<Rnn>) = 47,
    /// Some input channels of a frozen gated recurrent unit learn.
    ChannelsGru(ChannelsOf<Gru>) = 48,
    /// Some input channels of a frozen long short-term memory learn.
    ChannelsLstm(ChannelsOf<Lstm>) = 49,
    /// Some input channels of frozen self-attention learn.
    ChannelsAttention(ChannelsOf<Attention>) = 50,
    /// The kernels of some channels of a frozen depthwise convolution over time learn.
    ChannelsDepthwise1d(ChannelsDepthwise<1>) = 51,
    /// The kernels of some channels of a frozen depthwise convolution over images learn.
    ChannelsDepthwise2d(ChannelsDepthwise<2>) = 52,
}

impl Layer {
    /// Whether it draws at random, and keeps what it drew by: when it is run again, that must still be there.
    pub(crate) const fn draws(&self) -> bool {
        matches!(self, Self::Dropout(_))
    }

    /// Whether it sets about half of its inputs to zero, so that the weights below start larger.
    pub(crate) const fn rectifies(&self) -> bool {
        matches!(self, Self::Relu(_) | Self::Relu6(_) | Self::LeakyRelu(_))
    }

    /// Tensors that the layer keeps to itself and that need a scale, in block fixed point.
    pub(crate) const fn inner(&self) -> usize {
        match self {
            Self::Rnn(_) | Self::ChannelsRnn(_) => Rnn::INNER,
            Self::Gru(_) | Self::ChannelsGru(_) => Gru::INNER,
            Self::Lstm(_) | Self::ChannelsLstm(_) => Lstm::INNER,
            Self::Attention(_) | Self::ChannelsAttention(_) => Attention::INNER,
            Self::LowRankRnn(_) => LowRankOf::<Rnn>::INNER,
            Self::LowRankGru(_) => LowRankOf::<Gru>::INNER,
            Self::LowRankLstm(_) => LowRankOf::<Lstm>::INNER,
            Self::LowRankAttention(_) => LowRankOf::<Attention>::INNER,
            Self::LowRankEmbedding(_) => LowRankEmbedding::INNER,
            Self::LowRank(_) | Self::LowRankTransposed(_) => LowRank::<false>::INNER,
            _ => 0,
        }
    }

    /// Bytes that the layer may keep instead of the output that it reads in the backward pass; 0 for most.
    pub(crate) const fn gate(&self, input: Shape) -> usize {
        match self {
            Self::Relu(layer) => layer.gate(input),
            Self::Relu6(layer) => layer.gate(input),
            _ => 0,
        }
    }

    /// How many places above the layer the earlier output is that it reads besides its input.
    pub const fn back(&self) -> Option<u8> {
        match self {
            Self::Add(layer) => Some(layer.back),
            Self::Concat(layer) => Some(layer.back),
            _ => None,
        }
    }

    /// Shape of the output of a layer that reads `earlier` besides its input.
    pub(crate) const fn joined(&self, input: Shape, earlier: Shape) -> Result<Shape, &'static str> {
        match self {
            Self::Concat(layer) => layer.joined(input, earlier),
            _ if same(input, earlier) => self.output(input),
            _ => Err("needs an earlier output of the same shape as its input"),
        }
    }
}

const fn same(a: Shape, b: Shape) -> bool {
    let mut i = 0;
    while i < 4 {
        if a.dim(i) != b.dim(i) {
            return false;
        }
        i += 1;
    }
    a.rank() == b.rank()
}

/// Most layers take no settings into the fingerprint beyond their shapes.
pub(crate) const NO_SETTINGS: u64 = 0;
