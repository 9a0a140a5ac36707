//! A flash that keeps the program waiting.

use super::SimClock;
use crate::flash::{FaultFlash, FlashError, Part};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A [`FaultFlash`] on a board: while it programs or erases, time passes.
///
/// Most parts with flash on the chip stop the processor meanwhile. Timers and the bus to the sensor go on.
#[derive(Debug)]
pub struct TimedFlash<'c, P> {
    chip: FaultFlash<P>,
    clock: &'c SimClock,
}

impl<'c, P: Part> TimedFlash<'c, P> {
    /// `chip` on the board of `clock`.
    pub const fn new(chip: FaultFlash<P>, clock: &'c SimClock) -> Self {
        Self { chip, clock }
    }

    /// The flash itself.
    pub const fn chip(&self) -> &FaultFlash<P> {
        &self.chip
    }

    /// The flash itself, to cut its power and to give it back.
    pub const fn chip_mut(&mut self) -> &mut FaultFlash<P> {
        &mut self.chip
    }

    fn timed<R>(&mut self, act: impl FnOnce(&mut FaultFlash<P>) -> R) -> R {
        let before = self.chip.counters().micros;
        let done = act(&mut self.chip);
        self.clock.advance(self.chip.counters().micros - before);
        done
    }
}

impl<P> ErrorType for TimedFlash<'_, P> {
    type Error = FlashError;
}

impl<P: Part> ReadNorFlash for TimedFlash<'_, P> {
    const READ_SIZE: usize = P::READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.chip.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.chip.capacity()
    }
}

impl<P: Part> NorFlash for TimedFlash<'_, P> {
    const WRITE_SIZE: usize = P::WRITE;
    const ERASE_SIZE: usize = P::ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.timed(|chip| chip.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.timed(|chip| chip.write(offset, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::Nrf52;

    #[test]
    fn programming_and_erasing_take_the_times_of_the_data_sheet() {
        let clock = SimClock::new();
        let mut flash = TimedFlash::new(FaultFlash::<Nrf52>::new(4096, 1), &clock);
        flash.write(0, &[0; 40]).unwrap();
        assert_eq!(clock.now(), 10 * Nrf52::PROGRAM_US);
        flash.erase(0, 4096).unwrap();
        assert_eq!(clock.now(), 10 * Nrf52::PROGRAM_US + Nrf52::ERASE_US);
        flash.read(0, &mut [0; 4]).unwrap();
        assert_eq!(clock.now(), 10 * Nrf52::PROGRAM_US + Nrf52::ERASE_US);
    }
}
