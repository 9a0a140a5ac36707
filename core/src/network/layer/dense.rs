//! Fully connected layer.

use super::{Backward, Forward, Gradient, NO_SETTINGS, Reads};
use crate::kernel::{Kernel, Sweep};
use crate::network::{Params, Shape};

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
    pub(crate) const IN_PLACE: bool = false;
    pub(crate) const READS: Reads = Reads {
        input: true,
        output: false,
    };

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

    pub(crate) fn forward<N: Kernel>(&self, Forward { input, p, x, y }: Forward<'_, N>) -> N::Peak {
        N::affine(p.weight(0), p.bias(1), x, y, self.sweep(input))
    }

    pub(crate) fn gradient<N: Kernel>(&self, Gradient { input, x, dy, mut dp }: Gradient<'_, N>) {
        let fresh = dp.fresh;
        if let Some(dw) = dp.tensor(0) {
            N::affine_weights(x, dy, dw, self.sweep(input), fresh);
        }
        if let Some(db) = dp.tensor(1) {
            N::affine_bias(dy, db, fresh);
        }
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { input, p, dy, dx, .. }: Backward<'_, N>) -> N::Peak {
        N::affine_input(p.weight(0), dy, dx, self.sweep(input))
    }
}
