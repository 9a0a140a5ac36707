//! A vector for each token.

use super::{Backward, For, Forward, Gradient, InPlace, Params, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Param, Shape};
use crate::number::Number;

/// `y[t, c] = w[x[t], c]`
///
/// Input: vector of `T` token numbers, each a whole number in `0..V` held in an element. Output: series
/// of `T` frames of `C` channels. Parameters: `weight [V, C]`. Cost: no multiply-accumulate, forward or
/// backward. Bytes kept for backward: none of its own; its input is read for the gradient.
/// Gradient: `dw[x[t], c] += dy[t, c]`; a token number has none.
///
/// What is not a whole number in `0..V` has no vector: its frame is NaN, so the loss is not finite and
/// the sample is refused.
/// Source: Bengio et al., A neural probabilistic language model, 2003.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedding {
    /// Number of tokens, `V`.
    pub vocabulary: u16,
    /// Length of a token's vector, `C`.
    pub width: u16,
}

impl Embedding {
    pub(crate) const NAME: &'static str = "embedding";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if input.rank() != 1 {
            return Err("needs a vector of token numbers as its input");
        }
        if self.vocabulary == 0 || self.width == 0 {
            return Err("needs a vocabulary and a width of at least 1");
        }
        Ok(Shape::series(self.width, input.len() as u16))
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        let shape = Shape::new([self.vocabulary, self.width]);
        // A sum of one input: the token, which is there or not.
        Params::NONE.with(Param::weight("weight", shape, 1, self.width as u32))
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.vocabulary as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { p, x, y, .. }: Forward<'_, N>) -> N::Peak {
        N::look_up(p.weight(0), x, y)
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { mut dp, x, dy, .. }: Backward<'_, N>) -> N::Peak {
        let fresh = dp.fresh;
        if let Some(dw) = dp.tensor(0) {
            if fresh {
                dw.data.fill(Default::default());
            }
            N::look_up_gradient(x, dy, dw);
        }
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
