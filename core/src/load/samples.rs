//! A set of samples that can be read by index.

use crate::collect::Pool;
use crate::number::Element;

/// What a sample carries beside its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Label {
    /// The class it belongs to.
    Class(u16),
    /// The target is the input itself: an autoencoder, which needs nobody to label anything.
    Itself,
}

/// A finite set of equally long samples.
pub trait Samples<E: Element> {
    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scale that all elements share: `()` for floats.
    fn scale(&self) -> E::Scale;

    /// Writes sample `index` into `into` and tells its label. `None` when there is no such sample or
    /// `into` has another length; then nothing is written.
    fn read(&self, index: usize, into: &mut [E]) -> Option<Label>;
}

/// A finite set of equally long windows of raw counts, in RAM or in memory-mapped flash.
///
/// [`Scaled`](crate::prepare::Scaled) makes [`Samples`] of it.
pub trait Raw {
    /// Number of windows.
    fn len(&self) -> usize;

    /// Whether there is no window.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Window `index`, `[time][channel]`, and its label; `None` past the end.
    fn window(&self, index: usize) -> Option<(&[i16], Label)>;
}

impl Raw for Pool<'_> {
    fn len(&self) -> usize {
        Pool::len(self)
    }

    fn window(&self, index: usize) -> Option<(&[i16], Label)> {
        let (window, class) = self.get(index)?;
        Some((window, Label::Class(class)))
    }
}

/// A set whose samples are their own targets, whatever labels they carry.
#[derive(Debug, Clone, Copy)]
pub struct SelfLabelled<S>(pub S);

impl<E: Element, S: Samples<E>> Samples<E> for SelfLabelled<S> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn scale(&self) -> E::Scale {
        self.0.scale()
    }

    fn read(&self, index: usize, into: &mut [E]) -> Option<Label> {
        self.0.read(index, into).map(|_| Label::Itself)
    }
}

impl<E: Element, S: Samples<E> + ?Sized> Samples<E> for &S {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn scale(&self) -> E::Scale {
        (**self).scale()
    }

    fn read(&self, index: usize, into: &mut [E]) -> Option<Label> {
        (**self).read(index, into)
    }
}
