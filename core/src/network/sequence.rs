//! Builders of the kinds that read a sequence.

use super::Entry;
use super::layer::{Attention, Embedding, Gru, Layer, Lstm, Position, Rnn};

impl Entry {
    /// Hides from each frame of an [`Attention`] layer the frames that come after it.
    pub const fn causal(mut self) -> Self {
        match &mut self.layer {
            Layer::Attention(layer) => layer.causal = true,
            _ => self.fault = Some("cannot be causal: only attention can"),
        }
        self
    }
}

/// An [`Embedding`] of tokens `0..vocabulary` as vectors of `width`.
pub const fn embedding(vocabulary: u16, width: u16) -> Entry {
    Entry::of(Layer::Embedding(Embedding { vocabulary, width }))
}

/// A learned vector added at each [`Position`].
pub const fn position() -> Entry {
    Entry::of(Layer::Position(Position))
}

/// Self-[`Attention`] with `heads` heads.
pub const fn attention(heads: u16) -> Entry {
    Entry::of(Layer::Attention(Attention { heads, causal: false }))
}

/// A simple recurrent layer ([`Rnn`]) with a state of `hidden`.
pub const fn rnn(hidden: u16) -> Entry {
    Entry::of(Layer::Rnn(Rnn { hidden }))
}

/// A [`Gru`] layer with a state of `hidden`.
pub const fn gru(hidden: u16) -> Entry {
    Entry::of(Layer::Gru(Gru { hidden }))
}

/// An [`Lstm`] layer with a state of `hidden`.
pub const fn lstm(hidden: u16) -> Entry {
    Entry::of(Layer::Lstm(Lstm { hidden }))
}
