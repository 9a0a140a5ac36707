//! What happens during training, as values.

use crate::number::Scalar;
use serde::{Deserialize, Serialize};

/// Something that an observer may want to know.
///
/// Figures are `f32` whatever the number trained in. On a wire an event is postcard in a COBS frame
/// (`docs/formats.md`); with the feature `defmt` it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// Parameters were updated.
    Step {
        /// Updates so far.
        step: u32,
        /// Mean loss of the samples behind this update.
        loss: f32,
        /// Norm of their averaged gradient, before clipping.
        norm: f32,
    },
    /// An epoch ended, and the held-out samples were scored.
    Epoch {
        /// Epochs so far.
        epoch: u32,
        /// Mean loss over the training samples of the epoch, as they were learned. A sample whose loss is
        /// not finite does not count; NaN if none is left.
        loss: f32,
        /// Mean loss over the held-out samples; `None` if there are none.
        validation: Option<f32>,
        /// Share of the held-out samples classified right; `None` if there are none, or no classes.
        accuracy: Option<f32>,
    },
    /// A labelled window of frames was collected.
    Window {
        /// Its class.
        class: u16,
        /// Windows in the pool now.
        pooled: u16,
    },
    /// A checkpoint is on flash.
    Saved {
        /// Updates behind it.
        step: u32,
        /// Its number.
        sequence: u64,
    },
    /// Something is wrong; training goes on.
    Alarm(Alarm),
    /// Training ended.
    Stopped(Stop),
    /// How large the gradient of one layer was in the last update. See [`Fit::tell_norms`](super::Fit::tell_norms).
    Norm {
        /// The layer, from 0.
        layer: u16,
        /// Norm of its gradient as the optimizer got it.
        norm: f32,
    },
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Alarm {
    /// A loss or gradient was infinite or NaN. The update was dropped, the parameters are as they were.
    NotFinite {
        /// Updates so far.
        step: u32,
    },
    /// Frames were lost, because the ring was full.
    Overrun {
        /// Frames lost so far.
        frames: u32,
    },
    /// The sensor did not answer; its frames are missing, and the window begins anew.
    Sensor,
    /// Many values of a layer did not fit the number and were limited to its largest. See [`Limits`](super::Limits).
    Saturated {
        /// The layer, from 0.
        layer: u16,
        /// How many of a thousand values of its output and of its output's gradient, since the last look.
        share: u16,
    },
    /// Many updates of a layer's parameters were too small for the number and moved nothing.
    Stalled {
        /// The layer, from 0.
        layer: u16,
        /// How many of a thousand updates of its parameters, since the last look.
        share: u16,
    },
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stop {
    /// All epochs are done.
    Epochs,
    /// The monitored loss has not improved for as many epochs as was allowed.
    Patience,
    /// There is no training sample.
    NoSamples,
    /// A sample's label does not fit the loss: a class where values are needed, or a class that the
    /// model has no output for.
    Label,
}

/// A figure to report. Machines differ in the bits of NaN, so it is always the same one.
pub(super) fn figure(value: impl Scalar) -> f32 {
    let value = value.to_f32();
    if value.is_nan() { f32::NAN } else { value }
}
