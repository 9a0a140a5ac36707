//! The parameter tensors of a layer: what they are called, how large they are, where they lie.

use super::Shape;
use crate::kernel::Grad;
use crate::number::{Number, View, cast};

/// The most parameter tensors that one layer has.
pub const MAX_PARAMS: usize = 2;

/// What a parameter tensor is for, which decides how a number stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Multiplied with activations.
    Weight,
    /// Added to a sum.
    Bias,
}

/// One parameter tensor of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name within the layer: `weight`, `bias`.
    pub name: &'static str,
    /// Its extents, outermost first.
    pub shape: Shape,
    /// How it is stored.
    pub role: Role,
    /// Inputs of one sum that it takes part in, for the initialisation.
    pub fan_in: u32,
    /// Outputs that one input takes part in, for the initialisation.
    pub fan_out: u32,
}

/// The parameter tensors of a layer, in the order in which they lie.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    items: [Option<Param>; MAX_PARAMS],
}

impl Params {
    /// A layer without parameters.
    pub const NONE: Self = Self {
        items: [None; MAX_PARAMS],
    };

    /// A weight and a bias.
    pub const fn affine(weight: Shape, bias: Shape, fan_in: u32, fan_out: u32) -> Self {
        Self {
            items: [
                Some(Param {
                    name: "weight",
                    shape: weight,
                    role: Role::Weight,
                    fan_in,
                    fan_out,
                }),
                Some(Param {
                    name: "bias",
                    shape: bias,
                    role: Role::Bias,
                    fan_in,
                    fan_out,
                }),
            ],
        }
    }

    /// Parameter tensor `index`.
    pub const fn get(&self, index: usize) -> Option<Param> {
        if index < MAX_PARAMS {
            self.items[index]
        } else {
            None
        }
    }

    /// Number of tensors.
    pub const fn len(&self) -> usize {
        let mut count = 0;
        while count < MAX_PARAMS && self.items[count].is_some() {
            count += 1;
        }
        count
    }

    /// Whether the layer has no parameters.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of parameters in all tensors before `index`.
    pub const fn elements_before(&self, index: usize) -> usize {
        let mut elements = 0;
        let mut i = 0;
        while i < index && i < MAX_PARAMS {
            if let Some(param) = self.items[i] {
                elements += param.shape.len();
            }
            i += 1;
        }
        elements
    }

    /// Number of parameters.
    pub const fn elements(&self) -> usize {
        self.elements_before(MAX_PARAMS)
    }

    /// Bytes of all tensors before `index`, as `N` stores them.
    pub const fn bytes_before<N: Number>(&self, index: usize) -> usize {
        let mut bytes = 0;
        let mut i = 0;
        while i < index && i < MAX_PARAMS {
            if let Some(param) = self.items[i] {
                bytes += param.bytes::<N>();
            }
            i += 1;
        }
        bytes
    }

    /// Bytes of all tensors.
    pub const fn bytes<N: Number>(&self) -> usize {
        self.bytes_before::<N>(MAX_PARAMS)
    }
}

impl Param {
    /// Bytes of the tensor, as `N` stores it.
    pub const fn stored_bytes<N: Number>(&self) -> usize {
        let width = match self.role {
            Role::Weight => N::WEIGHT_BYTES,
            Role::Bias => size_of::<N::Bias>(),
        };
        self.shape.len() * width
    }

    /// [`stored_bytes`](Self::stored_bytes), rounded up so that the next tensor is aligned.
    pub const fn bytes<N: Number>(&self) -> usize {
        self.stored_bytes::<N>().next_multiple_of(align_of::<N::Bias>())
    }
}

/// A layer's parameters in the arena, as its forward and backward functions see them.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a, N: Number> {
    /// Where they lie.
    pub bytes: &'a [u8],
    /// One track per tensor.
    pub tracks: &'a [N::Track],
    /// What they are.
    pub specs: Params,
}

impl<'a, N: Number> Parameters<'a, N> {
    fn span(&self, index: usize) -> &'a [u8] {
        let from = self.specs.bytes_before::<N>(index);
        let width = self.specs.get(index).map_or(0, |param| param.stored_bytes::<N>());
        self.bytes.get(from..from + width).unwrap_or(&[])
    }

    /// Tensor `index`, to multiply by.
    pub fn weight(&self, index: usize) -> View<'a, N> {
        N::weights(self.span(index), self.tracks.get(index))
    }

    /// Tensor `index`, to add.
    pub fn bias(&self, index: usize) -> &'a [N::Bias] {
        cast(self.span(index))
    }
}

/// The gradients of a layer's parameters.
#[derive(Debug)]
pub struct Gradients<'a, N: Number> {
    /// One element per parameter, tensors in order.
    pub data: &'a mut [N::Gradient],
    /// One track per tensor.
    pub tracks: &'a mut [N::Track],
    /// What they are.
    pub specs: Params,
    /// Whether nothing has been summed into them yet, so that they are overwritten.
    pub fresh: bool,
}

impl<N: Number> Gradients<'_, N> {
    /// The gradient of tensor `index`.
    pub fn tensor(&mut self, index: usize) -> Option<Grad<'_, N>> {
        let from = self.specs.elements_before(index);
        let length = self.specs.get(index)?.shape.len();
        let data = self.data.get_mut(from..from + length)?;
        Some(Grad {
            data,
            track: self.tracks.get_mut(index),
        })
    }
}
