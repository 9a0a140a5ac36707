//! A sensor on someone who follows a script.

use super::SimClock;
use kilograd::collect::{Frame, Source};
use std::convert::Infallible;

/// What a sensor of `C` channels is going to see, frame by frame, and what its wearer says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Script<const C: usize> {
    /// Microseconds from one frame to the next.
    pub period: u64,
    /// Raw counts, and the label that the wearer gives while it lasts.
    pub frames: Vec<([i16; C], Option<u16>)>,
}

impl<const C: usize> Script<C> {
    /// Appends one scene, `[time][channel]`. The wearer says its label when it begins and takes it back when
    /// it ends; then `pause` frames follow in which nothing moves and nothing is said.
    pub fn scene(&mut self, values: &[i16], label: u16, pause: usize) {
        let frames = values.chunks_exact(C).filter_map(<[i16]>::first_chunk);
        self.frames.extend(frames.map(|frame| (*frame, Some(label))));
        self.rest(pause);
    }

    /// Appends `count` frames in which nothing moves and nothing is said.
    pub fn rest(&mut self, count: usize) {
        let last = self.frames.last().map_or([0; C], |(last, _)| *last);
        self.frames.extend(std::iter::repeat_n((last, None), count));
    }

    /// Simulated time at which the last frame has been seen.
    pub fn end(&self) -> u64 {
        self.period * self.frames.len() as u64
    }

    /// What the wearer says at `time`.
    pub fn label(&self, time: u64) -> Option<u16> {
        self.frames.get((time / self.period) as usize)?.1
    }
}

/// A sensor that sees a [`Script`] at the times of a clock. It does not wait: frames that come while the power
/// is off are lost.
#[derive(Debug)]
pub struct Sensor<'s, const C: usize> {
    script: &'s Script<C>,
    clock: &'s SimClock,
    booted: u64,
    next: u64,
}

impl<'s, const C: usize> Sensor<'s, C> {
    /// A sensor that is switched on now.
    pub fn new(script: &'s Script<C>, clock: &'s SimClock) -> Self {
        let booted = clock.now();
        Self {
            script,
            clock,
            booted,
            next: booted.div_ceil(script.period),
        }
    }

    /// Simulated time at which it was switched on, the zero of [`Frame::at`].
    pub const fn booted(&self) -> u64 {
        self.booted
    }

    /// Simulated time of the next frame; `None` when there is none to come.
    pub fn due(&self) -> Option<u64> {
        ((self.next as usize) < self.script.frames.len()).then(|| self.next * self.script.period)
    }

    /// What the wearer says at `at` microseconds since the sensor was switched on.
    pub fn label(&self, at: u64) -> Option<u16> {
        self.script.label(self.booted + at)
    }
}

impl<const C: usize> Source<C> for Sensor<'_, C> {
    type Error = Infallible;

    fn read(&mut self) -> Result<Option<Frame<C>>, Infallible> {
        let Some(due) = self.due().filter(|due| *due <= self.clock.now()) else {
            return Ok(None);
        };
        let values = self.script.frames[self.next as usize].0;
        self.next += 1;
        Ok(Some(Frame {
            at: due - self.booted,
            values,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script<1> {
        let mut script = Script {
            period: 10,
            frames: vec![],
        };
        script.scene(&[1, 2, 3], 7, 2);
        script.scene(&[4], 8, 0);
        script
    }

    #[test]
    fn frames_come_when_they_are_due_and_those_in_the_dark_are_lost() {
        let (script, clock) = (script(), SimClock::new());
        let mut sensor = Sensor::new(&script, &clock);
        let frame = |at, value| Ok(Some(Frame { at, values: [value] }));
        assert_eq!(sensor.read(), frame(0, 1));
        assert_eq!(sensor.read(), Ok(None));
        clock.advance(10);
        assert_eq!(sensor.read(), frame(10, 2));
        // Off until 25: the frame of 20 is lost, time counts anew.
        clock.advance(15);
        let mut sensor = Sensor::new(&script, &clock);
        assert_eq!(sensor.read(), Ok(None));
        clock.advance(100);
        assert_eq!(sensor.read(), frame(5, 3));
        assert_eq!(
            (sensor.label(5), sensor.label(24), sensor.label(25)),
            (None, None, Some(8))
        );
        assert_eq!(sensor.read(), frame(15, 3));
        assert_eq!(sensor.read(), frame(25, 4));
        assert_eq!((sensor.read(), sensor.due()), (Ok(None), None));
    }
}
