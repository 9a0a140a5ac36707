//! Low-rank adapter over a frozen table of tokens.

use super::matrices::again;
use super::recurrence::{follow, own, raise, row, scales, seen, split};
use super::{Backward, Embedding, For, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Sweep};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, View, cast_mut};

/// `y[t] = w[x[t]] + Uᵀ D[x[t]]`, where the table `w` of the base stays frozen, in flash
///
/// A vector of length `r` for each token, and a matrix that all tokens share: far less to learn than a table.
/// Input and output: those of the base. Parameters: that of the base, then `down [V, r]` (drawn) and `up [r, C]`
/// (zero). Cost: `T r C` multiply-accumulates. Keeps its input for the backward pass; the short vectors are looked up again.
/// Gradients: `dU = Σ_t D[x[t]] dy[t]ᵀ`, `dD[x[t]] += U dy[t]`; a token number has none.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `w + D U`.
/// Source: Hu et al., LoRA: low-rank adaptation of large language models, 2021 (scale 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowRankEmbedding {
    /// The frozen table.
    pub base: Embedding,
    /// Rank of the adapter, `r`.
    pub rank: u16,
}

impl LowRankEmbedding {
    pub(crate) const NAME: &'static str = "low_rank_embedding";
    pub(crate) const ROWS: bool = false;
    /// A scale of its own: of `dh`, as a [product](Kernel::product) of `U` and `dy`. `h` has that of `D`.
    pub(crate) const INNER: usize = 1;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, visit: Visit) -> Room {
        let h = self.rank as usize * size_of::<N::Elem>();
        Room {
            kept: 0,
            forward: h,
            backward: if visit.trains { 2 * h } else { 0 },
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.rank == 0 {
            return Err("needs a rank of at least 1");
        }
        self.base.output(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let Embedding { vocabulary, width } = self.base;
        let rank = self.rank as u32;
        let up = Shape::new([self.rank, width]);
        self.base
            .params(input)
            .with(Param::weight(
                "down",
                Shape::new([vocabulary, self.rank]),
                1,
                rank,
            ))
            .with(Param {
                start: Start::Zeros,
                ..Param::weight("up", up, rank, width as u32)
            })
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        input.len() * self.rank as usize * self.base.width as usize
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.base.settings() ^ (self.rank as u64) << 40
    }

    /// `U` at token `t`.
    fn up(&self, t: usize) -> Sweep {
        Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: self.rank.into(),
            first: 0,
            target: t,
            outputs: self.base.width.into(),
        }
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            p, x, mut y, scratch, ..
        } = ports;
        let (h, _) = split(cast_mut::<N::Elem>(scratch), self.rank.into());
        let mut peak = N::look_up(p.weight(0), x, again(&mut y));
        for t in 0..x.data.len() {
            let down = p.weight(1);
            N::look_up(down, token(x, t), own(h, down.scale));
            let h = seen(h, down.scale);
            let here = N::affine(p.weight(2), &[], h, again(&mut y), self.up(t));
            peak = N::higher(peak, here);
        }
        peak
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            p,
            mut dp,
            x,
            dy,
            scratch,
            inner,
            ..
        } = ports;
        let (down, up) = (p.weight(1), p.weight(2));
        let [of_dh] = scales::<N, 1>(inner);
        let scale = N::product(of_dh, up, dy.scale);
        let mut peak = N::Peak::default();
        let (h, dh) = split(cast_mut::<N::Elem>(scratch), self.rank.into());
        let (dh, _) = split(dh, self.rank.into());
        let fresh = dp.fresh;
        if let Some(dw) = dp.tensor(1).filter(|_| fresh) {
            dw.data.fill(Default::default());
        }
        for t in 0..x.data.len() {
            N::look_up(down, token(x, t), own(h, down.scale));
            if let Some(dw) = dp.tensor(2) {
                N::affine_weights(seen(h, down.scale), dy, dw, self.up(t), fresh && t == 0);
            }
            N::clear(dh);
            raise::<N>(&mut peak, N::affine_input(up, dy, own(dh, scale), self.up(t)));
            if let Some(dw) = dp.tensor(1) {
                N::look_up_gradient(token(x, t), seen(dh, scale), dw);
            }
        }
        follow::<N, 1>(inner, 0, [peak]);
        N::Peak::default()
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

/// One of the tokens.
fn token<N: Kernel>(x: View<'_, N>, t: usize) -> View<'_, N> {
    View {
        data: row(x.data, t, 1),
        scale: x.scale,
    }
}
