//! Multi-head self-attention.

mod backward;
mod forward;
mod size;

use super::matrices::Alone;
use super::{Backward, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Param, Params, Shape, Start};
use crate::number::Number;
use size::Size;

/// `y[i] = Wₒᵀ [o₁[i] … oₕ[i]] + bₒ`, `oₕ[i] = Σ_j P[i, j] v[j]`, `P[i, ·] = softmax_j(q[i] · k[j] / √D)`
///
/// with `(q, k, v)[t] = Wᵀ x[t] + b`, cut into `h` heads of `D = C / h` channels. With `causal`, frame `i`
/// sees the frames `j ≤ i` alone.
/// Input and output: series of `T` frames of `C` channels. Parameters: `in_weight [C, 3C]` (q, k, v),
/// `in_bias [3C]`, `out_weight [C, C]`, `out_bias [C]`, as in PyTorch.
/// Cost: `4 T C² + 2 S C` multiply-accumulates forward, with `S = T²` pairs of frames, or `T (T + 1) / 2`
/// if causal; `8 T C² + 4 S C` backward.
/// Bytes kept for backward: `4 T C` elements (q, k, v and o) and `h S` (P), and its input.
/// Where no backward pass comes: `2 T C` (k and v), and a row of each of the rest; q waits in the output.
///
/// Gradients: `dWₒ = Σ o[i] dy[i]ᵀ`, `do[i] = Wₒ dy[i]`, `dP[i, j] = do[i] · v[j]`, `dv[j] = Σ_i P[i, j] do[i]`,
/// `dS[i, j] = P[i, j] (dP[i, j] − do[i] · o[i]) / √D`, `dq[i] = Σ_j dS[i, j] k[j]`,
/// `dk[j] = Σ_i dS[i, j] q[i]`, `dW = Σ x[t] (dq, dk, dv)[t]ᵀ`, `dx[t] = W (dq, dk, dv)[t]`.
/// Nothing is needed beside what was kept: do lies where o was, dS where P was, dv where v was (column by
/// column), dq where do was, dk where k was.
/// Source: Vaswani et al., Attention is all you need, 2017; `Σ_j P dP = do · o`: Dao et al.,
/// FlashAttention, 2022.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// Number of heads, `h`.
    pub heads: u16,
    /// Whether a frame sees only itself and what came before.
    pub causal: bool,
}

impl Attention {
    pub(crate) const NAME: &'static str = "attention";
    pub(crate) const ROWS: bool = false;
    /// Scales of its own: of q, k and v, of their products, of o, and of the gradients of o, of P, of S, and of q,
    /// k and v. Probabilities need none.
    pub(crate) const INNER: usize = 7;

    const fn size(&self, input: Shape) -> Size {
        let heads = if self.heads == 0 { 1 } else { self.heads as usize };
        Size {
            frames: input.dim(0),
            channels: input.channels(),
            heads,
            width: input.channels() / heads,
            causal: self.causal,
        }
    }

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
        if input.rank() != 2 {
            return Err("needs a series as its input: Shape::series(channels, length)");
        }
        if self.heads == 0 || !input.channels().is_multiple_of(self.heads as usize) {
            return Err("needs a number of heads that divides the channels");
        }
        if input.channels() > u16::MAX as usize / 3 {
            return Err("needs at most 21845 channels");
        }
        Ok(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let channels = input.channels() as u16;
        let fan = channels as u32;
        // More channels than that are refused.
        let three = channels.saturating_mul(3);
        Params::NONE
            .with(Param::weight(
                "in_weight",
                Shape::new([channels, three]),
                fan,
                3 * fan,
            ))
            .with(Param::bias("in_bias", Shape::vector(three), Start::Zeros))
            .with(Param::weight(
                "out_weight",
                Shape::new([channels, channels]),
                fan,
                fan,
            ))
            .with(Param::bias("out_bias", Shape::vector(channels), Start::Zeros))
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let size = self.size(input);
        let element = size_of::<N::Elem>();
        let row = 3 * size.channels + size.frames;
        if visit.any() {
            Room {
                kept: (3 * size.plane() + size.outputs() + size.heads * size.pairs()) * element,
                forward: row * element,
                backward: (size.width + 2 * size.frames) * element,
            }
        } else {
            Room {
                forward: (row + 2 * size.plane()) * element,
                ..Room::NONE
            }
        }
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        let size = self.size(input);
        size.channels * (4 * size.plane() + 2 * size.pairs())
    }

    pub(crate) const fn settings(&self) -> u64 {
        (self.heads as u64) << 1 | self.causal as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        self.forward_by(&mut Alone, ports)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        self.backward_by(&mut Alone, ports)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
