//! Raw windows seen through a standardizer.

use super::Standardizer;
use crate::load::{Label, Raw, Samples};

/// A set of raw windows as samples in f32: each is scaled when it is read, none is stored scaled.
///
/// ```
/// use kilograd::load::{Clips, Label, Samples};
/// use kilograd::prepare::{Scaled, Standardizer};
///
/// let clips = Clips::new(&[0, 0, 4, 8], &[0, 1], 2)?;     // two windows of one frame of two channels
/// let mut scaler = Standardizer::<2>::new(1.0);
/// scaler.push(&[0, 0, 4, 8])?;
/// scaler.freeze();
/// let mut x = [0.0; 2];
/// assert_eq!(Scaled::new(&clips, &scaler).read(1, &mut x), Some(Label::Class(1)));
/// assert_eq!(x, [1.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scaled<'a, S: Raw + ?Sized, const C: usize> {
    set: &'a S,
    standardizer: &'a Standardizer<C>,
}

impl<'a, S: Raw + ?Sized, const C: usize> Scaled<'a, S, C> {
    /// `set` through `standardizer`.
    pub const fn new(set: &'a S, standardizer: &'a Standardizer<C>) -> Self {
        Self { set, standardizer }
    }
}

impl<S: Raw + ?Sized, const C: usize> Clone for Scaled<'_, S, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Raw + ?Sized, const C: usize> Copy for Scaled<'_, S, C> {}

impl<S: Raw + ?Sized, const C: usize> Samples<f32> for Scaled<'_, S, C> {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        let (window, label) = self.set.window(index)?;
        self.standardizer.apply(window, into).ok()?;
        Some(label)
    }
}
