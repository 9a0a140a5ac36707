//! Adapters over frozen layers, as options of an entry.

use super::layer::{
    Attention, Base, Channels, ChannelsDepthwise, ChannelsOf, Gru, Layer, LowRank, LowRankEmbedding,
    LowRankOf, Lstm, Rnn,
};
use super::model::Part;
use super::{Entry, Init, Shape};

impl Entry {
    /// Freezes the layer and trains a [low-rank adapter](LowRank) beside each of its matrices. Set the layer's own
    /// options first.
    ///
    /// Of dense layers, convolutions and transposed ones, recurrent layers and attention
    /// ([`LowRankOf`]), and embeddings ([`LowRankEmbedding`]).
    pub const fn low_rank(mut self, rank: u16) -> Self {
        let base = tensors(&self.layer);
        self.layer = match self.layer {
            Layer::Dense(base) => low_rank(Base::Dense(base), rank),
            Layer::Conv1d(base) => low_rank(Base::Conv1d(base), rank),
            Layer::Conv2d(base) => low_rank(Base::Conv2d(base), rank),
            Layer::Transposed1d(base) => low_rank(Base::Transposed1d(base), rank),
            Layer::Transposed2d(base) => low_rank(Base::Transposed2d(base), rank),
            Layer::Rnn(base) => Layer::LowRankRnn(LowRankOf { base, rank }),
            Layer::Gru(base) => Layer::LowRankGru(LowRankOf { base, rank }),
            Layer::Lstm(base) => Layer::LowRankLstm(LowRankOf { base, rank }),
            Layer::Attention(base) => Layer::LowRankAttention(LowRankOf { base, rank }),
            Layer::Embedding(base) => Layer::LowRankEmbedding(LowRankEmbedding { base, rank }),
            other => {
                self.fault = Some(NO_MATRIX);
                other
            }
        };
        self.part = Part::Adapter(base);
        self
    }

    /// Freezes the layer but for the weights of `count` of its input [channels](Channels), from `from` on. Set
    /// the layer's own options first.
    ///
    /// Of dense layers, convolutions, depthwise ([`ChannelsDepthwise`]) and transposed ones, recurrent layers and
    /// attention ([`ChannelsOf`]).
    pub const fn channels(mut self, from: u16, count: u16) -> Self {
        let base = tensors(&self.layer);
        self.layer = match self.layer {
            Layer::Dense(base) => channels(Base::Dense(base), from, count),
            Layer::Conv1d(base) => channels(Base::Conv1d(base), from, count),
            Layer::Conv2d(base) => channels(Base::Conv2d(base), from, count),
            Layer::Transposed1d(base) => channels(Base::Transposed1d(base), from, count),
            Layer::Transposed2d(base) => channels(Base::Transposed2d(base), from, count),
            Layer::Depthwise1d(base) => Layer::ChannelsDepthwise1d(ChannelsDepthwise { base, from, count }),
            Layer::Depthwise2d(base) => Layer::ChannelsDepthwise2d(ChannelsDepthwise { base, from, count }),
            Layer::Rnn(base) => Layer::ChannelsRnn(ChannelsOf { base, from, count }),
            Layer::Gru(base) => Layer::ChannelsGru(ChannelsOf { base, from, count }),
            Layer::Lstm(base) => Layer::ChannelsLstm(ChannelsOf { base, from, count }),
            Layer::Attention(base) => Layer::ChannelsAttention(ChannelsOf { base, from, count }),
            other => {
                self.fault = Some(NO_CHANNELS);
                other
            }
        };
        self.part = Part::Adapter(base);
        // Nothing is drawn that is not frozen.
        self.init = Init::Auto;
        self
    }
}

const NO_MATRIX: &str = "has no matrix to adapt: dense, convolutions but depthwise ones, recurrent layers, attention and embeddings have";

const NO_CHANNELS: &str = "has no input channels with weights of their own: dense, convolutions, recurrent layers and attention have";

/// Parameter tensors of a layer that an adapter may stand beside.
const fn tensors(layer: &Layer) -> u8 {
    match layer {
        Layer::Embedding(_) => 1,
        Layer::Rnn(_) | Layer::Gru(_) | Layer::Lstm(_) | Layer::Attention(_) => 4,
        _ => 2,
    }
}

const fn low_rank(base: Base, rank: u16) -> Layer {
    match base {
        Base::Transposed1d(_) | Base::Transposed2d(_) => Layer::LowRankTransposed(LowRank { base, rank }),
        _ => Layer::LowRank(LowRank { base, rank }),
    }
}

const fn channels(base: Base, from: u16, count: u16) -> Layer {
    match base {
        Base::Transposed1d(_) | Base::Transposed2d(_) => {
            Layer::ChannelsTransposed(Channels { base, from, count })
        }
        _ => Layer::Channels(Channels { base, from, count }),
    }
}

/// What learns beside a matrix that stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// Two factors: `W + D U`.
    Factors {
        /// Name of `D`.
        down: &'static str,
        /// Name of `U`.
        up: &'static str,
        /// Columns of `D`.
        rank: usize,
    },
    /// Some rows of each tap, those of chosen channels: `W + V`.
    Rows {
        /// Channels of the input.
        width: usize,
        /// First of those that learn.
        from: usize,
        /// How many.
        count: usize,
        /// Elements of a row.
        outputs: usize,
    },
}

impl Layer {
    /// A bit for each parameter tensor that can have a gradient: those of an adapter's base, which come first, have none.
    pub(crate) const fn learnable(&self) -> u8 {
        let base = self.base();
        if base.code() == self.code() {
            u8::MAX
        } else {
            u8::MAX << tensors(&base)
        }
    }

    /// The layer that an adapter stands beside; the layer itself if it is none.
    pub const fn base(&self) -> Self {
        const fn of(base: &Base) -> Layer {
            match *base {
                Base::Dense(base) => Layer::Dense(base),
                Base::Conv1d(base) => Layer::Conv1d(base),
                Base::Conv2d(base) => Layer::Conv2d(base),
                Base::Transposed1d(base) => Layer::Transposed1d(base),
                Base::Transposed2d(base) => Layer::Transposed2d(base),
            }
        }
        match self {
            Self::LowRank(adapter) => of(&adapter.base),
            Self::LowRankTransposed(adapter) => of(&adapter.base),
            Self::LowRankRnn(adapter) => Self::Rnn(adapter.base),
            Self::LowRankGru(adapter) => Self::Gru(adapter.base),
            Self::LowRankLstm(adapter) => Self::Lstm(adapter.base),
            Self::LowRankAttention(adapter) => Self::Attention(adapter.base),
            Self::LowRankEmbedding(adapter) => Self::Embedding(adapter.base),
            Self::Channels(adapter) => of(&adapter.base),
            Self::ChannelsTransposed(adapter) => of(&adapter.base),
            Self::ChannelsDepthwise1d(adapter) => Self::Depthwise1d(adapter.base),
            Self::ChannelsDepthwise2d(adapter) => Self::Depthwise2d(adapter.base),
            Self::ChannelsRnn(adapter) => Self::Rnn(adapter.base),
            Self::ChannelsGru(adapter) => Self::Gru(adapter.base),
            Self::ChannelsLstm(adapter) => Self::Lstm(adapter.base),
            Self::ChannelsAttention(adapter) => Self::Attention(adapter.base),
            _ => *self,
        }
    }

    /// What learns beside the matrix `name` of an adapter's base; `None` if there is no adapter, or no such matrix.
    pub fn beside(&self, input: Shape, name: &str) -> Option<Beside> {
        let weight = name == "weight";
        let factors = |names: Option<[&'static str; 2]>, rank: u16| {
            let [down, up] = names?;
            let rank = rank.into();
            Some(Beside::Factors { down, up, rank })
        };
        // Of a pair of matrices.
        let pair = |names: [[&'static str; 2]; 2], matrices: [&str; 2]| {
            let at = matrices.iter().position(|matrix| *matrix == name)?;
            names.get(at).copied()
        };
        let (recurrent, attention) = (["input_weight", "state_weight"], ["in_weight", "out_weight"]);
        let plain = weight.then_some(["down", "up"]);
        // Rows are as long as those of the adapter's own tensor.
        let rows = |width: usize, from: u16, count: u16, depthwise: bool| {
            let specs = self.params(input);
            let last = specs.get(specs.len().checked_sub(1)?)?.shape;
            Some(Beside::Rows {
                width,
                from: from.into(),
                count: count.into(),
                outputs: if depthwise { 1 } else { last.channels() },
            })
        };
        let of_pair = |matrices: [&str; 2], from: u16, count: u16| match matrices {
            [first, _] if first == name => rows(input.channels(), from, count, false),
            [_, second] if second == name => Some(Beside::Nothing),
            _ => None,
        };
        match self {
            Self::LowRank(layer) => factors(plain, layer.rank),
            Self::LowRankTransposed(layer) => factors(plain, layer.rank),
            Self::LowRankEmbedding(layer) => factors(plain, layer.rank),
            Self::LowRankRnn(layer) => factors(pair(LowRankOf::<Rnn>::NAMES, recurrent), layer.rank),
            Self::LowRankGru(layer) => factors(pair(LowRankOf::<Gru>::NAMES, recurrent), layer.rank),
            Self::LowRankLstm(layer) => factors(pair(LowRankOf::<Lstm>::NAMES, recurrent), layer.rank),
            Self::LowRankAttention(layer) => {
                factors(pair(LowRankOf::<Attention>::NAMES, attention), layer.rank)
            }
            Self::Channels(l) if weight => rows(l.width(input), l.from, l.count, false),
            Self::ChannelsTransposed(l) if weight => rows(l.width(input), l.from, l.count, false),
            Self::ChannelsDepthwise1d(l) if weight => rows(input.channels(), l.from, l.count, true),
            Self::ChannelsDepthwise2d(l) if weight => rows(input.channels(), l.from, l.count, true),
            Self::ChannelsRnn(l) => of_pair(recurrent, l.from, l.count),
            Self::ChannelsGru(l) => of_pair(recurrent, l.from, l.count),
            Self::ChannelsLstm(l) => of_pair(recurrent, l.from, l.count),
            Self::ChannelsAttention(l) => of_pair(attention, l.from, l.count),
            _ => None,
        }
    }
}
