//! What the application asks of its surroundings.

use crate::collect::Frame;
use crate::train::{Clock, Event};

/// What the application needs of the hardware besides flash: a sensor of `C` channels behind a ring,
/// a source of labels, a clock, and somewhere to report to.
pub trait Board<const C: usize>: Clock {
    /// The next frame, in the order of time; `None` if there is none yet.
    fn frame(&mut self) -> Option<Frame<C>>;

    /// Frames that were lost directly before the one last taken, because the ring was full
    /// ([`Drain::lost`](crate::collect::Drain::lost)). No window spans them, whatever their time stamps say.
    fn lost(&self) -> u16;

    /// What was going on at time `at` (of a frame), if anyone has said so.
    fn label(&mut self, at: u64) -> Option<u16>;

    /// Whether no frame will ever come again: a recording ends, a sensor does not.
    fn ended(&self) -> bool;

    /// Goes back to just behind the first `frames` frames, and says whether that was possible: it is
    /// for a recording, not for a sensor.
    fn rewind(&mut self, frames: u64) -> bool;

    /// Takes note of an event.
    fn report(&mut self, event: &Event);
}

/// How the application learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Windows in the pool before learning begins.
    pub least_windows: u16,
    /// Epochs over the pool after each window.
    pub epochs_per_window: u32,
    /// Updates between checkpoints; 0 for one at the end only.
    pub save_every: u32,
}
