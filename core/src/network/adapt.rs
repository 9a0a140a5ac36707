//! Adapters over frozen layers, as options of an entry.

use super::layer::{Base, Channels, Layer, LowRank};
use super::model::Part;
use super::{Entry, Init};

impl Entry {
    /// Freezes the layer and trains a [low-rank adapter](LowRank) beside it. Set the layer's own options first.
    pub const fn low_rank(mut self, rank: u16) -> Self {
        match base(self.layer) {
            Some(base) => self.layer = Layer::LowRank(LowRank { base, rank }),
            None => self.fault = Some(NO_MATRIX),
        }
        self.part = Part::Adapter;
        self
    }

    /// Freezes the layer but for the weights of `count` of its input [channels](Channels), from `from` on. Set
    /// the layer's own options first.
    pub const fn channels(mut self, from: u16, count: u16) -> Self {
        match base(self.layer) {
            Some(base) => self.layer = Layer::Channels(Channels { base, from, count }),
            None => self.fault = Some(NO_MATRIX),
        }
        self.part = Part::Adapter;
        // Nothing is drawn that is not frozen.
        self.init = Init::Auto;
        self
    }
}

const NO_MATRIX: &str = "has no matrix to adapt: only dense, conv1d and conv2d have one";

const fn base(layer: Layer) -> Option<Base> {
    match layer {
        Layer::Dense(layer) => Some(Base::Dense(layer)),
        Layer::Conv1d(layer) => Some(Base::Conv1d(layer)),
        Layer::Conv2d(layer) => Some(Base::Conv2d(layer)),
        _ => None,
    }
}
