//! A data set as a number stores it.

use crate::data::Dataset;
use kilograd::load::{Label, Samples};
use kilograd::number::Element;
use std::cell::RefCell;

/// Samples of a [`Dataset`], each stored as `E` at one scale when it is read; for `f32` they are as they were.
#[derive(Debug)]
pub struct Encoded<'a, E: Element> {
    set: &'a Dataset,
    scale: E::Scale,
    /// One sample in `f32`.
    sample: RefCell<Vec<f32>>,
}

impl<'a, E: Element> Encoded<'a, E> {
    /// `set` at `scale`.
    pub fn new(set: &'a Dataset, scale: E::Scale) -> Self {
        Self {
            set,
            scale,
            sample: RefCell::new(vec![0.0; set.shape.len()]),
        }
    }

    /// The set in `f32`.
    pub fn set(&self) -> &'a Dataset {
        self.set
    }

    /// Values of a sample.
    pub fn sample_len(&self) -> usize {
        self.set.shape.len()
    }
}

impl<E: Element> Samples<E> for Encoded<'_, E> {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn scale(&self) -> E::Scale {
        self.scale
    }

    fn read(&self, index: usize, into: &mut [E]) -> Option<Label> {
        if into.len() != self.sample_len() {
            return None;
        }
        let mut sample = self.sample.borrow_mut();
        let label = self.set.read(index, &mut sample)?;
        for (to, value) in into.iter_mut().zip(&*sample) {
            *to = E::from_f32(*value, self.scale);
        }
        Some(label)
    }
}
