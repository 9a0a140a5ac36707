//! From a stream of frames to windows of equal length.

use super::Frame;
use crate::persist::words::{self, Words};
use crate::persist::{Fingerprint, Malformed, Persist, Restore};
use core::fmt;

/// Why a buffer cannot hold windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WindowError {
    /// The buffer is empty or does not hold a whole number of frames.
    Length {
        /// Values in the buffer.
        values: usize,
        /// Channels of a frame.
        channels: usize,
    },
    /// A hop of 0 frames would give the same window for ever.
    Hop,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { values, channels } => write!(
                f,
                "a window buffer of {values} values holds no whole number of frames: give length · {channels}"
            ),
            Self::Hop => write!(f, "the hop between windows is 0: give at least 1 frame"),
        }
    }
}

impl core::error::Error for WindowError {}

/// Windows of `length` frames, a new one every `hop` frames, in a caller's buffer of `length · C` values.
///
/// `hop < length` makes windows overlap, `hop > length` leaves frames out between them. A window never
/// spans a gap: after a jump of the time stamps, or a [`gap`](Self::gap) noted on an overrun, the next
/// window begins with the first frame behind the gap.
///
/// ```
/// use kilograd::collect::{Frame, Windows};
///
/// let mut buffer = [0; 4 * 1];
/// let mut windows = Windows::<1>::new(&mut buffer, 2)?.longest_step(15_000);
/// let complete = (0..6).filter(|&i| {
///     windows.push(&Frame { at: i * 10_000, values: [i as i16] }).is_some()
/// });
/// assert_eq!(complete.collect::<Vec<_>>(), [3, 5]);   // frames 0..=3 and 2..=5
/// # Ok::<(), kilograd::collect::WindowError>(())
/// ```
#[derive(Debug)]
pub struct Windows<'a, const C: usize> {
    buffer: &'a mut [i16],
    hop: usize,
    longest: u64,
    progress: Progress,
}

/// Where the stream stands, apart from the frames in the buffer.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// Frames in the buffer. When it is full, the window has been handed out.
    filled: u32,
    /// Frames still to leave out before the next window.
    skip: u32,
    /// Gaps seen.
    gaps: u32,
    /// Whether a frame came since the last restart, and its stamp.
    running: bool,
    last: u64,
}

impl<'a, const C: usize> Windows<'a, C> {
    /// Windows in `buffer`, its length a multiple of `C`, the start of each `hop` frames after the last.
    ///
    /// # Errors
    /// [`WindowError::Length`] when the buffer holds no whole number of frames, [`WindowError::Hop`]
    /// when `hop` is 0.
    pub fn new(buffer: &'a mut [i16], hop: usize) -> Result<Self, WindowError> {
        const { assert!(C > 0, "a frame has at least one channel") };
        if buffer.is_empty() || !buffer.len().is_multiple_of(C) {
            return Err(WindowError::Length {
                values: buffer.len(),
                channels: C,
            });
        }
        if hop == 0 {
            return Err(WindowError::Hop);
        }
        Ok(Self {
            buffer,
            hop,
            longest: u64::MAX,
            progress: Progress {
                filled: 0,
                skip: 0,
                gaps: 0,
                running: false,
                last: 0,
            },
        })
    }

    /// The longest step between two frames, in microseconds, that is no gap: somewhat more than the
    /// sensor's period. Without it only a step back in time is one.
    pub const fn longest_step(mut self, micros: u64) -> Self {
        self.longest = micros;
        self
    }

    /// Frames of a window.
    pub fn length(&self) -> usize {
        self.buffer.len() / C
    }

    /// Gaps so far: jumps of the time stamps, and those that were [noted](Self::gap).
    pub const fn gaps(&self) -> u32 {
        self.progress.gaps
    }

    /// Notes a gap before the next frame, and begins anew with it: after an overrun, or when a live source
    /// was cut off. Two gaps with no frame between them count twice.
    pub const fn gap(&mut self) {
        self.progress.gaps = self.progress.gaps.saturating_add(1);
        self.progress.running = false;
        self.restart();
    }

    /// Drops the frames of the unfinished window and begins anew with the next frame, with no gap to count:
    /// where another label begins. A jump of the time stamps there is a gap all the same.
    pub const fn restart(&mut self) {
        self.progress.filled = 0;
        self.progress.skip = 0;
    }

    /// Adds a frame. When it completes a window, that window, `[time][channel]`.
    pub fn push(&mut self, frame: &Frame<C>) -> Option<&[i16]> {
        let step = frame.at.checked_sub(self.progress.last);
        if self.progress.running && step.is_none_or(|step| step > self.longest) {
            self.gap();
        }
        self.progress.running = true;
        self.progress.last = frame.at;
        let length = self.length();
        if self.progress.filled as usize == length {
            self.hop_on(length);
        }
        if self.progress.skip > 0 {
            self.progress.skip -= 1;
            return None;
        }
        let from = self.progress.filled as usize * C;
        for (to, value) in self.buffer.get_mut(from..)?.iter_mut().zip(frame.values) {
            *to = value;
        }
        self.progress.filled += 1;
        (self.progress.filled as usize == length).then_some(&*self.buffer)
    }

    /// Makes room for the next window behind one that was handed out.
    fn hop_on(&mut self, length: usize) {
        let kept = length.saturating_sub(self.hop);
        let moved = self.hop * C;
        if moved < self.buffer.len() {
            self.buffer.copy_within(moved.., 0);
        }
        self.progress.filled = kept as u32;
        self.progress.skip = self.hop.saturating_sub(length) as u32;
    }
}

impl Words for Progress {
    fn words(&self) -> usize {
        6
    }

    fn word(&self, index: usize) -> u32 {
        match index {
            0 => self.filled,
            1 => self.skip,
            2 => self.gaps,
            3 => u32::from(self.running),
            4 => self.last as u32,
            5 => (self.last >> 32) as u32,
            _ => 0,
        }
    }

    fn set_word(&mut self, index: usize, value: u32) {
        match index {
            0 => self.filled = value,
            1 => self.skip = value,
            2 => self.gaps = value,
            3 => self.running = value != 0,
            4 => self.last = self.last & !0xffff_ffff | u64::from(value),
            5 => self.last = self.last & 0xffff_ffff | u64::from(value) << 32,
            _ => {}
        }
    }
}

/// Bytes of [`Progress`].
const PROGRESS: usize = 24;

/// The state is the progress and the buffer, for a source that rewinds to its cursor. A live source
/// cannot: note a [`gap`](Windows::gap) after loading, since the cut was one.
impl<const C: usize> Persist for Windows<'_, C> {
    fn size(&self) -> usize {
        PROGRESS + size_of_val(self.buffer)
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        let (share, rest) = words::divide(offset, out.len(), PROGRESS);
        let (head, tail) = out.split_at_mut(share);
        words::read(&self.progress, offset, head);
        words::read_bytes(bytemuck::cast_slice(self.buffer), rest, tail);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest
            .number(u64::from_le_bytes(*b"windows1"))
            .number(C as u64)
            .number(self.buffer.len() as u64)
            .number(self.hop as u64);
    }
}

impl<const C: usize> Restore for Windows<'_, C> {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        let (share, rest) = words::divide(offset, data.len(), PROGRESS);
        let (head, tail) = data.split_at(share);
        words::write(&mut self.progress, offset, head);
        words::write_bytes(bytemuck::cast_slice_mut(self.buffer), rest, tail);
        let Progress { filled, skip, .. } = self.progress;
        let possible = filled as usize <= self.length() && skip as usize <= self.hop;
        if offset + data.len() >= PROGRESS && !possible {
            self.restart();
            return Err(Malformed);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
