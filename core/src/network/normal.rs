//! Entries of normalisation and of functions of one variable.

use super::Entry;
use super::layer::{
    BatchNorm, Dropout, GroupNorm, Layer, LayerNorm, Pointwise, PointwiseCurve, PointwiseWith, RmsNorm,
    Softmax,
};

impl Entry {
    /// Learns by each sample's own mean and variance: an option of [`batch_norm`].
    pub const fn per_sample(mut self) -> Self {
        match &mut self.layer {
            Layer::BatchNorm(layer) => layer.per_sample = true,
            _ => self.fault = Some("has no statistics per sample: only a batch norm has them"),
        }
        self
    }

    /// The weight of a sample in the running statistics of a [`batch_norm`]; 0.1 unless set.
    pub const fn momentum(mut self, momentum: f32) -> Self {
        match &mut self.layer {
            Layer::BatchNorm(layer) => layer.momentum = momentum,
            _ => self.fault = Some("has no momentum: only a batch norm has one"),
        }
        self
    }
}

/// `min(max(x, 0), 6)`
pub const fn relu6() -> Entry {
    Entry::of(Layer::Relu6(Pointwise::new()))
}

/// `x` above 0, `slope · x` below
pub const fn leaky_relu(slope: f32) -> Entry {
    Entry::of(Layer::LeakyRelu(PointwiseWith::new(slope)))
}

/// `x` above 0, `alpha (e^x − 1)` below
pub const fn elu(alpha: f32) -> Entry {
    Entry::of(Layer::Elu(PointwiseWith::new(alpha)))
}

/// `x Φ(x)`, with the normal distribution `Φ`
pub const fn gelu() -> Entry {
    Entry::of(Layer::Gelu(PointwiseCurve::new()))
}

/// `x / (1 + e^−x)`
pub const fn silu() -> Entry {
    Entry::of(Layer::Silu(PointwiseCurve::new()))
}

/// [Softmax] over the channels of each position.
pub const fn softmax() -> Entry {
    Entry::of(Layer::Softmax(Softmax))
}

/// [Batch normalisation](BatchNorm) by running statistics, or [`per_sample`](Entry::per_sample).
pub const fn batch_norm() -> Entry {
    Entry::of(Layer::BatchNorm(BatchNorm {
        per_sample: false,
        momentum: 0.1,
    }))
}

/// [Layer normalisation](LayerNorm) over the channels of each position.
pub const fn layer_norm() -> Entry {
    Entry::of(Layer::LayerNorm(LayerNorm))
}

/// [Normalisation](RmsNorm) by the root mean square of the channels of each position.
pub const fn rms_norm() -> Entry {
    Entry::of(Layer::RmsNorm(RmsNorm))
}

/// [Group normalisation](GroupNorm): the channels in `groups` groups, each over all positions.
pub const fn group_norm(groups: u16) -> Entry {
    Entry::of(Layer::GroupNorm(GroupNorm { groups: Some(groups) }))
}

/// [Instance normalisation](GroupNorm): each channel over all positions.
pub const fn instance_norm() -> Entry {
    Entry::of(Layer::GroupNorm(GroupNorm { groups: None }))
}

/// [Dropout](Dropout) of this share of the elements.
pub const fn dropout(rate: f32) -> Entry {
    Entry::of(Layer::Dropout(Dropout { rate }))
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
