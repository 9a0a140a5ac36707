//! The data that every board learns from: a slice of BasicMotions, embedded in flash.
//!
//! Cut at build time out of the whole set.

use crate::motions;
use kilograd::collect::{Drain, Feeder, Frame, Recording};

pub use crate::motions::{CHANNELS, CLASSES, LENGTH, WIDTH};

/// Recordings in the slice: two of each activity, in turns.
pub const RECORDINGS: usize = 2 * CLASSES;

/// Frames come at 10 Hz.
const PERIOD: u64 = 100_000;

static VALUES: [i16; RECORDINGS * WIDTH] = values();

/// Index in the file of recording `index` of the slice.
const fn place(index: usize) -> usize {
    let class = (index % CLASSES) as u8;
    let mut before = index / CLASSES;
    let mut at = 0;
    loop {
        if motions::class(at) == class {
            if before == 0 {
                return at;
            }
            before -= 1;
        }
        at += 1;
    }
}

const fn values() -> [i16; RECORDINGS * WIDTH] {
    let mut values = [0; RECORDINGS * WIDTH];
    let mut index = 0;
    while index < RECORDINGS {
        let from = place(index);
        let mut i = 0;
        while i < WIDTH {
            values[index * WIDTH + i] = motions::value(from, i);
            i += 1;
        }
        index += 1;
    }
    values
}

/// Every value of the slice, `[recording][time][axis]`.
pub fn all() -> &'static [i16] {
    &VALUES
}

/// The slice as a sensor behind its ring: what a driver and an interrupt are on a board with a sensor.
pub struct Sensor<'a> {
    recording: Recording<'static, CHANNELS>,
    feeder: Feeder<'a, CHANNELS>,
    drain: Drain<'a, CHANNELS>,
}

impl<'a> Sensor<'a> {
    /// The sensor, at its first frame.
    pub fn new((feeder, drain): (Feeder<'a, CHANNELS>, Drain<'a, CHANNELS>)) -> Option<Self> {
        Some(Self {
            recording: Recording::new(&VALUES, PERIOD).ok()?,
            feeder,
            drain,
        })
    }

    /// The next frame, through the ring.
    pub fn frame(&mut self) -> Option<Frame<CHANNELS>> {
        let Ok(_) = self.feeder.pull(&mut self.recording);
        self.drain.pop()
    }

    /// Frames lost directly before the last one.
    pub fn lost(&self) -> u16 {
        self.drain.lost()
    }

    /// The activity at a frame's time.
    pub fn label(&self, at: u64) -> Option<u16> {
        let recording = at / (PERIOD * LENGTH as u64);
        (recording < RECORDINGS as u64).then_some((recording % CLASSES as u64) as u16)
    }

    /// Whether every frame has been taken.
    pub fn ended(&self) -> bool {
        self.recording.remaining() == 0 && self.drain.is_empty()
    }

    /// Goes back to just behind the first `frames` frames.
    pub fn rewind(&mut self, frames: u64) -> bool {
        while self.drain.pop().is_some() {}
        self.recording.seek(frames as usize);
        frames <= (RECORDINGS * LENGTH) as u64
    }
}
