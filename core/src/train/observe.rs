//! Observers: who is told of events.

use super::Event;
use embedded_io::Write;

/// Someone who is told of events.
pub trait Observer {
    /// Takes note of `event`.
    fn on(&mut self, event: &Event);
}

impl<F: FnMut(&Event)> Observer for F {
    fn on(&mut self, event: &Event) {
        self(event);
    }
}

/// Logs events with defmt: alarms as warnings, steps at debug level, all others as information.
#[cfg(feature = "defmt")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Log;

#[cfg(feature = "defmt")]
impl Observer for Log {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Alarm(alarm) => defmt::warn!("{}", alarm),
            Event::Step { .. } => defmt::debug!("{}", event),
            _ => defmt::info!("{}", event),
        }
    }
}

/// Sends events over a byte stream, each as postcard in one COBS frame that ends with a zero byte.
///
/// A reader that joins in the middle is in step at the next zero. Events that the stream does not
/// take are counted and dropped: training does not wait for a cable. The part of one that was taken is
/// closed by a zero before the next event, which is not lost with it.
#[derive(Debug)]
pub struct Telemetry<W> {
    stream: W,
    dropped: u32,
    /// The last event may have been taken in part.
    torn: bool,
}

/// The longest event on the wire.
const FRAME: usize = 40;

impl<W: Write> Telemetry<W> {
    /// Sends over `stream`.
    pub const fn new(stream: W) -> Self {
        Self {
            stream,
            dropped: 0,
            torn: false,
        }
    }

    /// Events that the stream did not take whole.
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Gives the stream back.
    pub fn release(self) -> W {
        self.stream
    }
}

impl<W: Write> Observer for Telemetry<W> {
    fn on(&mut self, event: &Event) {
        let mut frame = [0; FRAME];
        let sent = match postcard::to_slice_cobs(event, &mut frame) {
            Ok(bytes) => {
                let closed = !self.torn || self.stream.write_all(&[0]).is_ok();
                self.torn = !(closed && self.stream.write_all(bytes).is_ok());
                !self.torn
            }
            Err(_) => false,
        };
        if !sent {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// The event in one COBS frame, with or without its closing zero; `None` if it is none. The frame is
/// decoded where it lies.
pub fn decode(frame: &mut [u8]) -> Option<Event> {
    postcard::from_bytes_cobs(frame).ok()
}
