//! Low-rank adapter over a frozen layer.

use super::base::Base;
use super::recurrence::{follow, scales};
use super::windowed::{sweep, sweep_input, sweep_weights};
use super::{Backward, For, Forward, Gradient, InPlace, Pass, Reads, Room, Visit};
use crate::kernel::{Kernel, Sweep};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, View, ViewMut, cast, cast_mut};

/// `y = b + W x + Uᵀ h`, `h = Dᵀ x`, where `W` and `b` of the base stay frozen, in flash
///
/// The base is a dense layer, a convolution or (`TRANSPOSED`) a transposed one; `D` moves over the input as `W` does. Input and output: those
/// of the base. Parameters: those of the base, then `down [K, r]` (drawn) and `up [r, O]` (zero, so that
/// training starts from what the base computes), for `K` terms of a sum and `O` outputs of the base.
/// Cost: `r (K + O)` multiply-accumulates per position beside those of the base. Keeps its input and `h`
/// for the backward pass. Gradients: `dU = h dyᵀ`, `dh = U dy`, `dD = x dhᵀ`, `dx = W dy + D dh`.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `W + D U`, for a model without the adapter.
/// Source: Hu et al., LoRA: low-rank adaptation of large language models, 2021 (scale 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowRank<const TRANSPOSED: bool = false> {
    /// The frozen layer.
    pub base: Base,
    /// Rank of the adapter, `r`.
    pub rank: u16,
}

impl<const TRANSPOSED: bool> LowRank<TRANSPOSED> {
    pub(crate) const NAME: &'static str = if TRANSPOSED {
        "low_rank_transposed"
    } else {
        "low_rank"
    };
    pub(crate) const ROWS: bool = false;
    /// Scales of its own: of `h`, and of `dh` as a [product](Kernel::product) of `U` and `dy`.
    pub(crate) const INNER: usize = 2;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Nothing,
        }
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let h = self.base.positions(input) * self.rank as usize * size_of::<N::Elem>();
        Room {
            kept: if visit.trains { h } else { 0 },
            forward: if visit.trains { 0 } else { h },
            backward: if visit.any() { h } else { 0 },
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.rank == 0 {
            return Err("needs a rank of at least 1");
        }
        self.base.output(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let (terms, outputs) = (self.base.terms(input), self.base.outputs());
        let down = Shape::new([terms as u16, self.rank]);
        let up = Param {
            start: Start::Zeros,
            ..Param::weight(
                "up",
                Shape::new([self.rank, outputs as u16]),
                self.rank as u32,
                outputs as u32,
            )
        };
        self.base
            .params(input)
            .with(Param::weight(
                "down",
                down,
                self.base.fan_in(input),
                self.rank as u32,
            ))
            .with(up)
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        let adapter = self.rank as usize * (self.base.terms(input) + self.base.outputs());
        self.base.macs(input) + self.base.positions(input) * adapter
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.base.settings() ^ (self.rank as u64) << 40
    }

    /// `U` at each position.
    fn up(&self, input: Shape) -> Sweep {
        Sweep {
            positions: self.base.positions(input),
            start: 0,
            step: self.rank.into(),
            length: self.rank.into(),
            first: 0,
            target: 0,
            outputs: self.base.outputs(),
        }
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input,
            p,
            x,
            mut y,
            kept,
            scratch,
            inner,
            pass,
            visit,
            ..
        } = ports;
        let window = self.base.window(input);
        let [scale] = scales::<N, 1>(inner);
        let data = cast_mut::<N::Elem>(if visit.trains { kept } else { scratch });
        N::clear(data);
        let mut h = ViewMut { data, scale };
        let frozen = sweep::<false, N>(p.weight(0), p.bias(1), x, &mut y, |f| {
            Base::sweeps::<TRANSPOSED>(window, self.base.outputs(), f)
        });
        let of_h = sweep::<false, N>(p.weight(2), &[], x, &mut h, |f| {
            Base::sweeps::<TRANSPOSED>(window, self.rank.into(), f)
        });
        if pass != Pass::Infer {
            follow::<N, 1>(inner, 0, [of_h]);
        }
        let h = View {
            data: &*h.data,
            scale,
        };
        N::higher(frozen, N::affine(p.weight(3), &[], h, y, self.up(input)))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            dy,
            dx,
            kept,
            scratch,
            inner,
            ..
        } = ports;
        let window = self.base.window(input);
        let [of_h, of_dh] = scales::<N, 2>(inner);
        let scale = N::product(of_dh, p.weight(3), dy.scale);
        let h = View {
            data: cast::<N::Elem>(kept),
            scale: of_h,
        };
        let dh = cast_mut::<N::Elem>(scratch);
        N::clear(dh);
        let whole = ViewMut {
            data: &mut *dh,
            scale,
        };
        let peak = N::affine_input(p.weight(3), dy, whole, self.up(input));
        follow::<N, 1>(inner, 1, [peak]);
        let dh = View { data: &*dh, scale };
        let fresh = dp.fresh;
        if let Some(dw) = dp.tensor(2) {
            sweep_weights(x, dh, dw, fresh, |f| {
                Base::weights::<TRANSPOSED>(window, self.rank.into(), &(0..self.base.terms(input)), f)
            });
        }
        if let Some(dw) = dp.tensor(3) {
            N::affine_weights(h, dy, dw, self.up(input), fresh);
        }
        let Some(mut dx) = dx else {
            return N::Peak::default();
        };
        let frozen = sweep_input(p.weight(0), dy, &mut dx, |f| {
            Base::sweeps::<TRANSPOSED>(window, self.base.outputs(), f)
        });
        let adapter = sweep_input(p.weight(2), dh, &mut dx, |f| {
            Base::sweeps::<TRANSPOSED>(window, self.rank.into(), f)
        });
        N::higher(frozen, adapter)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
