//! A layer's parameters and their gradients, as its functions see them.

use super::tensors::Tensors;
use crate::kernel::Grad;
use crate::number::{Number, View, cast};

/// A layer's parameters, as its forward and backward functions see them.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a, N: Number> {
    /// Those in RAM: trained ones and statistics.
    pub ram: &'a [u8],
    /// The frozen ones, in flash, or as they would lie there where they were unpacked.
    pub flash: &'a [u8],
    /// One track per tensor.
    pub tracks: &'a [N::Track],
    /// What they are.
    pub tensors: &'a Tensors,
}

impl<'a, N: Number> Parameters<'a, N> {
    /// The bytes of tensor `index`, all planes.
    fn span(&self, index: usize) -> &'a [u8] {
        let span = self.tensors.span::<N>(index);
        let region = if self.tensors.resident(index) {
            self.ram
        } else {
            self.flash
        };
        region.get(span).unwrap_or(&[])
    }

    /// Tensor `index`, to multiply by.
    pub fn weight(&self, index: usize) -> View<'a, N> {
        let bytes = self.span(index);
        N::weights(bytes, self.tensors.elements(index), self.tracks.get(index))
    }

    /// Tensor `index`, to add.
    pub fn bias(&self, index: usize) -> &'a [N::Bias] {
        cast(self.span(index))
    }
}

/// The gradients of a layer's parameters.
#[derive(Debug)]
pub struct Gradients<'a, N: Number> {
    /// One element per trained parameter, tensors in order. Empty where none is trained.
    pub data: &'a mut [N::Gradient],
    /// One track per tensor.
    pub tracks: &'a mut [N::Track],
    /// What they are.
    pub tensors: &'a Tensors,
    /// Whether nothing has been summed into them yet, so that they are overwritten.
    pub fresh: bool,
}

impl<N: Number> Gradients<'_, N> {
    /// The gradient of tensor `index`; `None` if it is not trained.
    pub fn tensor(&mut self, index: usize) -> Option<Grad<'_, N>> {
        if !self.tensors.trained(index) {
            return None;
        }
        let from = self.tensors.gradients_before(index);
        let length = self.tensors.elements(index);
        Some(Grad {
            data: self.data.get_mut(from..from + length)?,
            track: self.tracks.get_mut(index),
        })
    }
}
