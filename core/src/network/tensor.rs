//! Tensors as people see them: a shape, the elements, and the scale that they share.

use super::Shape;
use crate::number::{Element, Number, View};

/// A tensor that lives elsewhere (in an arena, in flash, in a slice of yours).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tensor<'a, E: Element> {
    /// Extents, outermost first.
    pub shape: Shape,
    /// The elements, innermost dimension contiguous.
    pub data: &'a [E],
    /// Nothing for floats; the power-of-two exponent for block fixed point.
    pub scale: E::Scale,
}

/// A [`Tensor`] that can be written.
#[derive(Debug, PartialEq)]
pub struct TensorMut<'a, E: Element> {
    /// Extents, outermost first.
    pub shape: Shape,
    /// The elements, innermost dimension contiguous.
    pub data: &'a mut [E],
    /// Nothing for floats; the power-of-two exponent for block fixed point.
    pub scale: E::Scale,
}

impl<'a, N: Number> From<Tensor<'a, N::Elem>> for View<'a, N> {
    fn from(tensor: Tensor<'a, N::Elem>) -> Self {
        Self {
            data: tensor.data,
            scale: tensor.scale,
        }
    }
}

impl<'a, E: Element> Tensor<'a, E> {
    /// The values as `f32`, in memory order.
    pub fn values(self) -> impl Iterator<Item = f32> + 'a {
        self.data.iter().map(move |element| element.to_f32(self.scale))
    }
}

impl<E: Element> TensorMut<'_, E> {
    /// The same tensor, to read.
    pub fn view(&self) -> Tensor<'_, E> {
        Tensor {
            shape: self.shape,
            data: self.data,
            scale: self.scale,
        }
    }
}
