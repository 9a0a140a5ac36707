//! Evaluation: how good a model is, streaming and in bounded memory.
//!
//! Every metric is a few counters that are pushed one sample at a time. What is undefined (an accuracy of
//! nothing) is `None`, never NaN.

mod accuracy;
mod confusion;
mod gap;
mod mean_loss;

pub use accuracy::{Accuracy, argmax, predicted};
pub use confusion::{ClassError, Confusion};
pub use gap::Gap;
pub use mean_loss::MeanLoss;
