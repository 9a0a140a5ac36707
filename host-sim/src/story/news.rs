//! What the story tells while it happens.

use super::Point;

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News<'a> {
    /// The factory begins to train.
    Begin {
        /// Its recordings.
        base: usize,
    },
    /// The factory has trained for an epoch.
    Epoch {
        /// Epochs done.
        epoch: u32,
        /// Epochs to do.
        of: u32,
        /// Mean loss.
        loss: f32,
    },
    /// The device has its first checkpoint.
    Shipped {
        /// Accuracy on the held-out recordings.
        accuracy: f32,
        /// Their number.
        held_out: usize,
        /// Updates behind it.
        steps: u32,
    },
    /// The watch is worn turned around.
    Turned {
        /// Accuracy on the held-out recordings, turned as well.
        accuracy: f32,
    },
    /// A window came, and the device has learned from its pool.
    Learned {
        /// Simulated seconds.
        seconds: f64,
        /// Windows so far.
        windows: u32,
        /// What the window shows.
        class: &'a str,
        /// The last update.
        point: Option<&'a Point>,
    },
    /// The power is gone.
    Cut {
        /// Simulated seconds.
        seconds: f64,
        /// Where the trainer stood.
        step: u32,
    },
    /// The device has booted and goes on.
    Resumed {
        /// Simulated seconds.
        seconds: f64,
        /// Where the trainer stands.
        step: u32,
    },
    /// Frames were lost.
    Overrun {
        /// How many since power on.
        frames: u32,
    },
}
