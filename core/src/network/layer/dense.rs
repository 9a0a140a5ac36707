//! Fully connected layer.

use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::{Kernel, Sweep};
use crate::network::{Params, Shape};
use crate::number::Number;

/// `y[o] = b[o] + Σ_i w[i, o] · x[i]`
///
/// Input: any shape, read as one vector of `I` elements. Output: vector of `O`.
/// Parameters: `weight [I, O]` (input-major), `bias [O]`. Cost: `I · O` multiply-accumulates forward,
/// as many for each gradient. Keeps its input for the backward pass.
/// Gradients: `dw[i, o] = x[i] dy[o]`, `db[o] = dy[o]`, `dx[i] = Σ_o w[i, o] dy[o]`.
/// Source: Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// Number of outputs, `O`.
    pub outputs: u16,
}

impl Dense {
    pub(crate) const NAME: &'static str = "dense";
    pub(crate) const ROWS: bool = true;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn output(&self, _input: Shape) -> Result<Shape, &'static str> {
        if self.outputs == 0 {
            return Err("needs at least one output");
        }
        Ok(Shape::vector(self.outputs))
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let inputs = input.len();
        Params::affine(
            Shape::new([inputs as u16, self.outputs]),
            Shape::vector(self.outputs),
            inputs as u32,
            self.outputs as u32,
        )
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        input.len() * self.outputs as usize
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    fn sweep(&self, input: Shape) -> Sweep {
        Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: input.len(),
            first: 0,
            target: 0,
            outputs: self.outputs.into(),
        }
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { input, p, x, y, .. }: Forward<'_, N>) -> N::Peak {
        N::affine(p.weight(0), p.bias(1), x, y, self.sweep(input))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward { input, p, dy, dx, .. } = ports;
        match dx {
            Some(dx) => N::affine_input(p.weight(0), dy, dx, self.sweep(input)),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, ports: Gradient<'_, N>) {
        let Gradient { x, dy, dw, fresh, .. } = ports;
        if ports.tensor == 0 {
            let sweep = self.sweep(ports.input).rows(&ports.rows);
            N::affine_weights(x, dy, dw, sweep, fresh);
        } else {
            N::affine_bias(dy, dw, fresh);
        }
    }
}
