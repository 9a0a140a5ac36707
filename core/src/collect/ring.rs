//! The way from an interrupt to the main loop.

use super::{Frame, Source};
use core::sync::atomic::{AtomicU32, Ordering};
use heapless::spsc::{Consumer, Producer, Queue};

/// A frame in the queue, with what was lost before it. The count fills what would be padding.
#[derive(Debug, Clone, Copy)]
struct Slot<const C: usize> {
    at: u64,
    values: [i16; C],
    lost: u16,
}

/// A lock-free queue of frames between one producer and one consumer; it holds `N - 1` frames.
///
/// When it is full, the newest frame is dropped and counted: the consumer sees how many were lost
/// and where ([`Drain::lost`]). Atomic loads and stores only, so it needs no compare-and-swap and
/// works on a Cortex-M0. All zero at the start: as a `static` it costs RAM but no flash.
///
/// ```
/// use kilograd::collect::{Frame, Ring};
///
/// let mut ring = Ring::<3, 64>::new();            // in firmware: a static cell
/// let (mut feeder, mut drain) = ring.split();     // one half to the interrupt, one to the main loop
/// feeder.push(Frame { at: 10, values: [1, 2, 3] });
/// assert_eq!(drain.pop(), Some(Frame { at: 10, values: [1, 2, 3] }));
/// assert_eq!(drain.overruns(), 0);
/// ```
pub struct Ring<const C: usize, const N: usize> {
    queue: Queue<Slot<C>, N>,
    overruns: AtomicU32,
    /// Frames dropped since the last one that found room.
    lost: u16,
}

impl<const C: usize, const N: usize> Ring<C, N> {
    /// An empty ring.
    pub const fn new() -> Self {
        Self {
            queue: Queue::new(),
            overruns: AtomicU32::new(0),
            lost: 0,
        }
    }

    /// The two ends. What is in the ring stays there when they are dropped and taken again.
    pub fn split(&mut self) -> (Feeder<'_, C>, Drain<'_, C>) {
        let (producer, consumer) = self.queue.split();
        (
            Feeder {
                queue: producer,
                overruns: &self.overruns,
                lost: &mut self.lost,
            },
            Drain {
                queue: consumer,
                overruns: &self.overruns,
                lost: 0,
            },
        )
    }
}

impl<const C: usize, const N: usize> Default for Ring<C, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The producer's end of a [`Ring`]: constant time, no lock, fit for an interrupt.
pub struct Feeder<'a, const C: usize> {
    queue: Producer<'a, Slot<C>>,
    overruns: &'a AtomicU32,
    lost: &'a mut u16,
}

impl<const C: usize> Feeder<'_, C> {
    /// Adds a frame. When the ring is full it is dropped and counted, and the answer is `false`.
    pub fn push(&mut self, frame: Frame<C>) -> bool {
        let slot = Slot {
            at: frame.at,
            values: frame.values,
            lost: *self.lost,
        };
        // A capacity of `usize::MAX` would be a queue of no slots. There is none; saying so here takes the
        // division by zero out of heapless's `% slots`, and with it the only panic path of an interrupt.
        if self.queue.capacity() < usize::MAX && self.queue.enqueue(slot).is_ok() {
            *self.lost = 0;
            return true;
        }
        *self.lost = self.lost.saturating_add(1);
        // This end is the only writer, so a load and a store count exactly.
        let overruns = self.overruns.load(Ordering::Relaxed);
        self.overruns.store(overruns.saturating_add(1), Ordering::Relaxed);
        false
    }

    /// Reads `source` once and adds the frame that it gives; `false` when there was none.
    ///
    /// # Errors
    /// The source's error. The ring is unchanged and the next call goes on.
    pub fn pull<S: Source<C>>(&mut self, source: &mut S) -> Result<bool, S::Error> {
        let frame = source.read()?;
        Ok(frame.is_some_and(|frame| {
            self.push(frame);
            true
        }))
    }
}

/// The consumer's end of a [`Ring`].
pub struct Drain<'a, const C: usize> {
    queue: Consumer<'a, Slot<C>>,
    overruns: &'a AtomicU32,
    lost: u16,
}

impl<const C: usize> Drain<'_, C> {
    /// Takes the oldest frame.
    pub fn pop(&mut self) -> Option<Frame<C>> {
        // As in `push`: no panic path.
        if self.queue.capacity() == usize::MAX {
            return None;
        }
        let slot = self.queue.dequeue()?;
        self.lost = slot.lost;
        Some(Frame {
            at: slot.at,
            values: slot.values,
        })
    }

    /// Frames that were lost directly before the one last popped (65,535 stands for that many or more).
    /// When it is not 0, [note a gap](super::Windows::gap) before pushing that frame to the windows.
    pub const fn lost(&self) -> u16 {
        self.lost
    }

    /// Frames lost since the ring was made, exact up to 2³² - 1.
    pub fn overruns(&self) -> u32 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// Frames waiting.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no frame is waiting.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(at: u64) -> Frame<1> {
        Frame {
            at,
            values: [at as i16],
        }
    }

    #[test]
    fn an_overrun_is_counted_and_its_place_is_known() {
        let mut ring = Ring::<1, 4>::new();
        let (mut feeder, mut drain) = ring.split();
        for at in 0..5 {
            assert_eq!(feeder.push(frame(at)), at < 3);
        }
        assert_eq!(drain.overruns(), 2);
        // The three that were in before the overrun have no gap before them.
        for at in 0..3 {
            assert_eq!(drain.pop(), Some(frame(at)));
            assert_eq!(drain.lost(), 0);
        }
        assert!(feeder.push(frame(5)));
        assert!(feeder.push(frame(6)));
        assert_eq!((drain.pop(), drain.lost()), (Some(frame(5)), 2));
        assert_eq!((drain.pop(), drain.lost()), (Some(frame(6)), 0));
        assert_eq!(drain.pop(), None);
        assert_eq!(drain.overruns(), 2);
    }

    #[test]
    fn splitting_again_keeps_frames_and_counts() {
        let mut ring = Ring::<1, 3>::new();
        {
            let (mut feeder, _) = ring.split();
            for at in 0..4 {
                feeder.push(frame(at));
            }
        }
        let (mut feeder, mut drain) = ring.split();
        assert_eq!((drain.pop(), drain.lost()), (Some(frame(0)), 0));
        feeder.push(frame(9));
        drain.pop();
        assert_eq!((drain.pop(), drain.lost()), (Some(frame(9)), 2));
        assert_eq!(drain.overruns(), 2);
    }

    #[test]
    fn the_lost_count_costs_no_room_beside_an_odd_number_of_channels() {
        assert_eq!(size_of::<Slot<3>>(), 16);
        assert_eq!(size_of::<Slot<6>>(), 24);
    }
}
