//! The boards' program on this machine: what every chip must print too.

use common::data::{CHANNELS, Sensor};
use common::{FLASH_BYTES, Failure, Memory};
use kilograd::app::Board;
use kilograd::collect::{Frame, Ring};
use kilograd::train::{Clock, Event};
use nor::Nor;
use std::fmt;
use std::time::Instant;

struct Host<'a> {
    sensor: Sensor<'a>,
    start: Instant,
}

impl Clock for Host<'_> {
    fn now(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }
}

impl Board<CHANNELS> for Host<'_> {
    fn frame(&mut self) -> Option<Frame<CHANNELS>> {
        self.sensor.frame()
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
        let _ = common::report(self, event);
    }
}

impl fmt::Write for Host<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let mut ring = Ring::<CHANNELS, 16>::new();
    let mut flash = vec![0; FLASH_BYTES];
    let mut board = Host {
        sensor: Sensor::new(ring.split()).ok_or(fmt::Error)?,
        start: Instant::now(),
    };
    let mut memory = Memory::ZERO;
    common::run(&mut memory, Nor(&mut flash), &mut board)
}
