//! The board that the application runs on.

use super::{Sensor, SimClock};
use kilograd::app::Board;
use kilograd::collect::{Drain, Feeder, Frame};
use kilograd::train::{Alarm, Clock, Event};

/// What the processor's work costs in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// Microseconds for one training step.
    pub step: u64,
}

/// A simulated board with a sensor of `C` channels.
///
/// The interrupt that feeds the ring is simulated where it matters: before the application looks into the
/// ring, every frame that became due since then has been pushed, or was an overrun.
pub struct SimBoard<'s, 'r, const C: usize> {
    sensor: Sensor<'s, C>,
    clock: &'s SimClock,
    feeder: Feeder<'r, C>,
    drain: Drain<'r, C>,
    costs: Costs,
    overruns: u32,
    fullest: usize,
    log: Vec<Event>,
}

impl<'s, 'r, const C: usize> SimBoard<'s, 'r, C> {
    /// A board that is switched on.
    pub fn new(
        sensor: Sensor<'s, C>,
        clock: &'s SimClock,
        (feeder, drain): (Feeder<'r, C>, Drain<'r, C>),
        costs: Costs,
    ) -> Self {
        Self {
            sensor,
            clock,
            feeder,
            drain,
            costs,
            overruns: 0,
            fullest: 0,
            log: vec![],
        }
    }

    /// The interrupts until now.
    fn interrupt(&mut self) {
        while let Ok(true) = self.feeder.pull(&mut self.sensor) {}
        self.fullest = self.fullest.max(self.drain.len());
        if self.drain.overruns() > self.overruns {
            self.overruns = self.drain.overruns();
            let frames = self.overruns;
            self.log.push(Event::Alarm(Alarm::Overrun { frames }));
        }
    }

    /// Sleeps until the sensor wakes it; `false` when it never will.
    pub fn sleep(&mut self) -> bool {
        let due = self.sensor.due();
        if let Some(due) = due {
            self.clock.sleep_until(due);
        }
        due.is_some()
    }

    /// Frames lost because the ring was full.
    pub const fn overruns(&self) -> u32 {
        self.overruns
    }

    /// The most frames that waited in the ring.
    pub const fn fullest(&self) -> usize {
        self.fullest
    }

    /// What was reported since the last call.
    pub fn reported(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.log)
    }
}

impl<const C: usize> Clock for SimBoard<'_, '_, C> {
    fn now(&self) -> u64 {
        self.clock.now() - self.sensor.booted()
    }
}

impl<const C: usize> Board<C> for SimBoard<'_, '_, C> {
    fn frame(&mut self) -> Option<Frame<C>> {
        self.interrupt();
        self.drain.pop()
    }

    fn lost(&self) -> u16 {
        self.drain.lost()
    }

    fn label(&mut self, at: u64) -> Option<u16> {
        self.sensor.label(at)
    }

    /// A wrist does not end.
    fn ended(&self) -> bool {
        false
    }

    /// Nor does it go back.
    fn rewind(&mut self, _frames: u64) -> bool {
        false
    }

    fn report(&mut self, event: &Event) {
        if let Event::Step { .. } = event {
            self.clock.advance(self.costs.step);
        }
        self.log.push(*event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Script;
    use super::*;
    use kilograd::collect::Ring;

    #[test]
    fn frames_that_come_while_it_works_wait_in_the_ring_and_overrun_it() {
        let mut script = Script {
            period: 10,
            frames: vec![],
        };
        script.scene(&[1, 2, 3, 4, 5, 6, 7, 8], 0, 0);
        let (clock, mut ring) = (SimClock::new(), Ring::<1, 4>::new());
        let sensor = Sensor::new(&script, &clock);
        let mut board = SimBoard::new(sensor, &clock, ring.split(), Costs { step: 25 });
        let value = |board: &mut SimBoard<'_, '_, 1>| board.frame().map(|frame| frame.values[0]);
        let step = Event::Step {
            step: 1,
            loss: 0.0,
            norm: 0.0,
        };
        assert_eq!(value(&mut board), Some(1));
        assert_eq!(value(&mut board), None);
        board.report(&step);
        assert_eq!((value(&mut board), value(&mut board)), (Some(2), Some(3)));
        assert_eq!((value(&mut board), board.overruns(), board.now()), (None, 0, 25));
        // At 75 the frames of 30 to 70 are due; three find room.
        board.report(&step);
        board.report(&step);
        assert_eq!(
            (value(&mut board), board.overruns(), board.fullest()),
            (Some(4), 2, 3)
        );
        let alarm = Event::Alarm(Alarm::Overrun { frames: 2 });
        assert_eq!(board.reported(), [step, step, step, alarm]);
        assert_eq!((value(&mut board), value(&mut board)), (Some(5), Some(6)));
        assert_eq!((value(&mut board), board.sleep()), (None, false));
    }
}
