//! The parameter tensors of a layer: what they are called, how large they are, where they lie.

use super::Shape;
use crate::number::Number;

/// The most parameter tensors that one layer has.
pub const MAX_PARAMS: usize = 8;

/// What a parameter tensor is for, which decides how a number stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Multiplied with activations.
    Weight,
    /// Added to a sum.
    Bias,
    /// Measured, not learned: a running mean or variance. It has no gradient, stands behind the other
    /// tensors of its layer, and is saved with them.
    Statistic,
}

/// How a parameter tensor starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Drawn by the layer's [`Init`](super::Init).
    Drawn,
    /// All zero.
    Zeros,
    /// All one.
    Ones,
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
    /// How it starts.
    pub start: Start,
    /// Inputs of one sum that it takes part in, for the initialisation.
    pub fan_in: u32,
    /// Outputs that one input takes part in, for the initialisation.
    pub fan_out: u32,
}

impl Param {
    /// A matrix that is drawn.
    pub const fn weight(name: &'static str, shape: Shape, fan_in: u32, fan_out: u32) -> Self {
        Self {
            name,
            shape,
            role: Role::Weight,
            start: Start::Drawn,
            fan_in,
            fan_out,
        }
    }

    /// A tensor that is added, or that scales, and starts at one value.
    pub const fn bias(name: &'static str, shape: Shape, start: Start) -> Self {
        Self {
            name,
            shape,
            role: Role::Bias,
            start,
            fan_in: 1,
            fan_out: 1,
        }
    }

    /// A running statistic.
    pub const fn statistic(name: &'static str, shape: Shape, start: Start) -> Self {
        Self {
            role: Role::Statistic,
            ..Self::bias(name, shape, start)
        }
    }

    /// Bytes of the tensor, as `N` stores it.
    pub const fn stored_bytes<N: Number>(&self) -> usize {
        self.shape.len() * width::<N>(matches!(self.role, Role::Weight))
    }
}

/// Bytes of one element of a tensor.
pub(super) const fn width<N: Number>(weight: bool) -> usize {
    if weight {
        N::WEIGHT_BYTES
    } else {
        size_of::<N::Bias>()
    }
}

/// The parameter tensors of a layer, in the order in which they lie.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    items: [Option<Param>; MAX_PARAMS],
    /// There are more than fit.
    over: bool,
}

impl Params {
    /// A layer without parameters.
    pub const NONE: Self = Self {
        items: [None; MAX_PARAMS],
        over: false,
    };

    /// These, and one more; the planner refuses a layer with more than [`MAX_PARAMS`]. Statistics come last.
    pub const fn with(mut self, param: Param) -> Self {
        let count = self.len();
        if count < MAX_PARAMS {
            self.items[count] = Some(param);
        } else {
            self.over = true;
        }
        self
    }

    /// A weight and a bias.
    pub const fn affine(weight: Shape, bias: Shape, fan_in: u32, fan_out: u32) -> Self {
        Self::NONE
            .with(Param::weight("weight", weight, fan_in, fan_out))
            .with(Param::bias("bias", bias, Start::Zeros))
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
        self.items[0].is_none()
    }

    /// Whether there are more than [`MAX_PARAMS`].
    pub(super) const fn over(&self) -> bool {
        self.over
    }

    /// Whether any of them is drawn.
    pub(super) const fn draws(&self) -> bool {
        let mut i = 0;
        while i < MAX_PARAMS {
            if let Some(param) = self.items[i]
                && matches!(param.start, Start::Drawn)
            {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Number of parameters.
    pub const fn elements(&self) -> usize {
        let mut elements = 0;
        let mut i = 0;
        while i < MAX_PARAMS {
            if let Some(param) = self.items[i] {
                elements += param.shape.len();
            }
            i += 1;
        }
        elements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No layer has as many, so the planner's answer is not seen elsewhere.
    #[test]
    fn too_many_tensors_are_noticed() {
        let bias = Param::bias("bias", Shape::vector(1), Start::Zeros);
        let mut params = Params::NONE;
        for count in 0..=MAX_PARAMS {
            assert_eq!((params.len(), params.over()), (count, false));
            params = params.with(bias);
        }
        assert_eq!((params.len(), params.over()), (MAX_PARAMS, true));
    }
}
