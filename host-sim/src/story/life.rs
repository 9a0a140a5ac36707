//! What happened in the field.

/// A power cut in the middle of a save.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Updates computed in the field until then.
    pub update: u32,
    /// Simulated seconds since the watch was put on.
    pub seconds: f64,
    /// The trainer's step that was lost.
    pub step: u32,
    /// The step of the checkpoint that it went on from.
    pub resumed: u32,
}

/// One update in the field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Updates computed, with those that a cut made in vain.
    pub update: u32,
    /// The trainer's own count.
    pub step: u32,
    /// Simulated seconds.
    pub seconds: f64,
    /// Loss of its sample.
    pub loss: f32,
    /// Accuracy afterwards on the held-out recordings.
    pub accuracy: f32,
}

/// What happened in the field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Life {
    /// Every update.
    pub points: Vec<Point>,
    /// Every cut.
    pub cuts: Vec<Cut>,
    /// Windows that were collected, with those that a cut made in vain.
    pub windows: u32,
    /// Checkpoints that were completed.
    pub checkpoints: u32,
    /// Frames lost because the ring was full.
    pub overruns: u32,
    /// The most frames that waited in the ring.
    pub fullest: usize,
    /// Simulated seconds.
    pub seconds: f64,
}
