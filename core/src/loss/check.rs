//! What a plan asks of a loss: settings that make sense, an output that it can judge, a fingerprint.

use super::Loss;
use crate::number::Shape;
use crate::persist::Fingerprint;

const fn positive(value: f32) -> bool {
    value > 0.0 && value.is_finite()
}

impl Loss {
    /// What is wrong with the loss for a model with that output, and what would be right.
    pub(crate) const fn fault(self, output: Shape) -> Option<&'static str> {
        match self {
            Self::CrossEntropy
            | Self::MeanSquaredError
            | Self::BinaryCrossEntropy
            | Self::MeanAbsoluteError => None,
            Self::WeightedCrossEntropy { smoothing, weights } => {
                if !(smoothing >= 0.0 && smoothing <= 1.0) {
                    return Some("needs a smoothing from 0 to 1");
                }
                if !weights.is_empty() && weights.len() != output.len() {
                    return Some("needs one weight for each output of the model, or none");
                }
                let mut i = 0;
                while i < weights.len() {
                    if !(weights[i] >= 0.0 && weights[i].is_finite()) {
                        return Some("needs weights of 0 or more");
                    }
                    i += 1;
                }
                None
            }
            Self::Huber { delta } if !positive(delta) => Some("needs a delta above 0"),
            Self::Pair { margin } | Self::Triplet { margin } if !positive(margin) => {
                Some("needs a margin above 0")
            }
            Self::InfoNce { temperature } if !positive(temperature) => Some("needs a temperature above 0"),
            Self::NextToken if output.rank() != 2 => {
                Some("needs a series of logits as the model's output: [frames][tokens]")
            }
            _ => None,
        }
    }

    /// Mixes in the settings. A loss without any adds nothing, so the marks of plans that were
    /// made before losses had settings stay.
    pub(crate) const fn mix(self, digest: Fingerprint) -> Fingerprint {
        match self {
            Self::CrossEntropy
            | Self::MeanSquaredError
            | Self::BinaryCrossEntropy
            | Self::MeanAbsoluteError
            | Self::NextToken => digest,
            Self::WeightedCrossEntropy { smoothing, weights } => {
                let mut digest = digest
                    .number(smoothing.to_bits() as u64)
                    .number(weights.len() as u64);
                let mut i = 0;
                while i < weights.len() {
                    digest = digest.number(weights[i].to_bits() as u64);
                    i += 1;
                }
                digest
            }
            Self::Huber { delta: setting }
            | Self::Pair { margin: setting }
            | Self::Triplet { margin: setting }
            | Self::InfoNce { temperature: setting } => digest.number(setting.to_bits() as u64),
        }
    }
}
