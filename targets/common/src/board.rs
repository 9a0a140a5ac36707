//! A board whose sensor is the recorded slice: all that differs between machines is clock and output.

use crate::data::{CHANNELS, Sensor};
use core::fmt::{self, Write};
use kilograd::app::Board;
use kilograd::collect::Frame;
use kilograd::train::{Clock, Event};

/// The recorded slice on a machine that has a clock and can print.
pub struct Recorded<'a, M> {
    /// The slice, behind its ring.
    pub sensor: Sensor<'a>,
    /// Clock and output.
    pub machine: M,
}

impl<M: Clock> Clock for Recorded<'_, M> {
    fn now(&self) -> u64 {
        self.machine.now()
    }
}

impl<M: Write> Write for Recorded<'_, M> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.machine.write_str(text)
    }
}

impl<M: Clock + Write> Board<CHANNELS> for Recorded<'_, M> {
    fn frame(&mut self) -> Option<Frame<CHANNELS>> {
        self.sensor.frame()
    }

    fn lost(&self) -> u16 {
        self.sensor.lost()
    }

    fn label(&mut self, at: u64) -> Option<u16> {
        self.sensor.label(at)
    }

    fn ended(&self) -> bool {
        self.sensor.ended()
    }

    fn rewind(&mut self, frames: u64) -> bool {
        self.sensor.rewind(frames)
    }

    fn report(&mut self, event: &Event) {
        // A closed output stops the program at its next line.
        let _ = crate::report(self, event);
    }
}
