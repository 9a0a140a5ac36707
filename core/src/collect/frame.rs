//! One reading of all channels, and what gives such readings.

/// One reading of `C` channels, taken at one instant.
///
/// Values are raw: the sensor's own 16-bit counts. Scaling is the next room's work
/// ([`Standardizer`](crate::prepare::Standardizer)), so a pool keeps half the bytes of floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Frame<const C: usize> {
    /// Time of the reading, in microseconds since boot.
    pub at: u64,
    /// Raw counts, one per channel.
    pub values: [i16; C],
}

/// Anything that gives frames: a sensor on a bus, a DMA half-buffer, a recording.
pub trait Source<const C: usize> {
    /// What can go wrong in one reading.
    type Error;

    /// The next frame, or `None` when there is nothing new yet. Never blocks for a sensor to be ready.
    ///
    /// # Errors
    /// When a reading failed. The stream is not over: the next call tries again, and the missing
    /// frames show as a jump of [`Frame::at`].
    fn read(&mut self) -> Result<Option<Frame<C>>, Self::Error>;
}

impl<const C: usize, S: Source<C> + ?Sized> Source<C> for &mut S {
    type Error = S::Error;

    fn read(&mut self) -> Result<Option<Frame<C>>, Self::Error> {
        (**self).read()
    }
}
