//! A recording as a source: frames out of a slice in flash.

use super::{Frame, Source};
use core::convert::Infallible;
use core::fmt;

/// Why a slice is no recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordingError {
    /// The number of values is no multiple of the channels.
    Length {
        /// Values in the slice.
        values: usize,
        /// Channels of a frame.
        channels: usize,
    },
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Length { values, channels } = self;
        write!(
            f,
            "{values} values are no whole number of frames: give a multiple of {channels}, channel innermost"
        )
    }
}

impl core::error::Error for RecordingError {}

/// Frames out of a slice, `[time][channel]`, at a constant period.
///
/// Frame `i` is stamped `start + i · period`. Unlike a live sensor it can go back: save
/// [`cursor`](Self::cursor), [`seek`](Self::seek) to it after a power cut, and the same frames follow.
#[derive(Debug, Clone)]
pub struct Recording<'a, const C: usize> {
    values: &'a [i16],
    start: u64,
    period: u64,
    next: usize,
}

impl<'a, const C: usize> Recording<'a, C> {
    /// A recording of frames that are `period` microseconds apart, the first one at time 0.
    ///
    /// # Errors
    /// [`RecordingError::Length`] when `values` does not hold a whole number of frames.
    pub const fn new(values: &'a [i16], period: u64) -> Result<Self, RecordingError> {
        const { assert!(C > 0, "a frame has at least one channel") };
        if !values.len().is_multiple_of(C) {
            return Err(RecordingError::Length {
                values: values.len(),
                channels: C,
            });
        }
        Ok(Self {
            values,
            start: 0,
            period,
            next: 0,
        })
    }

    /// The same recording, its first frame at `start` microseconds: to play one after another.
    pub const fn starting_at(mut self, start: u64) -> Self {
        self.start = start;
        self
    }

    /// Number of frames, read or not.
    pub const fn len(&self) -> usize {
        self.values.len() / C
    }

    /// Whether there is no frame at all.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Index of the next frame: what to save.
    pub const fn cursor(&self) -> usize {
        self.next
    }

    /// Goes to frame `cursor`, or to the end when there are fewer frames.
    pub const fn seek(&mut self, cursor: usize) {
        self.next = if cursor < self.len() { cursor } else { self.len() };
    }

    /// Goes back to the first frame.
    pub const fn rewind(&mut self) {
        self.next = 0;
    }

    /// Frames still to come.
    pub const fn remaining(&self) -> usize {
        self.len() - self.next
    }
}

impl<const C: usize> Source<C> for Recording<'_, C> {
    type Error = Infallible;

    /// The next frame; `None` from the end on.
    fn read(&mut self) -> Result<Option<Frame<C>>, Infallible> {
        let from = self.next * C;
        let Some(values) = self.values.get(from..from + C) else {
            return Ok(None);
        };
        let mut frame = Frame {
            at: self
                .start
                .wrapping_add(self.period.wrapping_mul(self.next as u64)),
            values: [0; C],
        };
        for (to, value) in frame.values.iter_mut().zip(values) {
            *to = *value;
        }
        self.next += 1;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_in_order_and_again_after_a_seek() {
        let mut recording = Recording::<2>::new(&[1, 2, 3, 4, 5, 6], 100)
            .unwrap()
            .starting_at(7);
        let frame = |at, values| Ok(Some(Frame { at, values }));
        assert_eq!(recording.read(), frame(7, [1, 2]));
        assert_eq!(recording.read(), frame(107, [3, 4]));
        let cursor = recording.cursor();
        assert_eq!(recording.read(), frame(207, [5, 6]));
        assert_eq!(recording.read(), Ok(None));
        assert_eq!(recording.read(), Ok(None));
        recording.seek(cursor);
        assert_eq!(recording.read(), frame(207, [5, 6]));
        recording.rewind();
        assert_eq!(recording.read(), frame(7, [1, 2]));
        assert_eq!(recording.remaining(), 2);
        recording.seek(99);
        assert_eq!(recording.remaining(), 0);
    }

    #[test]
    fn half_a_frame_is_refused() {
        assert_eq!(
            Recording::<2>::new(&[1, 2, 3], 100).err(),
            Some(RecordingError::Length {
                values: 3,
                channels: 2
            })
        );
    }
}
