//! Standard scaling with statistics learned from the stream.

use core::fmt;

/// Frames after which the statistics stay as they are: an f32 counts no further.
const FULL: u32 = 1 << 24;

/// Why values were not taken or not scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StandardizerError {
    /// The input is no whole number of frames, or the output has another length.
    Length {
        /// Channels of a frame.
        channels: usize,
        /// Values of the input.
        input: usize,
        /// Values of the output; equal to the input where there is none.
        output: usize,
    },
    /// A value is infinite, not a number, or so large that the variance overflows.
    NotFinite {
        /// Its index in the input. Frames before its own were taken, its own and later ones not.
        index: usize,
    },
    /// The statistics are frozen.
    Frozen,
}

impl fmt::Display for StandardizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                channels,
                input,
                output,
            } => write!(
                f,
                "{input} values in, {output} out, {channels} channels: give equal lengths, a multiple of the channels"
            ),
            Self::NotFinite { index } => {
                write!(
                    f,
                    "value {index} is infinite, not a number or too large: repair or drop its frame"
                )
            }
            Self::Frozen => write!(
                f,
                "the statistics are frozen: make a new standardizer to learn others"
            ),
        }
    }
}

impl core::error::Error for StandardizerError {}

/// Running statistics of one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Channel {
    pub(super) mean: Sum,
    pub(super) m2: Sum,
}

/// A compensated sum, with what rounding added to it too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sum {
    pub(super) value: f32,
    pub(super) excess: f32,
}

impl Sum {
    const ZERO: Self = Self {
        value: 0.0,
        excess: 0.0,
    };

    fn add(&mut self, term: f32) {
        let term = term - self.excess;
        let sum = self.value + term;
        self.excess = (sum - self.value) - term;
        self.value = sum;
    }
}

impl Channel {
    const NEW: Self = Self {
        mean: Sum::ZERO,
        m2: Sum::ZERO,
    };

    /// Takes `x` as the `n`-th value.
    fn push(&mut self, x: f32, n: f32) {
        let d = x - self.mean.value;
        self.mean.add(d / n);
        self.m2.add(d * (x - self.mean.value));
    }

    /// Whether all four numbers are.
    pub(super) const fn is_finite(&self) -> bool {
        let Self { mean, m2 } = self;
        mean.value.is_finite() && mean.excess.is_finite() && m2.value.is_finite() && m2.excess.is_finite()
    }
}

/// Standard scaling of `C` channels, `y[t, c] = (x[t, c] - mean[c]) / max(deviation[c], least)`,
/// with mean and standard deviation of everything [pushed](Self::push).
///
/// Per frame, with `n` counting frames: `d = x - mean`, `mean ← mean + d / n`, `m2 ← m2 + d · (x - mean)`,
/// in f32; the deviation is `sqrt(m2 / n)` (of the population). Both sums are compensated (Kahan, 1965):
/// `d / n` falls below the last bit of the mean long before it stops to matter. After 2²⁴ frames, two
/// days at 100 a second, the statistics stay.
/// Source: Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", 1962.
///
/// ```
/// use kilograd::prepare::Standardizer;
///
/// let mut scaler = Standardizer::<2>::new(1.0);          // one count: a stuck channel is not blown up
/// scaler.push(&[-10, 7, 10, 7])?;                         // two frames of two channels
/// let mut y = [0.0; 2];
/// scaler.apply(&[20, 7], &mut y)?;
/// assert_eq!(y, [2.0, 0.0]);
/// # Ok::<(), kilograd::prepare::StandardizerError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standardizer<const C: usize> {
    pub(super) count: u32,
    pub(super) frozen: bool,
    pub(super) channels: [Channel; C],
    pub(super) least: f32,
}

impl<const C: usize> Standardizer<C> {
    /// A standardizer that has seen nothing; it divides by `least` where the deviation is smaller.
    /// A `least` that is not a positive number counts as the smallest normal one.
    pub const fn new(least: f32) -> Self {
        const { assert!(C > 0, "a frame has at least one channel") };
        let usable = least >= f32::MIN_POSITIVE && least < f32::INFINITY;
        Self {
            count: 0,
            frozen: false,
            channels: [Channel::NEW; C],
            least: if usable { least } else { f32::MIN_POSITIVE },
        }
    }

    /// Learns from whole frames of raw counts, `[time][channel]`.
    ///
    /// # Errors
    /// [`StandardizerError::Length`] for half a frame, [`StandardizerError::Frozen`] after
    /// [`freeze`](Self::freeze).
    pub fn push(&mut self, raw: &[i16]) -> Result<(), StandardizerError> {
        self.learn(raw, f32::from)
    }

    /// Learns from whole frames of numbers, `[time][channel]`.
    ///
    /// # Errors
    /// As [`push`](Self::push), and [`StandardizerError::NotFinite`] for a value that no statistics can
    /// hold: its frame and all later ones are not taken.
    pub fn push_values(&mut self, values: &[f32]) -> Result<(), StandardizerError> {
        self.learn(values, |value| value)
    }

    fn learn<T: Copy>(&mut self, input: &[T], number: impl Fn(T) -> f32) -> Result<(), StandardizerError> {
        check::<C>(input.len(), input.len())?;
        if self.frozen {
            return Err(StandardizerError::Frozen);
        }
        for (t, frame) in input.chunks_exact(C).enumerate() {
            if self.count >= FULL {
                return Ok(());
            }
            // The whole frame or nothing: the new statistics are set when all channels have passed.
            let n = (self.count + 1) as f32;
            let mut channels = self.channels;
            for (c, (channel, x)) in channels.iter_mut().zip(frame).enumerate() {
                channel.push(number(*x), n);
                if !channel.is_finite() {
                    return Err(StandardizerError::NotFinite { index: t * C + c });
                }
            }
            self.channels = channels;
            self.count += 1;
        }
        Ok(())
    }

    /// Keeps the statistics as they are: a network that was trained on scaled values needs the same
    /// scale ever after.
    pub const fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Whether the statistics are frozen.
    pub const fn frozen(&self) -> bool {
        self.frozen
    }

    /// Frames learned from.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Mean of each channel.
    pub fn mean(&self) -> [f32; C] {
        self.channels.map(|channel| channel.mean.value)
    }

    /// Standard deviation of each channel, 0 before the first frame.
    pub fn deviation(&self) -> [f32; C] {
        let n = self.count.max(1) as f32;
        // libm's root is correctly rounded and so the same on every target.
        self.channels
            .map(|channel| libm::sqrtf(channel.m2.value.max(0.0) / n))
    }

    /// What scaled values are made with: mean and the factor of each channel. Before the first frame
    /// nothing is known and values pass unchanged. However small `least` is, no count becomes infinite.
    fn affine(&self) -> ([f32; C], [f32; C]) {
        if self.count == 0 {
            return ([0.0; C], [1.0; C]);
        }
        let (mean, mut factor) = (self.mean(), self.deviation());
        for (factor, mean) in factor.iter_mut().zip(mean) {
            let largest = 32_768.0 + mean.abs();
            *factor = (1.0 / factor.max(self.least)).min(1e38 / largest);
        }
        (mean, factor)
    }

    /// Scales whole frames of raw counts.
    ///
    /// # Errors
    /// [`StandardizerError::Length`] when the lengths differ or are no whole number of frames; nothing
    /// is written.
    pub fn apply(&self, raw: &[i16], into: &mut [f32]) -> Result<(), StandardizerError> {
        check::<C>(raw.len(), into.len())?;
        let (mean, factor) = self.affine();
        for (y, x) in into.chunks_exact_mut(C).zip(raw.chunks_exact(C)) {
            for (((y, x), mean), factor) in y.iter_mut().zip(x).zip(mean).zip(factor) {
                *y = (f32::from(*x) - mean) * factor;
            }
        }
        Ok(())
    }

    /// Scales whole frames of numbers in place.
    ///
    /// # Errors
    /// [`StandardizerError::Length`] for half a frame, with nothing written, and
    /// [`StandardizerError::NotFinite`] for a value that is, or becomes, no finite number: it and all
    /// later ones are left as they were.
    pub fn apply_values(&self, values: &mut [f32]) -> Result<(), StandardizerError> {
        check::<C>(values.len(), values.len())?;
        let (mean, factor) = self.affine();
        for (t, frame) in values.chunks_exact_mut(C).enumerate() {
            for (c, ((value, mean), factor)) in frame.iter_mut().zip(mean).zip(factor).enumerate() {
                let scaled = (*value - mean) * factor;
                if !scaled.is_finite() {
                    return Err(StandardizerError::NotFinite { index: t * C + c });
                }
                *value = scaled;
            }
        }
        Ok(())
    }
}

fn check<const C: usize>(input: usize, output: usize) -> Result<(), StandardizerError> {
    if !input.is_multiple_of(C) || input != output {
        return Err(StandardizerError::Length {
            channels: C,
            input,
            output,
        });
    }
    Ok(())
}

#[cfg(test)]
#[path = "standardizer_tests.rs"]
mod tests;
