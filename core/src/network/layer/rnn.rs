//! Simple recurrent layer.

use super::matrices::{Alone, Matrices};
use super::recurrence::{Recurrence, follow, frame, own, part, raise, scales, seen, split};
use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Pass, Reads, Room, Visit};
use crate::kernel::{Kernel, Sweep};
use crate::math::Tanh;
use crate::network::{Params, Shape};
use crate::number::{Number, ViewMut, cast_mut};

/// `y[t] = tanh(Wᵀ x[t] + b + Uᵀ y[t−1] + b′)`, with `y[−1] = 0`
///
/// Input: series of `T` frames of `C` channels. Output: series of `T` frames of `H`.
/// Parameters: `input_weight [C, H]`, `state_weight [H, H]`, `input_bias [H]`, `state_bias [H]`.
/// Cost: `H (T C + (T − 1) H)` multiply-accumulates forward, twice as many backward.
/// Bytes kept for backward: none of its own; its input and output are read.
///
/// Gradients, from the last frame to the first: `da = (dy[t] + U da[t+1]) (1 − y[t]²)`,
/// `dW += x[t] daᵀ`, `dU += y[t−1] daᵀ`, `db = db′ += da`, `dx[t] = W da`: two rows of `da` are there at
/// a time, in place of all.
/// Source: Elman, Finding structure in time, 1990.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rnn {
    /// Length of the state, `H`.
    pub hidden: u16,
}

impl Rnn {
    pub(crate) const NAME: &'static str = "rnn";
    pub(crate) const ROWS: bool = false;
    /// Scales of its own: of the sums, of the output's gradient with what comes from behind, and of the sums'.
    pub(crate) const INNER: usize = 3;

    const fn recurrence(&self, input: Shape) -> Recurrence {
        Recurrence::new(input, self.hidden, 1)
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Both,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        Recurrence::output(input, self.hidden)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        self.recurrence(input).params()
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, visit: Visit) -> Room {
        if visit.any() {
            Room {
                backward: 2 * self.hidden as usize * size_of::<N::Elem>(),
                ..Room::NONE
            }
        } else {
            Room::NONE
        }
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        self.recurrence(input).macs()
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        self.forward_by(&mut Alone, ports)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        self.backward_by(&mut Alone, ports)
    }

    pub(super) fn forward_by<N: Kernel, M: Matrices<N>>(&self, m: &mut M, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input,
            p,
            x,
            mut y,
            inner,
            pass,
            ..
        } = ports;
        let size = self.recurrence(input);
        let [of_sums] = scales::<N, 1>(inner);
        let [mut sums, mut peak] = [N::Peak::default(); 2];
        for t in 0..size.frames {
            let (_, now) = part(&mut y, t, size.hidden);
            let now = own::<N>(now.data, of_sums);
            raise::<N>(&mut sums, m.affine(&p, 0, p.bias(2), x, now, size.input(t, 0)));
            let (before, now) = part(&mut y, t, size.hidden);
            let now = own::<N>(now.data, of_sums);
            raise::<N>(
                &mut sums,
                m.affine_more(&p, 1, p.bias(3), before, now, size.state(t, 0)),
            );
            let (_, now) = part(&mut y, t, size.hidden);
            raise::<N>(&mut peak, N::unary::<Tanh>(now, of_sums));
        }
        if pass != Pass::Infer {
            follow::<N, 1>(inner, 0, [sums]);
        }
        peak
    }

    pub(super) fn backward_by<N: Kernel, M: Matrices<N>>(
        &self,
        m: &mut M,
        ports: Backward<'_, N>,
    ) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            y,
            dy,
            mut dx,
            scratch,
            inner,
            ..
        } = ports;
        let size = self.recurrence(input);
        let hidden = size.hidden;
        let [_, of_output, of_sums] = scales::<N, 3>(inner);
        let [mut outputs, mut sums] = [N::Peak::default(); 2];
        let (mut now, mut behind) = split(cast_mut::<N::Elem>(scratch), hidden);
        let mut peak = N::Peak::default();
        let mut fresh = dp.fresh;
        for t in (0..size.frames).rev() {
            raise::<N>(&mut outputs, N::copy(frame(dy, t, hidden), own(now, of_output)));
            if t + 1 < size.frames {
                let behind = seen(behind, of_sums);
                raise::<N>(
                    &mut outputs,
                    m.affine_input(&p, 1, behind, own(now, of_output), size.back(0)),
                );
            }
            raise::<N>(
                &mut sums,
                N::unary_gradient::<Tanh>(frame(y, t, hidden), own(now, of_sums), of_output),
            );
            let da = seen::<N>(now, of_sums);
            let sum = (fresh, size.frames);
            m.affine_weights(&p, &mut dp, 0, (x, da), size.input(t, 0), sum);
            // Of no position at the first frame, so that what is fresh becomes zero.
            let sweep = Sweep {
                positions: t.min(1),
                length: hidden,
                ..size.state(t, 0)
            };
            m.affine_weights(&p, &mut dp, 1, (y, da), sweep, sum);
            for bias in [2, 3] {
                if let Some(db) = dp.tensor(bias) {
                    N::affine_bias(da, db, fresh);
                }
            }
            if let Some(dx) = &mut dx {
                let dx = ViewMut {
                    data: &mut *dx.data,
                    scale: dx.scale,
                };
                peak = N::higher(peak, m.affine_input(&p, 0, da, dx, size.input(t, 0)));
            }
            fresh = false;
            core::mem::swap(&mut now, &mut behind);
        }
        follow::<N, 2>(inner, 1, [outputs, sums]);
        peak
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
