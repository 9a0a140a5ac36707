//! The boards' program on this machine: what every chip must print too.

use common::data::{CHANNELS, Sensor};
use common::{FLASH_BYTES, Failure, Memory, Recorded};
use kilograd::collect::Ring;
use kilograd::train::Clock;
use nor::Nor;
use std::fmt;
use std::time::Instant;

struct Host(Instant);

impl Clock for Host {
    fn now(&self) -> u64 {
        self.0.elapsed().as_micros() as u64
    }
}

impl fmt::Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let mut ring = Ring::<CHANNELS, 16>::new();
    let mut flash = vec![0; FLASH_BYTES];
    let mut board = Recorded {
        sensor: Sensor::new(ring.split()).ok_or(fmt::Error)?,
        machine: Host(Instant::now()),
    };
    let mut memory = Memory::ZERO;
    common::run(&mut memory, Nor(&mut flash), &mut board)
}
